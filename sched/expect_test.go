package sched_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// An asked server is one that was asked with Expect, told by what it got when.
type asked struct {
	head, body string
	headAt     time.Duration
	bodyAt     time.Duration // when the first byte of the body came
}

// asking serves connections one after the other with what onHead and onBody
// write; each is called once, with the head and with the whole body.
func (v *life) asking(length int, onHead, onBody func(*sim.Peer)) *[]*asked {
	all := &[]*asked{}
	v.w.Listen(addr, func(p *sim.Peer) {
		a := &asked{}
		*all = append(*all, a)
		text := ""
		p.OnData = func(b []byte) {
			text += string(b)
			head, body, whole := strings.Cut(text, "\r\n\r\n")
			if !whole {
				return
			}
			if a.head == "" {
				a.head, a.headAt = head, v.w.Now()
				onHead(p)
			}
			if body != "" && a.body == "" {
				a.bodyAt = v.w.Now()
			}
			if a.body = body; len(body) == length {
				onBody(p)
			}
		}
	})
	return all
}

func says(text string) func(*sim.Peer) { return func(p *sim.Peer) { p.Write([]byte(text)) } }

const goAhead = "HTTP/1.1 100 Continue\r\n\r\n"

// expecting returns a request that asks first, with its body in memory or not.
func expecting(s *source, body string) *sched.Request {
	req := sched.Get("http://a.example/")
	req.Method, req.ExpectContinue = "PUT", time.Second
	if s != nil {
		req.Upload = s.of(int64(len(body)), []byte(body))
	} else {
		req.Body = []byte(body)
	}
	return req
}

func TestExpect(t *testing.T) {
	silent := func(*sim.Peer) {}
	body := strings.Repeat("hello", 20_000)
	for _, c := range []struct {
		name           string
		onHead, onBody func(*sim.Peer)
		status         int
		body           bool          // it is sent
		after          time.Duration // so long after the head, at least; and at most 10 ms more
		kept           bool
	}{
		{"100", says(goAhead), says(ok("")), 200, true, 0, true},
		{"no 100", silent, says(ok("")), 200, true, time.Second, true},
		{"103, then 100", says("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + goAhead), says(ok("")), 200, true, 0, true},
		{"100 and 200 at once", says(goAhead + ok("")), silent, 200, false, 0, false},
		{"417", says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), silent, 403, false, 0, false},
		{"200 without the body", says(ok("x")), silent, 200, false, 0, false},
	} {
		for _, s := range []*source{nil, {}} {
			t.Run(fmt.Sprint(c.name, ", in memory ", s == nil), func(t *testing.T) {
				v := newLife(t, sim.Options{Window: 1 << 20}, sched.Options{})
				all := v.asking(len(body), c.onHead, c.onBody)
				o := v.do(expecting(s, body))
				v.untilQuiet()
				a := (*all)[0]
				if o.calls != 1 || o.status != c.status || len(*all) != 1 {
					t.Errorf("the readback got %v, over %d connections; want %d", o, len(*all), c.status)
				}
				if !strings.HasSuffix(a.head, "\r\nExpect: 100-continue\r\nContent-Length: 100000") {
					t.Errorf("the head is %q; want one that asks", a.head)
				}
				if c.body != (a.body == body) || !c.body && a.body != "" && c.name != "100 and 200 at once" {
					t.Errorf("%d bytes of the body came", len(a.body))
				}
				if d := a.bodyAt - a.headAt; c.body && (d < c.after || d > c.after+ms(10)) {
					t.Errorf("the body came %v after the head; want %v", d, c.after)
				}
				if got := v.s.Stats().Idle == 1; got != c.kept {
					t.Errorf("the connection is kept: %v; want %v", got, c.kept)
				}
				if s != nil {
					if c.onBody != nil && !c.body && c.name != "100 and 200 at once" && s.opened != 0 {
						t.Error("the body was opened, though nobody wanted it")
					}
					v.wantClosed(s)
				}
				v.close()
			})
		}
	}
}

// A server that knows no Expect says 417, and gets the request without.
func TestExpectationFailed(t *testing.T) {
	const no = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"
	for _, c := range []struct {
		name       string
		late       bool // the 417 comes when the body is on its way
		replayable bool
		once       bool
		status     int
		opened     int
	}{
		{"at once", false, false, false, 200, 1},
		{"at once, and the body can be read once", false, false, true, 200, 1},
		{"late", true, false, false, 417, 1},
		{"late and replayable", true, true, false, 200, 2},
		{"late and replayable, but read once", true, true, true, 417, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			heads := []string{}
			v.w.Listen(addr, func(p *sim.Peer) {
				p.OnData = func(b []byte) {
					if !strings.HasPrefix(string(b), "PUT") {
						return
					}
					head, _, _ := strings.Cut(string(b), "\r\n\r\n")
					heads = append(heads, head)
					switch {
					case !strings.Contains(head, "Expect"):
						p.Write([]byte(ok("")))
					case c.late:
						v.w.After(2*time.Second, func() { p.Write([]byte(no)) })
					default:
						p.Write([]byte(no))
					}
				}
			})
			s := &source{}
			req := expecting(s, "hello")
			req.Replayable, req.Upload.Once = c.replayable, c.once
			pieces := ""
			req.OnBody = func(_ *sched.Response, piece []byte) error {
				pieces += string(piece)
				return nil
			}
			o := v.do(req)
			v.untilQuiet()
			if o.calls != 1 || o.status != c.status || s.opened != c.opened {
				t.Errorf("the readback got %v, the body was opened %d times; want %d and %d", o, s.opened, c.status, c.opened)
			}
			if want := map[int]string{200: "", 417: "no"}[c.status]; pieces != want {
				t.Errorf("OnBody got %q; want %q", pieces, want)
			}
			v.wantClosed(s)
			v.close()
		})
	}
}

