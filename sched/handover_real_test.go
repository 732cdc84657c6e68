package sched_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// echoServer is a server of Go's that switches to a protocol of its own, which
// sends everything back and ends when the other side does. A CONNECT it answers
// with a connection to where it leads.
var echoServer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	c, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	if r.Method != "CONNECT" {
		io.WriteString(c, switching)
		io.Copy(c, both)
		endWriting(c)
		return
	}
	far, err := net.Dial("tcp", r.RequestURI)
	if err != nil {
		io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer far.Close()
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	// The wrapping keeps io.Copy from splice(2), which makes this take seconds.
	done := make(chan struct{})
	go func() {
		io.Copy(struct{ io.Writer }{far}, both)
		endWriting(far)
		close(done)
	}()
	io.Copy(struct{ io.Writer }{c}, far)
	endWriting(c)
	<-done
})

// endWriting is a FIN, or a close_notify.
func endWriting(c net.Conn) { c.(interface{ CloseWrite() error }).CloseWrite() }

// Megabytes go round, as fast as both sides like: plain, over TLS, through a
// CONNECT, and through a CONNECT of a server that itself is reached over TLS.
func TestEchoOverSockets(t *testing.T) {
	plain, secure := server(t, echoServer, false), server(t, echoServer, true)
	config := secure.Client().Transport.(*http.Transport).TLSClientConfig
	connect := func(proxy string, to *http.Request) *sched.Request {
		r := sched.Get(proxy)
		r.Method, r.Target = "CONNECT", to.URL.Host
		return r
	}
	target, err := http.NewRequest("GET", plain.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	proxied := upgrade(secure.URL)
	proxied.Proxy = sched.Get(plain.URL).URL
	for _, c := range []struct {
		name string
		req  *sched.Request
		asks bool // the echo has still to be asked for
	}{
		{"plain", upgrade(plain.URL), false},
		{"TLS", upgrade(secure.URL), false},
		{"CONNECT", connect(plain.URL, target), true},
		{"CONNECT over TLS", connect(secure.URL, target), true},
		{"TLS through a proxy", proxied, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := openFiles()
			body := noise(12_000_000)
			want := body
			if c.asks {
				ask := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
				body, want = append([]byte(ask), body...), append([]byte(switching), body...)
			}
			e := &echoClient{t: t, left: body}
			e.run(sched.Options{TLS: config}, c.req)
			if !bytes.Equal(e.got.Bytes(), want) {
				t.Errorf("%d bytes came back, and not the %d that were sent", e.got.Len(), len(want))
			}
			if len(e.causes) != 1 || e.causes[0] != nil {
				t.Errorf("OnEnd was told %v; want once, nil", e.causes)
			}
			t.Logf("%d times a Write found no room", e.refused)
			for end := time.Now().Add(patience); openFiles() > files && time.Now().Before(end); {
				time.Sleep(time.Millisecond) // the servers close in their own time
			}
			if got := openFiles(); got > files {
				t.Errorf("%d descriptors are open; want the %d of before", got, files)
			}
		})
	}
}

// An echoClient writes as much as it may, and pauses now and then.
type echoClient struct {
	t       *testing.T
	conn    *sched.Conn
	left    []byte
	got     bytes.Buffer
	pieces  int
	refused int
	causes  []error
}

func (e *echoClient) run(o sched.Options, req *sched.Request) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		e.t.Fatal(err)
	}
	defer l.Close()
	s := sched.New(l, o)
	defer s.Close()
	guard := l.CallLater(patience, l.Stop)
	defer guard.Stop()
	s.Add(req, func(resp *sched.Response, err error) sched.Next {
		if err != nil || resp.Conn == nil {
			e.t.Errorf("got %v, %v; want a connection", resp, err)
			l.Stop()
			return sched.Next{}
		}
		e.conn = resp.Conn
		e.conn.Take(sched.ConnHandler{
			MaxBuffered: 100_000,
			OnDrain:     e.write,
			OnData: func(b []byte) {
				e.got.Write(b)
				if e.pieces++; e.pieces%16 == 0 {
					e.conn.Pause()
					l.CallLater(time.Millisecond, e.conn.Resume)
				}
			},
			OnEnd: func(cause error) {
				e.causes = append(e.causes, cause)
				l.Stop()
			},
		})
		e.write()
		return sched.Next{}
	})
	if err := l.Run(); err != nil {
		e.t.Fatal(err)
	}
	if got := s.Stats(); got.Open != 0 {
		e.t.Errorf("%d connections are open, though both sides have ended it", got.Open)
	}
}

func (e *echoClient) write() {
	for len(e.left) > 0 {
		n, err := e.conn.Write(e.left[:min(len(e.left), 30_000)])
		if err != nil {
			if _, full := err.(*sched.BufferFullError); !full {
				e.t.Error(err)
			}
			e.refused++
			return
		}
		e.left = e.left[n:]
	}
	if err := e.conn.CloseWrite(); err != nil {
		e.t.Error(err)
	}
}
