package sched_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// phases are the ways to have a chain stand in each of its phases at one
// second.
var phases = []struct {
	name  string
	phase sched.Phase // as an error tells it
	o     sched.Options
	start func(v *life, rb sched.Readback) sched.Chain
}{
	{"delayed", sched.PhaseQueue, sched.Options{}, func(v *life, rb sched.Readback) sched.Chain {
		return v.s.AddAfter(time.Hour, sched.Get("http://b.example/"), rb)
	}},
	{"resolving", sched.PhaseResolve, sched.Options{}, func(v *life, rb sched.Readback) sched.Chain {
		v.w.Name("b.example", sim.NameAnswer{Never: true})
		return v.s.Add(sched.Get("http://b.example/"), rb)
	}},
	{"queued", sched.PhaseQueue, sched.Options{MaxConns: 1}, func(v *life, rb sched.Readback) sched.Chain {
		v.w.Host("b.example", addr.Addr())
		return v.s.Add(sched.Get("http://b.example/"), rb)
	}},
	{"connecting", sched.PhaseConnect, sched.Options{}, func(v *life, rb sched.Readback) sched.Chain {
		v.other(nil).Silent(true)
		return v.s.Add(sched.Get("http://b.example/"), rb)
	}},
	{"writing", sched.PhaseWrite, sched.Options{}, func(v *life, rb sched.Readback) sched.Chain {
		v.other(func(p *sim.Peer) { p.Pause(true) })
		return v.s.Add(post("http://b.example/", strings.Repeat("x", 1<<20)), rb)
	}},
	{"awaiting", sched.PhaseFirstByte, sched.Options{}, func(v *life, rb sched.Readback) sched.Chain {
		v.other(sim.HTTP(silence))
		return v.s.Add(sched.Get("http://b.example/"), rb)
	}},
	{"reading", sched.PhaseBody, sched.Options{}, func(v *life, rb sched.Readback) sched.Chain {
		v.other(sim.HTTP(func(x *sim.Exchange) { x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")) }))
		return v.s.Add(sched.Get("http://b.example/"), rb)
	}},
}

// other listens for the host b.example.
func (v *life) other(accept func(*sim.Peer)) *sim.Listener {
	at := addrOf("10.0.0.2:80")
	v.w.Host("b.example", at.Addr())
	return v.w.Listen(at, accept)
}

// A chain that is called off, in whatever phase, hears of it once, lets go of
// everything, and goes on no further. Nobody else notices.
func TestCancel(t *testing.T) {
	for _, c := range phases {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, c.o)
			v.http(func(x *sim.Exchange) { v.w.After(2*time.Second, func() { x.Reply(200, nil, []byte("slow")) }) })
			stranger := v.get("http://a.example/")
			o := &outcome{}
			note := v.note(o)
			chain := c.start(v, func(resp *sched.Response, err error) sched.Next {
				note(resp, err)
				return sched.Next{Request: sched.Get("http://a.example/"), Readback: func(*sched.Response, error) sched.Next {
					t.Error("a cancelled chain went on")
					return sched.Next{}
				}}
			})
			v.at(time.Second, func() {
				chain.Cancel()
				chain.Cancel()
				if o.calls != 0 || chain.Active() {
					t.Errorf("in Cancel the readback was called %d times, active %v; want 0, false", o.calls, chain.Active())
				}
			})
			v.untilQuietFrom(time.Second)
			if chain.Active() {
				t.Error("the chain is active after its end")
			}
			chain.Cancel()
			v.close()
			v.wantKind(o, sched.Cancelled, c.phase)
			if !errors.Is(o.err, sched.ErrCancelled) || o.at != time.Second {
				t.Errorf("got %v at %v; want ErrCancelled at 1s", o.err, o.at)
			}
			if want := c.name == "reading"; (o.part == "part") != want {
				t.Errorf("the error has %q of the body", o.part)
			}
			v.wantBody(stranger, "slow")
		})
	}
}

func TestCancelInReadback(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	l := v.http(reply("x"))
	calls := 0
	var chain sched.Chain
	chain = v.s.Add(sched.Get("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
		calls++
		chain.Cancel()
		if string(resp.Body) != "x" {
			t.Errorf("after Cancel the body is %q; want %q", resp.Body, "x")
		}
		return sched.Next{Request: resp.Request}
	})
	v.run()
	if calls != 1 || l.Accepted() != 1 {
		t.Errorf("got %d calls, %d connections; want 1, 1", calls, l.Accepted())
	}
}

// A failure that is on its way is not replaced by the cancellation.
func TestCancelOfAFailure(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	o := &outcome{}
	chain := v.s.Add(sched.Get("ftp://a.example/"), v.note(o))
	chain.Cancel()
	v.run()
	v.wantKind(o, sched.InvalidRequest, sched.PhaseQueue)
}

// A handle to a chain that has ended is nobody's, though its place is used again.
func TestCancelOfAReusedPlace(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.http(reply("x"))
	old := []sched.Chain{{}, v.s.Add(sched.Get("http://a.example/"), nil)}
	v.untilQuiet()
	old = append(old, v.s.Add(nil, nil)) // which ends at once
	o := &outcome{}
	chain := v.s.Add(sched.Get("http://a.example/"), v.note(o))
	for i, c := range old {
		if c.Active() {
			t.Errorf("handle %d is active; want ended", i)
		}
		c.Cancel()
	}
	if !chain.Active() {
		t.Error("the new chain is not active")
	}
	v.run()
	v.wantBody(o, "x")
}