// Nobody is asked about no body, nor in HTTP/1.0; and a field of one's own is
// not doubled.
func TestExpectIsNotSent(t *testing.T) {
	for name, change := range map[string]func(*sched.Request){
		"no body":       func(r *sched.Request) { r.Body = nil },
		"an empty one":  func(r *sched.Request) { r.Body, r.Upload = nil, new(source).of(0, nil) },
		"HTTP/1.0":      func(r *sched.Request) { r.HTTP10 = true },
		"one's own":     func(r *sched.Request) { r.Header.Add("Expect", "100-continue") },
		"not asked for": func(r *sched.Request) { r.ExpectContinue = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.http(func(x *sim.Exchange) {
				want := 0
				if name == "one's own" {
					want = 1
				}
				if got := len(x.Request.Header["Expect"]); got != want {
					t.Errorf("%d Expect fields; want %d", got, want)
				}
				x.Reply(200, nil, nil)
			})
			req := expecting(nil, "hello")
			change(req)
			o := v.do(req)
			v.run()
			v.wantBody(o, "")
		})
	}
}

// OnInterim hears of each interim response, and only of those. The deadline for
// the first byte begins anew with each.
func TestOnInterim(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{FirstByte: time.Minute, Stall: time.Second}})
	v.w.Listen(addr, func(p *sim.Peer) {
		p.OnData = func([]byte) {
			for i := range 3 {
				v.w.After(time.Duration(i)*50*time.Second, func() {
					p.Write([]byte(fmt.Sprintf("HTTP/1.1 103 Early Hints\r\nLink: </%d>\r\n\r\n", i)))
				})
			}
			v.w.After(150*time.Second, func() { p.Write([]byte("HTTP/1.1 102 Processing\r\n\r\n" + ok("done"))) })
		}
	})
	var got []string
	req := sched.Get("http://a.example/")
	req.OnInterim = func(resp *sched.Response) {
		got = append(got, fmt.Sprint(resp.Status, resp.Header.Get("Link"), string(resp.Reason)))
	}
	o := v.do(req)
	v.run()
	v.wantBody(o, "done")
	if want := []string{"103</0>Early Hints", "103</1>Early Hints", "103</2>Early Hints", "102Processing"}; !slices.Equal(got, want) {
		t.Errorf("OnInterim heard %q; want %q", got, want)
	}
	if o.info.Timing.FirstByte > ms(10) {
		t.Errorf("the first byte came after %v; want that of the first 103", o.info.Timing.FirstByte)
	}
}

// After an interim response the wait for the response itself has its deadline.
func TestInterimAndNothing(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{Timeouts: sched.Timeouts{FirstByte: time.Minute, Stall: time.Second}})
	v.w.Listen(addr, func(p *sim.Peer) {
		p.OnData = func([]byte) { p.Write([]byte("HTTP/1.1 103 Early Hints\r\n\r\n")) }
	})
	o := v.get("http://a.example/")
	v.run()
	v.wantKind(o, sched.FirstByteTimeout, sched.PhaseFirstByte)
	if o.at < time.Minute || o.at > time.Minute+time.Second {
		t.Errorf("it ended at %v; want a minute after the 103", o.at)
	}
}

