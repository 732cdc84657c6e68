package sched_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A source makes bodies, and counts what is done with them.
type source struct{ opened, closed int }

// A reading is one of them.
type reading struct {
	io.Reader
	of *source
}

// upload returns an Upload of what each call of open gives.
func (s *source) upload(length int64, open func() io.Reader) *sched.Upload {
	return &sched.Upload{
		Open: func() (io.ReadCloser, error) {
			s.opened++
			return &reading{open(), s}, nil
		},
		Length: length,
	}
}

func (s *source) of(length int64, body []byte) *sched.Upload {
	return s.upload(length, func() io.Reader { return bytes.NewReader(body) })
}

func (r *reading) Close() error {
	r.of.closed++
	return nil
}

// put returns a PUT of u.
func put(url string, u *sched.Upload) *sched.Request {
	r := sched.Get(url)
	r.Method, r.Upload = "PUT", u
	return r
}

// sendBack answers with the body that came.
func sendBack(x *sim.Exchange) { x.Reply(200, nil, x.Body) }

// wantClosed lets the world go on for a second, in which what was left of a body
// is closed, and sees that every one was.
func (v *life) wantClosed(s *source) {
	v.t.Helper()
	v.l.CallLater(time.Second, v.l.Stop)
	if err := v.l.Run(); err != nil {
		v.t.Fatal(err)
	}
	if s.opened != s.closed {
		v.t.Errorf("the body was opened %d times, and closed %d times", s.opened, s.closed)
	}
}

func TestUpload(t *testing.T) {
	for _, size := range []int{0, 1, 5, 4096, 32<<10 - 1, 32 << 10, 32<<10 + 1, 64 << 10, 300_000} {
		for _, chunked := range []bool{false, true} {
			for name, read := range map[string]func(io.Reader) io.Reader{
				"at once":     func(r io.Reader) io.Reader { return r },
				"EOF at once": iotest.DataErrReader,
				"in halves":   iotest.HalfReader,
			} {
				t.Run(fmt.Sprintf("%d bytes, chunked %v, %s", size, chunked, name), func(t *testing.T) {
					v := newLife(t, sim.Options{}, sched.Options{})
					want := noise(size)
					v.http(func(x *sim.Exchange) {
						length := int64(size)
						if chunked {
							length = -1
						}
						if x.Request.ContentLength != length {
							t.Errorf("the head says %d; want %d", x.Request.ContentLength, length)
						}
						sendBack(x)
					})
					s := &source{}
					u := s.upload(int64(size), func() io.Reader { return read(bytes.NewReader(want)) })
					if chunked {
						u.Length = httpwire.Chunked
					}
					req := put("http://a.example/", u)
					var sent []int64
					req.OnSent = func(n int64) { sent = append(sent, n) }
					o := v.do(req)
					v.untilQuiet()
					again := v.do(req)
					v.untilQuiet()
					v.wantBody(o, string(want))
					v.wantBody(again, string(want))
					if !again.info.Reused {
						t.Error("the connection was not kept")
					}
					if s.opened != 2 {
						t.Errorf("opened %d times; want once for each request", s.opened)
					}
					if size > 0 && (len(sent) < 2 || sent[len(sent)-1] != int64(size)) {
						t.Errorf("OnSent heard %v; want %d at the end", sent, size)
					}
					v.wantClosed(s)
					v.close()
				})
			}
		}
	}
}

// A small body goes out with its head, in one write.
func TestSmallUploadIsOneWrite(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	var pieces []string
	v.w.Listen(addr, func(p *sim.Peer) {
		p.OnData = func(b []byte) {
			pieces = append(pieces, string(b))
			p.Write([]byte(ok("")))
		}
	})
	o := v.do(put("http://a.example/", new(source).of(5, []byte("hello"))))
	v.run()
	v.wantBody(o, "")
	want := "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello"
	if len(pieces) != 1 || pieces[0] != want {
		t.Errorf("got %q; want one write, %q", pieces, want)
	}
}

// A head does not wait long for the first piece of its body.
func TestHeadGoesAlone(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.WorkTakes(time.Minute)
	var at []time.Duration
	v.w.Listen(addr, func(p *sim.Peer) {
		p.OnData = func([]byte) {
			if at = append(at, v.w.Now()); len(at) == 2 {
				p.Write([]byte(ok("")))
			}
		}
	})
	o := v.do(put("http://a.example/", new(source).of(5, []byte("hello"))))
	v.run()
	v.wantBody(o, "")
	if len(at) != 2 || at[0] > 100*time.Millisecond || at[1] < time.Minute {
		t.Errorf("the server got something at %v; want the head at once, and the body after a minute", at)
	}
}

func TestUploadTrailer(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(func(x *sim.Exchange) { x.Reply(200, nil, []byte(x.Request.Trailer.Get("Sum"))) })
	read := 0
	u := new(source).upload(httpwire.Chunked, func() io.Reader {
		return io.TeeReader(strings.NewReader("hello"), writerFunc(func(b []byte) { read += len(b) }))
	})
	u.Trailer = func() httpwire.Header {
		return httpwire.Header{{Name: "Sum", Value: fmt.Sprint(read)}}
	}
	o := v.do(put("http://a.example/", u))
	v.run()
	v.wantBody(o, "5")
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) { f(b); return len(b), nil }

