package sched_test

import (
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// FuzzServer lets a server answer with any bytes, cut in any pieces, and end
// the connection in any way. Each readback is called once, and nothing is left.
func FuzzServer(f *testing.F) {
	for _, wire := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!",
		"HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nuntil close", "HTTP/1.1 101 \r\n\r\n", "\r\n", "",
	} {
		for end := range byte(4) {
			f.Add([]byte(wire), []byte{end, 1, 7, 200})
		}
	}
	f.Fuzz(func(t *testing.T, wire, splits []byte) {
		if len(wire) > 100_000 || len(splits) > 1000 {
			t.Skip("longer than teaches anything")
		}
		v := newLife(t, sim.Options{}, sched.Options{MaxBody: 50_000, Timeouts: sched.Timeouts{FirstByte: time.Second, Stall: time.Second}})
		end := byte(0)
		if len(splits) > 0 {
			end, splits = splits[0], splits[1:]
		}
		v.http(func(x *sim.Exchange) {
			rest, at := wire, time.Duration(0)
			for _, n := range splits {
				piece := rest[:min(int(n), len(rest))]
				rest = rest[len(piece):]
				v.w.After(at, func() { x.Peer.Write(piece) })
				at += ms(5)
			}
			v.w.After(at, func() {
				x.Peer.Write(rest)
				switch end % 4 {
				case 1:
					x.Peer.Close()
				case 2:
					x.Peer.Reset()
				}
			})
		})
		calls := 0
		var read sched.Readback
		read = func(resp *sched.Response, err error) sched.Next {
			if calls++; (resp == nil) == (err == nil) {
				t.Errorf("got %v and %v; want exactly one", resp, err)
			}
			if calls == 3 {
				return sched.Next{}
			}
			method := []string{"GET", "HEAD", "POST"}[calls]
			return sched.Next{Request: &sched.Request{Method: method, URL: sched.Get("http://a.example/").URL}, Readback: read}
		}
		v.s.Add(sched.Get("http://a.example/"), read)
		v.run()
		if calls != 3 {
			t.Errorf("the readbacks were called %d times; want 3", calls)
		}
	})
}
