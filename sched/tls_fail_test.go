package sched_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/internal/tlsconn"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// sides are the two places where a handshake may run.
var sides = []struct {
	name   string
	pooled bool
}{{"inline", false}, {"on a worker", true}}

// occupy begins as many handshakes as run inline, with a server that never
// answers, so that the next ones go to the workers.
func (v *life) occupy() (release func()) {
	at := addrOf("10.0.0.2:443")
	v.w.Host("b.example", at.Addr())
	v.w.Listen(at, nil)
	var chains []sched.Chain
	for range 4 {
		chains = append(chains, v.s.Add(sched.Get("https://b.example/"), nil))
	}
	return func() {
		for _, c := range chains {
			c.Cancel()
		}
	}
}

// getFrom gets https://a.example/ a second after the world's beginning, inline
// or pooled, and runs to the end.
func (v *life) getFrom(pooled bool, r *sched.Request) *outcome {
	v.t.Helper()
	release := func() {}
	if pooled {
		release = v.occupy()
	}
	o := &outcome{}
	note := v.note(o)
	v.at(time.Second, func() {
		v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
			release()
			return note(resp, err)
		})
	})
	v.untilQuietFrom(2 * time.Second)
	v.close()
	return o
}

// Every way in which there is no handshake, in words for people, and with no
// byte of the request sent.
func TestTLSHandshakeFails(t *testing.T) {
	raw := func(serve func(p *sim.Peer)) func(v *life) {
		return func(v *life) { v.w.Listen(addrOf("10.0.0.1:443"), serve) }
	}
	over := func(config *tls.Config, serve func(p *tlsPeer)) func(v *life) {
		return func(v *life) { v.https(config, serve) }
	}
	shake := func(p *tlsPeer) {
		if p.Handshake() != nil {
			p.Close()
		}
	}
	// afterHello calls fn when the ClientHello has come.
	afterHello := func(fn func(p *sim.Peer)) func(v *life) {
		return raw(func(p *sim.Peer) { p.OnData = func([]byte) { p.OnData = nil; fn(p) } })
	}
	for _, c := range []struct {
		name  string
		serve func(v *life)
		want  string
		is    error // inside, if not nil
	}{
		{"FIN at once", raw((*sim.Peer).Close), "the server closed the connection in the middle of the handshake", io.EOF},
		{"FIN after the hello", afterHello((*sim.Peer).Close), "the server closed the connection in the middle of the handshake", io.EOF},
		{"FIN in a record", afterHello(func(p *sim.Peer) { p.Write([]byte("\x16\x03\x03\x01\x00half")); p.Close() }),
			"the server closed the connection in the middle of the handshake", io.ErrUnexpectedEOF},
		{"RST after the hello", afterHello((*sim.Peer).Reset), "connection reset by peer", nil},
		{"an HTTP server", afterHello(func(p *sim.Peer) { p.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }), "the server speaks plain HTTP on this port: use http", nil},
		{"a server that greets", raw(func(p *sim.Peer) { p.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n")) }), "the server speaks SSH on this port", nil},
		{"garbage", afterHello(func(p *sim.Peer) { p.Write([]byte(strings.Repeat("\x00\xff", 500))) }), "the server does not speak TLS on this port", nil},
		{"garbage in a record", afterHello(func(p *sim.Peer) { p.Write([]byte("\x16\x03\x03\x00\x04\x02\x00\x00\x00")) }), "what the server sent makes no sense: error decoding message", nil},
		{"an alert", afterHello(func(p *sim.Peer) { p.Write([]byte("\x15\x03\x03\x00\x02\x02\x28")) }), "the server refused: handshake failure", nil},
		{"only old versions", over(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, shake), "the server refused: protocol version not supported", nil},
		{"only another protocol", over(&tls.Config{NextProtos: []string{"irc"}}, shake), "the server refused: no application protocol", nil},
		{"wants a certificate, 1.2", over(&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, shake), "the server refused: handshake failure", nil},
		{"speaks first, 1.2", over(&tls.Config{MaxVersion: tls.VersionTLS12}, func(p *tlsPeer) { io.WriteString(p, "220 hello\r\n") }), "the server spoke before it was asked", nil},
		{"closes after the handshake, 1.2", over(&tls.Config{MaxVersion: tls.VersionTLS12}, func(p *tlsPeer) { p.Handshake(); p.Close() }),
			"the server closed the connection after the handshake", nil},
	} {
		for _, side := range sides {
			t.Run(c.name+"/"+side.name, func(t *testing.T) {
				v := newLife(t, sim.Options{}, trusting(sched.Options{}))
				c.serve(v)
				o := v.getFrom(side.pooled, sched.Get("https://a.example/"))
				v.wantKind(o, sched.TLS, sched.PhaseTLS)
				if o.err == nil || !strings.Contains(o.err.Error(), ": tls 10.0.0.1:443: ") || !strings.HasSuffix(o.err.Error(), c.want) {
					t.Fatalf("got %q; want it to end in %q", o.err, c.want)
				}
				if c.is != nil && !errors.Is(o.err, c.is) {
					t.Errorf("got %v; want %v inside", o.err, c.is)
				}
				if o.err.Sent || o.info.Attempts != 0 {
					t.Errorf("sent %v, %d attempts; want false, 0: a handshake is no request", o.err.Sent, o.info.Attempts)
				}
				if o.at > 2*time.Second {
					t.Errorf("it took until %v; want no deadline", o.at)
				}
			})
		}
	}
}

// In TLS 1.3 the client is done before the server is: what the server dislikes
// comes where the response should.
func TestTLSRefusedAfterTheHandshake(t *testing.T) {
	for _, side := range sides {
		t.Run(side.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, trusting(sched.Options{}))
			l := v.https(&tls.Config{ClientAuth: tls.RequireAnyClientCert}, func(p *tlsPeer) { p.Handshake() })
			o := v.getFrom(side.pooled, sched.Get("https://a.example/"))
			v.wantKind(o, sched.TLS, sched.PhaseFirstByte)
			if want := "GET https://a.example/: first_byte 10.0.0.1:443: the server refused: certificate required"; o.err.Error() != want {
				t.Errorf("got %q; want %q", o.err, want)
			}
			if _, ok := errors.AsType[*tlsconn.Error](o.err); !ok || !o.err.Sent || l.Accepted() != 1 {
				t.Errorf("typed %v, sent %v, %d connections; want true, true, 1", ok, o.err.Sent, l.Accepted())
			}
		})
	}
}

// A server that is silent after connect.
func TestTLSTimeout(t *testing.T) {
	for _, c := range []struct {
		name     string
		timeouts sched.Timeouts
		want     time.Duration // from the world's second second
	}{
		{"by Connect", sched.Timeouts{Connect: 3 * time.Second}, 3 * time.Second},
		{"by TLS", sched.Timeouts{Connect: 3 * time.Second, TLS: 2 * time.Second}, 2*time.Second + ms(4)},
		{"by TLS alone", sched.Timeouts{Connect: -1, TLS: 2 * time.Second}, 2*time.Second + ms(4)},
		{"by the less of both", sched.Timeouts{Connect: 3 * time.Second, TLS: time.Minute}, 3 * time.Second},
	} {
		for _, side := range sides {
			for _, hello := range []string{"silent", "after half a flight"} {
				t.Run(c.name+"/"+side.name+"/"+hello, func(t *testing.T) {
					v := newLife(t, sim.Options{}, trusting(sched.Options{}))
					v.w.Listen(addrOf("10.0.0.1:443"), func(p *sim.Peer) {
						if hello != "silent" {
							p.Write([]byte("\x16\x03\x03\x01\x00half"))
						}
					})
					r := sched.Get("https://a.example/")
					r.Timeouts = c.timeouts
					o := v.getFrom(side.pooled, r)
					v.wantKind(o, sched.TLSTimeout, sched.PhaseTLS)
					if got := o.at - time.Second; got != c.want {
						t.Errorf("after %v; want %v", got, c.want)
					}
					if o.err != nil && o.err.Sent {
						t.Error("Sent is true")
					}
				})
			}
		}
	}
}

// Where a body ends says TLS too: by close_notify. A FIN alone can be anyone's.
func TestTLSCutBodies(t *testing.T) {
	const ok = sched.Kind("")
	for _, c := range []struct {
		name   string
		wire   string
		notify bool
		kind   sched.Kind
		body   string
	}{
		{"Content-Length, whole, FIN", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", false, ok, "body"},
		{"Content-Length, FIN", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", false, sched.TruncatedBody, "body"},
		{"Content-Length, close_notify", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", true, sched.TruncatedBody, "body"},
		{"chunked, FIN", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", false, sched.TruncatedBody, "body"},
		{"chunked, close_notify", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", true, sched.TruncatedBody, "body"},
		{"until close, FIN", "HTTP/1.1 200 OK\r\n\r\nbody", false, sched.TruncatedBody, "body"},
		{"until close, close_notify", "HTTP/1.1 200 OK\r\n\r\nbody", true, ok, "body"},
		{"head, FIN", "HTTP/1.1 200 OK\r\nConten", false, sched.TruncatedHead, ""},
		{"head, close_notify", "HTTP/1.1 200 OK\r\nConten", true, sched.TruncatedHead, ""},
		{"nothing, FIN", "", false, sched.EmptyReply, ""},
		{"nothing, close_notify", "", true, sched.EmptyReply, ""},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, at := range []time.Duration{0, ms(10)} { // in the same segment, or later
				t.Run(fmt.Sprint(c.name, "/", tls.VersionName(version), "/", at), func(t *testing.T) {
					v := newLife(t, sim.Options{}, trusting(sched.Options{}))
					v.https(&tls.Config{MaxVersion: version}, func(p *tlsPeer) {
						p.request()
						io.WriteString(p, c.wire)
						p.sleep(at)
						if c.notify {
							p.CloseWrite()
						}
						p.peer.Close()
					})
					o := v.get("https://a.example/")
					v.run()
					body := o.body
					if c.kind != ok {
						body = o.part
					}
					if o.calls != 1 || o.kind != c.kind || body != c.body {
						t.Errorf("got %d calls, %v, with %q; want kind %q and %q", o.calls, o, body, c.kind, c.body)
					}
				})
			}
		}
	}
}

// A record that was changed on its way ends the response, not the program.
func TestTLSBrokenRecord(t *testing.T) {
	for _, c := range []struct {
		name, before string
		phase        sched.Phase
	}{
		{"instead of a response", "", sched.PhaseFirstByte},
		{"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", sched.PhaseBody},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, trusting(sched.Options{}))
			v.https(nil, func(p *tlsPeer) {
				p.request()
				io.WriteString(p, c.before)
				p.sleep(ms(10))
				p.peer.Write(append([]byte("\x17\x03\x03\x00\x20"), make([]byte, 32)...))
			})
			o := v.get("https://a.example/")
			v.run()
			v.wantKind(o, sched.TLS, c.phase)
			if o.err != nil && !strings.HasSuffix(o.err.Error(), "what the server sent makes no sense: bad record MAC") {
				t.Errorf("got %q; want it to say bad record MAC", o.err)
			}
		})
	}
}

// The parser knows a TLS server that was asked in plain HTTP.
func TestPlainRequestToTLSServer(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.Listen(addrOf("10.0.0.1:443"), func(p *sim.Peer) {
		p.OnData = func([]byte) { p.Write([]byte("\x15\x03\x01\x00\x02\x02\x46")); p.Close() }
	})
	o := v.get("http://a.example:443/")
	v.run()
	v.wantKind(o, sched.MalformedHead, sched.PhaseBody)
	if o.err != nil && !strings.Contains(o.err.Error(), "the server speaks TLS on this port: use https") {
		t.Errorf("got %q; want the hint", o.err)
	}
}

// Cancel and Close at every step of a handshake leave nothing: no descriptor
// (life.close sees to it), no coroutine (goleak does).
func TestTLSCalledOff(t *testing.T) {
	for _, side := range sides {
		for _, how := range []string{"cancel", "close"} {
			for us := 0; us <= 9000; us += 500 {
				t.Run(fmt.Sprint(side.name, "/", how, "/", us), func(t *testing.T) {
					v := newLife(t, sim.Options{}, trusting(sched.Options{}))
					v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
					if side.pooled {
						v.occupy()
					}
					o := &outcome{}
					note := v.note(o)
					v.at(time.Second, func() {
						chain := v.s.Add(sched.Get("https://a.example/"), note)
						v.at(time.Second+time.Duration(us)*time.Microsecond, func() {
							if how == "cancel" {
								chain.Cancel()
							} else {
								v.s.Close()
							}
						})
					})
					v.at(time.Second+ms(100), func() { v.s.Close() })
					v.untilQuietFrom(2 * time.Second)
					v.close()
					if o.calls != 1 || o.err != nil && o.kind != sched.Cancelled {
						t.Errorf("got %d calls, %v; want one, of a response or cancelled", o.calls, o)
					}
				})
			}
		}
	}
}

// hasty is a kernel in which something happens between the end of a worker's
// work and the loop's hearing of it.
type hasty struct {
	kernel.Kernel
	meanwhile func()
}

func (k *hasty) Compute(work, done func()) bool {
	return k.Kernel.Compute(work, func() { done(); k.meanwhile() })
}

// A handshake that a worker has brought back, and that nobody wants any more,
// is ended by the loop: goleak would find its coroutine.
func TestTLSCalledOffBehindTheWorker(t *testing.T) {
	for step := 1; step <= 2; step++ {
		v := newLife(t, sim.Options{}, sched.Options{})
		k := &hasty{Kernel: v.w.Kernel()}
		v.s.Close()
		v.s = sched.New(v.l, trusting(sched.Options{Kernel: k}))
		v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
		v.occupy()
		o := &outcome{}
		chain := v.s.Add(sched.Get("https://a.example/"), v.note(o))
		steps := 0
		k.meanwhile = func() {
			if steps++; steps == step {
				chain.Cancel()
			}
		}
		v.at(ms(100), func() { v.s.Close() })
		v.run()
		v.wantKind(o, sched.Cancelled, sched.PhaseTLS)
		if steps != step {
			t.Errorf("%d steps were made; want %d", steps, step)
		}
	}
}