// OnInterim may end the exchange in any way there is.
func TestOnInterimEnds(t *testing.T) {
	for name, do := range map[string]func(*life, sched.Chain){
		"Cancel": func(_ *life, c sched.Chain) { c.Cancel() },
		"Close":  func(v *life, _ sched.Chain) { v.s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.asking(5, says(goAhead+goAhead), says(ok("")))
			s := &source{}
			req := expecting(s, "hello")
			calls := 0
			var chain sched.Chain
			req.OnInterim = func(*sched.Response) { calls++; do(v, chain) }
			o := &outcome{}
			chain = v.s.Add(req, v.note(o))
			v.untilQuiet()
			if calls != 1 || !errors.Is(o.err, sched.ErrCancelled) && !errors.Is(o.err, sched.ErrClosed) {
				t.Errorf("%d calls, then %v; want one, and the end", calls, o)
			}
			v.wantClosed(s)
			v.close()
		})
	}
}

// So may OnSent, which may also send something else in the middle of it all.
func TestOnSentDoesAnything(t *testing.T) {
	body := noise(300_000)
	for name, do := range map[string]func(*life, sched.Chain){
		"Cancel": func(_ *life, c sched.Chain) { c.Cancel() },
		"Close":  func(v *life, _ sched.Chain) { v.s.Close() },
		"Add":    func(v *life, _ sched.Chain) { v.get("http://a.example/other") },
	} {
		for _, memory := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", in memory ", memory), func(t *testing.T) {
				v := newLife(t, sim.Options{Window: 10_000}, sched.Options{})
				v.w.Listen(addr, func(p *sim.Peer) {
					sim.HTTP(func(x *sim.Exchange) {
						if x.Request.Method == "PUT" && string(x.Body) != string(body) {
							t.Errorf("%d bytes came, and not those that were sent", len(x.Body))
						}
						x.Reply(200, nil, nil)
					})(p)
					// What makes room for more comes with something to read.
					take := p.OnData
					p.OnData = func(b []byte) {
						if len(b) > 1000 {
							p.Write([]byte("HTTP/1.1 102 Processing\r\n\r\n"))
						}
						take(b)
					}
				})
				v.get("http://a.example/") // so that Add finds a kept connection
				v.get("http://a.example/")
				v.untilQuiet()
				s := &source{}
				req := put("http://a.example/", nil)
				if req.Body = body; !memory {
					req.Body, req.Upload = nil, s.of(httpwire.Chunked, body)
				}
				calls := 0
				var chain sched.Chain
				req.OnSent = func(int64) {
					if calls++; calls < 4 {
						do(v, chain)
					}
				}
				o := &outcome{}
				chain = v.s.Add(req, v.note(o))
				v.untilQuiet()
				if name == "Add" {
					v.wantBody(o, "")
				} else if calls != 1 || o.calls != 1 || o.kind != sched.Cancelled {
					t.Errorf("OnSent was called %d times, the readback %d times with %v; want once each, cancelled", calls, o.calls, o)
				}
				v.wantClosed(s)
				v.close()
			})
		}
	}
}

// A kept connection that is gone before a byte of the body is written costs
// nothing, not even a body that can be read only once.
func TestUploadOverStaleConnection(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*sim.Peer) // arrives after 31 ms
		work time.Duration   // for the first piece
	}{
		{"FIN while the head waits", (*sim.Peer).Close, ms(40)},
		{"a 408 while the head waits", says("HTTP/1.1 408 Request Timeout\r\n\r\n"), ms(40)},
		{"RST while the head waits", (*sim.Peer).Reset, ms(40)},
		{"RST as the first byte is written", (*sim.Peer).Reset, ms(31)},
		{"FIN as the head goes alone", (*sim.Peer).Close, ms(1000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			var peers []*sim.Peer
			v.w.Listen(addr, func(p *sim.Peer) {
				peers = append(peers, p)
				sim.HTTP(sendBack)(p)
			})
			first := v.get("http://a.example/")
			v.untilQuiet()
			v.wantBody(first, "")
			v.w.WorkTakes(c.work)
			v.w.After(ms(30), func() { c.end(peers[0]) })
			s := &source{}
			u := s.of(5, []byte("hello"))
			u.Once = true
			o := v.do(put("http://a.example/", u))
			v.untilQuiet()
			v.wantBody(o, "hello")
			if s.opened != 1 || len(peers) != 2 {
				t.Errorf("the body was opened %d times, over %d connections; want once, and another connection", s.opened, len(peers))
			}
			v.w.WorkTakes(0)
			v.wantClosed(s)
			v.close()
		})
	}
}