// Close tells everybody before it returns, and leaves nothing open.
func TestClose(t *testing.T) {
	for _, c := range phases {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, c.o)
			v.http(silence)
			stranger := v.get("http://a.example/")
			o := &outcome{}
			note := v.note(o)
			c.start(v, func(resp *sched.Response, err error) sched.Next {
				note(resp, err)
				return sched.Next{Request: sched.Get("http://a.example/")}
			})
			v.at(time.Second, v.l.Stop)
			if err := v.l.Run(); err != nil {
				t.Fatalf("Run: %v", err)
			}
			v.close()
			v.s.Close()
			v.wantKind(o, sched.Cancelled, c.phase)
			v.wantKind(stranger, sched.Cancelled, sched.PhaseFirstByte)
			if !errors.Is(o.err, sched.ErrClosed) {
				t.Errorf("got %v; want ErrClosed", o.err)
			}
		})
	}
}

// In a readback Close lets this response be, ends all others, and what is added
// afterwards fails, later.
func TestCloseInReadback(t *testing.T) {
	for _, c := range phases {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "queued" {
				t.Skip("what it waits for is the very connection whose readback closes the stream")
			}
			v := newLife(t, sim.Options{}, c.o)
			v.http(func(x *sim.Exchange) { v.w.After(time.Second, func() { x.Reply(200, nil, []byte("x")) }) })
			o, last := &outcome{}, &outcome{}
			c.start(v, v.note(o))
			v.s.Add(sched.Get("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
				v.s.Close()
				if o.calls != 1 {
					t.Errorf("when Close returned, the other readback had run %d times; want once", o.calls)
				}
				last = v.get("http://a.example/")
				v.s.Add(sched.Get("http://a.example/"), nil)
				if string(resp.Body) != "x" {
					t.Errorf("after Close the body is %q; want %q", resp.Body, "x")
				}
				return sched.Next{Request: resp.Request}
			})
			v.run()
			v.wantKind(o, sched.Cancelled, c.phase)
			v.wantKind(last, sched.Cancelled, sched.PhaseQueue)
			if !errors.Is(last.err, sched.ErrClosed) {
				t.Errorf("got %v; want ErrClosed", last.err)
			}
		})
	}
}

// A readback that panics ends its chain and nothing else. With a hook the loop
// goes on; without one the panic leaves Run, and the next Run goes on.
func TestPanicInReadback(t *testing.T) {
	for _, hook := range []bool{true, false} {
		for _, c := range []struct{ name, url string }{
			{"response", "http://a.example/"},
			{"failure on the way", "ftp://a.example/"},
			{"refused", "http://a.example:81/"},
			{"no such name", "http://nobody.example/"},
		} {
			name := c.name + " without hook"
			if hook {
				name = c.name + " with hook"
			}
			t.Run(name, func(t *testing.T) {
				heard := 0
				var onPanic func(any, []byte)
				if hook {
					onPanic = func(any, []byte) { heard++ }
				}
				v := newLifeThat(t, sim.Options{}, sched.Options{}, onPanic)
				v.http(reply("x"))
				calls := 0
				chain := v.s.Add(sched.Get(c.url), func(*sched.Response, error) sched.Next {
					calls++
					panic("readback")
				})
				same := v.get(c.url) // waits for the same name, or the like
				other := v.s.Add(sched.Get("http://a.example/"), nil)
				func() {
					defer func() {
						if recover() != nil {
							heard++
						}
					}()
					v.untilQuiet()
				}()
				v.untilQuiet()
				v.close()
				if calls != 1 || heard != 1 || chain.Active() || other.Active() {
					t.Errorf("%d calls, %d panics, active %v %v; want 1, 1, false, false", calls, heard, chain.Active(), other.Active())
				}
				if same.calls != 1 {
					t.Errorf("the other readback was called %d times; want once", same.calls)
				}
			})
		}
	}
}

func TestDo(t *testing.T) {
	entered := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			close(entered)
			<-r.Context().Done()
			return
		}
		w.Write([]byte("hello " + r.URL.Path))
	}))
	defer srv.Close()

	resp, err := sched.Do(t.Context(), sched.Get(srv.URL+"/x"), sched.Options{})
	if err != nil || string(resp.Body) != "hello /x" || resp.Header.Get("Content-Length") != "8" {
		t.Errorf("got %v, %v; want hello /x", resp, err)
	}

	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-entered
		cancel(cause)
	}()
	resp, err = sched.Do(ctx, sched.Get(srv.URL+"/hang"), sched.Options{})
	e, ok := errors.AsType[*sched.Error](err)
	if !ok || e.Kind != sched.Cancelled || !errors.Is(err, cause) || resp != nil {
		t.Errorf("got %v, %v; want the cause of the context", resp, err)
	}
	if _, err := sched.Do(ctx, sched.Get(srv.URL+"/x"), sched.Options{}); !errors.Is(err, cause) {
		t.Errorf("got %v; want the cause of the context, which had ended before", err)
	}
}
