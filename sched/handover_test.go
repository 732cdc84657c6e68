package sched_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// upgrade asks for the protocol "echo".
func upgrade(url string) *sched.Request {
	r := sched.Get(url)
	r.Upgrade = true
	r.Header.Add("Connection", "Upgrade")
	r.Header.Add("Upgrade", "echo")
	return r
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

// A taken is a connection that was handed over, and what it was told.
type taken struct {
	*sched.Conn
	v       *life
	handler sched.ConnHandler
	data    strings.Builder
	calls   []string // of OnDrain and OnEnd, in order
	causes  []error
}

// take adds req, and takes the connection; then, if not nil, has it.
func (v *life) take(req *sched.Request, then func(*taken)) *taken {
	k := &taken{v: v}
	k.handler = sched.ConnHandler{
		OnData:  func(b []byte) { k.data.Write(b) },
		OnDrain: func() { k.calls = append(k.calls, "drain") },
		OnEnd: func(cause error) {
			k.calls = append(k.calls, "end")
			k.causes = append(k.causes, cause)
		},
	}
	v.s.Add(req, func(resp *sched.Response, err error) sched.Next {
		switch {
		case err != nil:
			k.causes = append(k.causes, err)
		case resp.Conn == nil:
			v.t.Errorf("status %d came without the connection", resp.Status)
		default:
			k.Conn = resp.Conn
			if then != nil {
				then(k)
			}
			k.Take(k.handler)
			if k.data.Len() > 0 || len(k.calls) > 0 {
				v.t.Error("the handler was called before the readback returned")
			}
		}
		return sched.Next{}
	})
	return k
}

// runFor runs the loop for so long.
func (v *life) runFor(d time.Duration) {
	v.t.Helper()
	v.l.CallLater(d, v.l.Stop)
	if err := v.l.Run(); err != nil {
		v.t.Fatalf("Run: %v", err)
	}
}

// wantEnd sees that OnEnd was called once, with a cause that is want.
func (k *taken) wantEnd(want error) {
	k.v.t.Helper()
	if len(k.causes) != 1 || !errors.Is(k.causes[0], want) || want == nil && k.causes[0] != nil {
		k.v.t.Errorf("OnEnd was told %v; want once, %v", k.causes, want)
	}
}

// A switch is a server that switches to a protocol of its own after the head of
// each connection's first request.
func switcher(reply string, talk func(*sim.Peer)) func(*sim.Peer) {
	return func(p *sim.Peer) {
		head := ""
		p.OnData = func(b []byte) {
			if head += string(b); strings.Contains(head, "\r\n\r\n") {
				talk(p)
				p.Write([]byte(reply))
			}
		}
	}
}

// echoing sends back what comes, and ends when the program does.
func echoing(p *sim.Peer) {
	p.OnData = func(b []byte) { p.Write(b) }
	p.OnEOF = p.CloseWrite
}

func TestHandOver(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.Listen(addr, switcher(switching+"early", echoing))
	k := v.take(upgrade("http://a.example/"), nil)
	v.runFor(time.Second)
	if n, err := k.Write([]byte(" and late")); n != 9 || err != nil {
		t.Errorf("write: got %d, %v; want 9, nil", n, err)
	}
	v.runFor(time.Second)
	if got := k.data.String(); got != "early and late" {
		t.Errorf("got %q; want %q", got, "early and late")
	}
	if got := v.s.Stats(); got != (sched.Stats{Open: 1}) {
		t.Errorf("the stream has %+v; want the one connection, and no chain", got)
	}
	if k.Remote() != addr {
		t.Errorf("the peer is %v; want %v", k.Remote(), addr)
	}
	if len(k.calls) != 0 {
		t.Errorf("the handler was told %v", k.calls)
	}
	k.Close()
	k.Close()
	if got := v.s.Stats(); got.Open != 0 {
		t.Errorf("%d connections are open after Close", got.Open)
	}
	if len(k.calls) != 0 {
		t.Error("OnEnd was called in Close")
	}
	v.runFor(time.Second)
	k.wantEnd(nil)
	if _, err := k.Write([]byte("x")); !errors.Is(err, sched.ErrConnClosed) {
		t.Errorf("write after Close: got %v; want %v", err, sched.ErrConnClosed)
	}
	if err := k.CloseWrite(); !errors.Is(err, sched.ErrConnClosed) {
		t.Errorf("CloseWrite after Close: got %v; want %v", err, sched.ErrConnClosed)
	}
	v.close()
}

// However the bytes are cut between head and protocol, all of them come, once,
// and in order.
func TestHandOverAtEveryByte(t *testing.T) {
	const wire = switching + "0123456789"
	for cut := range len(wire) + 1 {
		for _, fin := range []bool{false, true} {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.w.Listen(addr, switcher(wire[:cut], func(p *sim.Peer) {
				v.w.After(time.Second, func() {
					p.Write([]byte(wire[cut:]))
					if fin {
						p.CloseWrite()
					}
				})
			}))
			k := v.take(upgrade("http://a.example/"), nil)
			v.runFor(3 * time.Second)
			if got := k.data.String(); got != "0123456789" {
				t.Errorf("cut at %d, FIN %v: got %q", cut, fin, got)
			}
			if fin {
				k.wantEnd(nil)
			}
			v.close() // closes what its owner forgot
			if !fin {
				k.wantEnd(sched.ErrClosed)
			}
		}
	}
}

// A connection that nobody takes is closed when the readback returns, or panics.
func TestNotTaken(t *testing.T) {
	for _, panics := range []bool{false, true} {
		panicked := 0
		v := newLifeThat(t, sim.Options{}, sched.Options{}, func(any, []byte) { panicked++ })
		gone := 0
		v.w.Listen(addr, switcher(switching+"early", func(p *sim.Peer) { p.OnClose = func(error) { gone++ } }))
		var conn *sched.Conn
		v.s.Add(upgrade("http://a.example/"), func(resp *sched.Response, err error) sched.Next {
			conn = resp.Clone().Conn
			if panics {
				panic("oops")
			}
			return sched.Next{}
		})
		v.runFor(time.Second)
		if got := v.s.Stats(); got.Open != 0 || gone != 1 || (panicked == 1) != panics {
			t.Errorf("%d connections are open, the server heard of %d ends, %d panics", got.Open, gone, panicked)
		}
		var causes []error
		conn.Take(sched.ConnHandler{OnEnd: func(cause error) { causes = append(causes, cause) }})
		v.runFor(time.Second)
		if len(causes) != 1 || causes[0] != sched.ErrConnClosed {
			t.Errorf("taken too late: OnEnd was told %v; want %v", causes, sched.ErrConnClosed)
		}
		v.close()
	}
}

// Who asked for no upgrade gets none, and who asked for one may be refused.
func TestNoHandOver(t *testing.T) {
	for _, c := range []struct {
		name, method, reply string
		asks                bool
		kind                sched.Kind
		status              int
		kept                bool
	}{
		{"101 unasked", "GET", switching, false, sched.MalformedHead, 0, false},
		{"200 instead of 101", "GET", ok("no"), true, "", 200, true},
		{"426", "GET", "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno", true, "", 426, true},
		{"CONNECT refused", "CONNECT", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", false, "", 403, true},
		{"CONNECT answered with 101", "CONNECT", switching, false, sched.MalformedHead, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.w.Listen(addr, switcher(c.reply, func(*sim.Peer) {}))
			req := sched.Get("http://a.example/")
			if c.asks {
				req = upgrade("http://a.example/")
			}
			if req.Method = c.method; c.method == "CONNECT" {
				req.Target = "b.example:443"
			}
			o := &outcome{}
			read := v.note(o)
			v.s.Add(req, func(resp *sched.Response, err error) sched.Next {
				if resp != nil && resp.Conn != nil {
					t.Error("the connection was handed over")
				}
				return read(resp, err)
			})
			v.untilQuiet()
			if o.calls != 1 || o.kind != c.kind || c.kind == "" && (o.status != c.status || o.body != "no") {
				t.Errorf("got %v; want %d %s", o, c.status, c.kind)
			}
			if got := v.s.Stats().Idle == 1; got != c.kept {
				t.Errorf("the connection is kept: %v; want %v", got, c.kept)
			}
			v.close()
		})
	}
}

func TestConnect(t *testing.T) {
	for _, c := range []struct{ target, host, wire string }{
		{"b.example:443", "", "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"},
		{"b.example:443", "c.example", "CONNECT b.example:443 HTTP/1.1\r\nHost: c.example\r\n\r\n"},
		{"", "b.example:22", "CONNECT b.example:22 HTTP/1.1\r\nHost: b.example:22\r\n\r\n"},
	} {
		v := newLife(t, sim.Options{}, sched.Options{})
		asked := ""
		v.w.Listen(addr, func(p *sim.Peer) {
			p.OnData = func(b []byte) {
				asked = string(b)
				echoing(p)
				// A length in the answer to a CONNECT means nothing.
				p.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
			}
		})
		req := sched.Get("http://a.example/")
		req.Method, req.Target, req.Host = "CONNECT", c.target, c.host
		k := v.take(req, nil)
		v.runFor(time.Second)
		if asked != c.wire || k.data.String() != "hello" {
			t.Errorf("the server was asked %q, and said %q; want %q and hello", asked, k.data.String(), c.wire)
		}
		k.Close()
		v.runFor(time.Second)
		k.wantEnd(nil)
		v.close()
	}
}

// A connection that is cut at whatever byte, either way, ends once: by the
// readback, if it was not handed over, or by OnEnd.
func TestHandOverIsCut(t *testing.T) {
	req := upgrade("http://a.example/")
	for _, by := range []sim.End{sim.FIN, sim.Reset} {
		for _, up := range []bool{false, true} {
			for at := range int64(200) {
				v := newLife(t, sim.Options{}, sched.Options{})
				l := v.w.Listen(addr, switcher(switching+"early", echoing))
				f := sim.Fault{ShortRead: 7, ShortWrite: 7}
				if cut := (sim.Cut{By: by, At: at}); up {
					f.Up = cut
				} else {
					f.Down = cut
				}
				l.Fault(1, f)
				k := v.take(req, nil)
				v.runFor(ms(100))
				if k.Conn != nil {
					k.Write(make([]byte, 150))
				}
				v.runFor(ms(100))
				if k.Conn != nil {
					k.Close()
				}
				v.runFor(ms(100))
				if len(k.causes) != 1 {
					t.Errorf("cut at %d by %d, up %v: told %v; want one end", at, by, up, k.causes)
				}
				v.close()
			}
		}
	}
}

// Through a proxy both http and https ask for a tunnel.
func TestHandOverThroughProxy(t *testing.T) {
	for _, secure := range []bool{false, true} {
		v := newLife(t, sim.Options{}, trusting(through("http://p.example:3128")))
		v.w.Host("p.example", proxyAddr.Addr())
		asked := ""
		v.w.Listen(proxyAddr, func(p *sim.Peer) {
			p.OnData = func(b []byte) {
				asked, _, _ = strings.Cut(string(b), "\r\n")
				serve := switcher(switching+"early", echoing)
				if secure {
					serve = v.overTLS(nil, func(p *tlsPeer) {
						if _, _, err := p.request(); err == nil {
							io.WriteString(p, switching+"early")
						}
						io.Copy(p, p)
						p.Close()
					})
				}
				serve(p)
				p.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
			}
		})
		url, want := "http://a.example/", "CONNECT a.example:80 HTTP/1.1"
		if secure {
			url, want = "https://a.example/", "CONNECT a.example:443 HTTP/1.1"
		}
		k := v.take(upgrade(url), nil)
		v.runFor(time.Second)
		k.Write([]byte(" and late"))
		v.runFor(time.Second)
		k.CloseWrite()
		v.runFor(time.Second)
		if asked != want || k.data.String() != "early and late" {
			t.Errorf("the proxy was asked %q, and %q came; want %q", asked, k.data.String(), want)
		}
		k.wantEnd(nil)
		v.close()
	}
}

// The body of an upgrade has to be sent before the protocol is switched.
func TestSwitchedEarly(t *testing.T) {
	for name, body := range map[string]func(*sched.Request){
		"read":      func(r *sched.Request) { r.Upload = new(source).of(100, make([]byte, 100)) },
		"in memory": func(r *sched.Request) { r.Body = make([]byte, 1000) },
	} {
		t.Run(name, func(t *testing.T) {
			v := newLife(t, sim.Options{Window: 400}, sched.Options{})
			v.w.Listen(addr, switcher(switching, func(p *sim.Peer) { p.Pause(true) }))
			req := upgrade("http://a.example/")
			body(req)
			v.w.WorkTakes(time.Minute)
			o := v.do(req)
			v.untilQuiet()
			v.wantKind(o, sched.MalformedHead, sched.PhaseBody)
			v.runFor(time.Hour)
			v.close()
		})
	}
}