// A server that takes nothing is waited for as long as Stall says; a body that
// has nothing to give may take what time it likes.
func TestWhoStalls(t *testing.T) {
	t.Run("the server", func(t *testing.T) {
		v := newLife(t, sim.Options{Window: 8 << 10}, sched.Options{Timeouts: sched.Timeouts{Stall: time.Second}})
		v.w.Listen(addr, func(p *sim.Peer) { p.Pause(true) })
		s := &source{}
		o := v.do(put("http://a.example/", s.of(1<<20, make([]byte, 1<<20))))
		v.untilQuiet()
		v.wantKind(o, sched.StallTimeout, sched.PhaseWrite)
		if got := v.w.Stats().Sent; got > 8<<10 {
			t.Errorf("%d bytes were sent; want what the window takes", got)
		}
		v.wantClosed(s)
		v.close()
	})
	t.Run("the body", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{Stall: time.Second}})
		v.http(sendBack)
		v.w.WorkTakes(time.Hour)
		s := &source{}
		o := v.do(put("http://a.example/", s.of(100_000, make([]byte, 100_000))))
		v.untilQuiet()
		v.wantBody(o, string(make([]byte, 100_000)))
		if v.w.Now() < 4*time.Hour {
			t.Errorf("it took %v; want an hour for each of 4 reads", v.w.Now())
		}
		v.w.WorkTakes(0)
		v.wantClosed(s)
		v.close()
	})
	t.Run("the body, and then the server for a moment", func(t *testing.T) {
		const head = "PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n"
		v := newLife(t, sim.Options{Window: len(head) + 5}, sched.Options{Timeouts: sched.Timeouts{Stall: time.Second}})
		var peer *sim.Peer
		got := 0
		v.w.Listen(addr, func(p *sim.Peer) {
			peer = p
			p.Pause(true)
			p.OnData = func(b []byte) {
				if got += len(b); got == len(head)+10 {
					p.Write([]byte(ok("thanks")))
				}
			}
		})
		v.w.WorkTakes(time.Hour)
		s := &source{}
		o := v.do(put("http://a.example/", s.upload(10, func() io.Reader {
			return iotest.HalfReader(io.MultiReader(strings.NewReader("hello"), strings.NewReader("world")))
		})))
		// After two hours there are ten bytes for a window with room for five.
		v.at(2*time.Hour+500*time.Millisecond, func() { peer.Pause(false) })
		v.untilQuiet()
		v.wantBody(o, "thanks")
		v.w.WorkTakes(0)
		v.runFor(4 * time.Hour)
		v.wantClosed(s)
		v.close()
	})
	t.Run("the body, for longer than there is", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{Total: 90 * time.Minute}})
		v.http(sendBack)
		v.w.WorkTakes(time.Hour)
		s := &source{}
		o := v.do(put("http://a.example/", s.of(100_000, make([]byte, 100_000))))
		v.untilQuiet()
		v.w.WorkTakes(0)
		v.wantKind(o, sched.TotalTimeout, sched.PhaseWrite)
		v.l.CallLater(2*time.Hour, v.l.Stop)
		if err := v.l.Run(); err != nil {
			t.Fatal(err)
		}
		v.wantClosed(s)
		v.close()
	})
}

// An answer that comes before the body is sent is delivered, and ends it.
func TestEarlyAnswer(t *testing.T) {
	v := newLife(t, sim.Options{Window: 4 << 10}, sched.Options{})
	v.w.Listen(addr, func(p *sim.Peer) {
		got := 0
		p.OnData = func(b []byte) {
			if got += len(b); got > 20_000 && got-len(b) <= 20_000 {
				p.Write([]byte("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!"))
			}
		}
	})
	s := &source{}
	o := v.do(put("http://a.example/", s.of(1<<20, make([]byte, 1<<20))))
	v.untilQuiet()
	if o.status != 413 || o.body != "no!" || o.info.Timing.FirstByte != 0 {
		t.Errorf("got %v, %+v; want the 413", o, o.info.Timing)
	}
	if got := v.s.Stats(); got.Open != 0 {
		t.Errorf("%d connections are open; want none", got.Open)
	}
	v.wantClosed(s)
	v.close()
}

// A redirect that keeps the method has the body read again, unless it can be
// read only once.
func TestUploadRedirect(t *testing.T) {
	for _, c := range []struct {
		status int
		once   bool
		want   string
		kind   sched.Kind
	}{{307, false, "hello", ""}, {308, false, "hello", ""}, {303, false, "", ""}, {307, true, "", sched.Redirect}, {303, true, "", ""}} {
		t.Run(fmt.Sprint(c.status, " once ", c.once), func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(func(x *sim.Exchange) {
				if x.Request.URL.Path == "/" {
					x.Reply(c.status, http.Header{"Location": {"/there"}}, nil)
					return
				}
				sendBack(x)
			})
			s := &source{}
			u := s.of(5, []byte("hello"))
			u.Once = c.once
			req := put("http://a.example/", u)
			req.MaxRedirects = 3
			o := v.do(req)
			v.untilQuiet()
			if c.kind != "" {
				v.wantKind(o, c.kind, sched.PhaseBody)
			} else {
				v.wantBody(o, c.want)
			}
			v.wantClosed(s)
			v.close()
		})
	}
}
