package sched_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// Over TLS an upload is held up in the same way: no more than a record is
// encrypted before the socket has taken the one before.
func TestUploadOverTLS(t *testing.T) {
	for _, length := range []int64{300_000, httpwire.Chunked} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			v := newLife(t, sim.Options{Window: 5000}, trusting(sched.Options{}))
			body := noise(300_000)
			v.https(&tls.Config{MaxVersion: version}, func(p *tlsPeer) {
				for {
					r, got, err := p.request()
					if err != nil {
						p.Close()
						return
					}
					if r.ContentLength != length || !bytes.Equal(got, body) {
						t.Errorf("length %d: %d bytes came, and not those that were sent", r.ContentLength, len(got))
					}
					io.WriteString(p, ok("thanks"))
				}
			})
			s := &source{}
			o := v.do(put("https://a.example/", s.of(length, body)))
			v.untilQuiet()
			again := v.do(put("https://a.example/", s.of(length, body)))
			v.untilQuiet()
			v.wantBody(o, "thanks")
			v.wantBody(again, "thanks")
			if !again.info.Reused {
				t.Error("the connection was not kept")
			}
			v.wantClosed(s)
			v.close()
		}
	}
}

// A server that never reads: a body that may be long is held like a short one.
func TestDeafServerStopsTheBody(t *testing.T) {
	const window = 5000
	v := newLife(t, sim.Options{Window: window}, sched.Options{Timeouts: sched.Timeouts{Stall: never}})
	v.w.Listen(addr, func(p *sim.Peer) { p.Pause(true) })
	read := 0
	s := &source{}
	u := s.upload(1<<30, func() io.Reader {
		return io.TeeReader(zeros{}, writerFunc(func(b []byte) { read += len(b) }))
	})
	chain := v.s.Add(put("http://a.example/", u), func(*sched.Response, error) sched.Next { return sched.Next{} })
	v.runFor(time.Hour)
	if read == 0 || read > 64<<10+window {
		t.Errorf("%d bytes were read; want at most two pieces of 32 KiB and what the window took", read)
	}
	chain.Cancel()
	v.wantClosed(s)
	v.close()
}

// A server that does not read stops the reading of the body.
func TestPausedServerStopsTheBody(t *testing.T) {
	for _, secure := range []bool{false, true} {
		v := newLife(t, sim.Options{Window: 5000}, trusting(sched.Options{Timeouts: sched.Timeouts{Stall: never}}))
		var peer *sim.Peer
		got := 0
		url := "http://a.example/"
		if secure {
			url = "https://a.example/"
			v.https(nil, func(p *tlsPeer) {
				peer = p.peer
				b := make([]byte, 1000)
				for {
					n, err := p.Read(b)
					if got += n; err != nil {
						p.Close()
						return
					}
				}
			})
		} else {
			v.w.Listen(addr, func(p *sim.Peer) {
				peer = p
				p.OnData = func(b []byte) { got += len(b) }
			})
		}
		read := 0
		s := &source{}
		u := s.upload(1<<30, func() io.Reader {
			return io.TeeReader(zeros{}, writerFunc(func(b []byte) { read += len(b) }))
		})
		chain := v.s.Add(put(url, u), func(*sched.Response, error) sched.Next { return sched.Next{} })
		v.runFor(time.Second)
		peer.Pause(true)
		v.runFor(time.Second)
		before := read
		v.runFor(time.Hour)
		if read != before || read-got > 512<<10+5000+32<<10 {
			t.Errorf("TLS %v: %d bytes were read while the server read none, and %d more than it got", secure, read-before, read-got)
		}
		peer.Pause(false)
		v.runFor(time.Second)
		if read < before+100_000 {
			t.Errorf("TLS %v: only %d bytes were read when it read on", secure, read-before)
		}
		chain.Cancel()
		v.wantClosed(s)
		v.close()
	}
}

const never = time.Duration(-1)

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Over TLS an end is one only if it was said.
func TestConnEndsOverTLS(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*tlsPeer)
		want string
	}{
		{"close_notify", func(p *tlsPeer) { p.Close() }, ""},
		{"FIN", func(p *tlsPeer) { p.peer.Close() }, "connection to 10.0.0.1:443: read: the TLS connection was cut: there may have been more"},
		{"RST", func(p *tlsPeer) { p.peer.Reset() }, "connection to 10.0.0.1:443: read: connection reset by peer"},
		{"nonsense", func(p *tlsPeer) { p.peer.Write([]byte("nonsense")) }, "connection to 10.0.0.1:443: read: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, trusting(sched.Options{}))
			v.https(nil, func(p *tlsPeer) {
				if _, _, err := p.request(); err != nil {
					return
				}
				io.WriteString(p, switching+"last ")
				p.sleep(time.Second)
				io.WriteString(p, "words")
				p.sleep(ms(10))
				c.end(p)
			})
			k := v.take(upgrade("https://a.example/"), nil)
			v.runFor(time.Minute)
			if got := k.data.String(); got != "last words" {
				t.Errorf("got %q; want %q", got, "last words")
			}
			if len(k.causes) != 1 || (k.causes[0] == nil) != (c.want == "") {
				t.Fatalf("OnEnd was told %v; want once, %q", k.causes, c.want)
			}
			if err := k.causes[0]; err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("OnEnd was told %q; want %q", err, c.want)
			}
			k.Close()
			v.close()
		})
	}
}

// A close_notify ends one half, and the server still speaks. What waits in front
// of it is sent first, through however narrow a window.
func TestConnCloseWriteOverTLS(t *testing.T) {
	v := newLife(t, sim.Options{Window: 30}, trusting(sched.Options{}))
	got := 0
	v.https(nil, func(p *tlsPeer) {
		if _, _, err := p.request(); err != nil {
			return
		}
		io.WriteString(p, switching)
		n, err := io.Copy(io.Discard, p.lines)
		if err != nil {
			t.Errorf("the server read %v; want a close_notify", err)
		}
		got = int(n)
		io.WriteString(p, "goodbye")
		p.Close()
	})
	k := v.take(upgrade("https://a.example/"), nil)
	v.runFor(time.Minute)
	for range 4 {
		if _, err := k.Write(make([]byte, 5000)); err != nil {
			t.Fatal(err)
		}
	}
	k.CloseWrite()
	v.runFor(time.Minute)
	if got != 20_000 || k.data.String() != "goodbye" {
		t.Errorf("%d bytes came, and %q back; want 20000, and a goodbye", got, k.data.String())
	}
	k.wantEnd(nil)
	if fmt.Sprint(k.calls) != "[drain end]" {
		t.Errorf("told %v; want one drain, and the end", k.calls)
	}
	if got := v.s.Stats().Open; got != 0 {
		t.Error("the connection is open, though both sides have ended it")
	}
	v.close()
}
