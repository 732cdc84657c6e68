package sched_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// What happens to a kept connection while nobody looks, and the request after
// it: the rules of TestStaleConnection, over TLS.
func TestTLSStaleConnection(t *testing.T) {
	const ok = sched.Kind("")
	for _, c := range []struct {
		name  string
		idle  func(p *tlsPeer) // after the first response
		other func(p *tlsPeer) // at the second request on the same connection
		kind  sched.Kind       // for what is not replayable
		conns int              // for what is replayable, or always
		kept  bool
	}{
		{name: "nothing", conns: 1, kept: true},
		{name: "close_notify and FIN", idle: func(p *tlsPeer) { p.Close() }, conns: 2},
		{name: "close_notify alone", idle: func(p *tlsPeer) { p.CloseWrite() }, conns: 2},
		{name: "FIN alone", idle: func(p *tlsPeer) { p.peer.Close() }, conns: 2},
		{name: "RST", idle: func(p *tlsPeer) { p.peer.Reset() }, conns: 2},
		{name: "an unasked 408", idle: func(p *tlsPeer) { io.WriteString(p, "HTTP/1.1 408 Request Timeout\r\n\r\n") }, conns: 2},
		{name: "garbage", idle: func(p *tlsPeer) { p.peer.Write([]byte("HTTP/1.1 408 Request Timeout\r\n\r\n")) }, conns: 2},
		{name: "at request two, close_notify and FIN", other: func(p *tlsPeer) { p.Close() }, kind: sched.EmptyReply, conns: 2},
		{name: "at request two, FIN", other: func(p *tlsPeer) { p.peer.Close() }, kind: sched.EmptyReply, conns: 2},
		{name: "at request two, RST", other: func(p *tlsPeer) { p.peer.Reset() }, kind: sched.Reset, conns: 2},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for i, m := range methods {
				t.Run(fmt.Sprint(c.name, "/", tls.VersionName(version), "/", m.name), func(t *testing.T) {
					v := newLife(t, sim.Options{}, trusting(sched.Options{}))
					var got []string
					l := v.https(&tls.Config{MaxVersion: version}, func(p *tlsPeer) {
						for n := 0; ; n++ {
							r, _, err := p.request()
							if err != nil {
								return
							}
							got = append(got, r.URL.Path)
							if n > 0 && c.other != nil {
								c.other(p)
								return
							}
							io.WriteString(p, okTo(r))
							if n == 0 && c.idle != nil {
								p.sleep(ms(100))
								c.idle(p)
							}
						}
					})
					v.get("https://a.example/one")
					var o *outcome
					v.at(ms(250), func() { o = v.do(second("https://a.example/two", i)) })
					v.untilQuietFrom(time.Second)
					v.close()
					want, conns, sent := c.kind, c.conns, 1
					if c.other != nil && m.replayable {
						want, sent = ok, 2
					}
					if want != ok {
						conns = 1
					}
					if o.calls != 1 || o.kind != want || o.info.Attempts != sent || l.Accepted() != conns || len(got) != 1+sent {
						t.Errorf("got %d calls, %v, %d attempts, %d connections, %q; want 1, kind %q, %d, %d", o.calls, o, o.info.Attempts, l.Accepted(), got, want, sent, conns)
					}
					if want == ok && o.info.Reused != c.kept {
						t.Errorf("reused %v; want %v", o.info.Reused, c.kept)
					}
				})
			}
		}
	}
}

// okTo is the answer to r: with a body unless it was a HEAD.
func okTo(r *http.Request) string {
	answer := ok("x")
	if r.Method == "HEAD" {
		return strings.TrimSuffix(answer, "x")
	}
	return answer
}

// A connection of TLS and a plain one to the same host and port are never taken
// for each other.
func TestTLSAndPlainNeverMix(t *testing.T) {
	v := newLife(t, sim.Options{}, trusting(sched.Options{}))
	at := addrOf("10.0.0.1:8000")
	plain, sealed := 0, 0
	over := v.overTLS(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("sealed") }))
	l := v.w.Listen(at, func(p *sim.Peer) { // speaks what it is spoken to in
		p.OnData = func(b []byte) {
			first := bytes.Clone(b)
			if first[0] == 0x16 {
				sealed++
				over(p)
			} else {
				plain++
				sim.HTTP(reply("plain"))(p)
			}
			p.OnData(first)
		}
	})
	for range 5 {
		a, b := v.get("https://a.example:8000/"), v.get("http://a.example:8000/")
		v.untilQuiet()
		v.wantBody(a, "sealed")
		v.wantBody(b, "plain")
		if a.info.Timing.TLS >= 0 != !a.info.Reused || b.info.Timing.TLS >= 0 {
			t.Errorf("TLS took %v, reused %v; and %v in plain", a.info.Timing.TLS, a.info.Reused, b.info.Timing.TLS)
		}
	}
	if plain != 1 || sealed != 1 || l.Accepted() != 2 {
		t.Errorf("%d plain and %d sealed connections; want one of each, used again and again", plain, sealed)
	}
	v.close()
}

// The name that the server is told (SNI), and whose certificate is wanted.
func TestTLSServerName(t *testing.T) {
	for _, c := range []struct {
		name, url, config, want string
	}{
		{"a name", "https://a.example/", "", "a.example"},
		{"capitals and a dot", "https://A.EXAMPLE.:443/", "", "a.example"},
		{"an address tells no name", "https://10.0.0.1/", "", ""},
		{"the stream's own", "https://10.0.0.1/", "b.example", "b.example"},
	} {
		for _, side := range sides {
			t.Run(c.name+"/"+side.name, func(t *testing.T) {
				v := newLife(t, sim.Options{}, trusting(sched.Options{TLS: &tls.Config{ServerName: c.config}}))
				got, protos := "no hello", []string(nil)
				config := &tls.Config{}
				config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
					got, protos = h.ServerName, h.SupportedProtos
					return nil, nil
				}
				v.https(config, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
				o := v.getFrom(side.pooled, sched.Get(c.url))
				v.wantBody(o, "x")
				if got != c.want || !slices.Equal(protos, []string{"http/1.1"}) {
					t.Errorf("the server was told %q and %q; want %q and http/1.1", got, protos, c.want)
				}
			})
		}
	}
}

// Options.TLS is obeyed, and not written to.
func TestTLSOptions(t *testing.T) {
	id := testIdentity()
	for _, c := range []struct {
		name   string
		config *tls.Config
		server *tls.Config
		want   string // of the error; "" means a response
	}{
		{"roots", &tls.Config{RootCAs: id.roots}, nil, ""},
		{"the system's roots", nil, nil, "is signed by itself, and not trusted here"},
		{"other roots", &tls.Config{RootCAs: x509.NewCertPool()}, nil, "is signed by itself, and not trusted here"},
		{"no verification", &tls.Config{InsecureSkipVerify: true}, nil, ""},
		{"a verification of one's own", &tls.Config{RootCAs: id.roots, VerifyConnection: func(tls.ConnectionState) error { return errors.New("I know better") }}, nil, "I know better"},
		{"a client certificate, 1.3", &tls.Config{RootCAs: id.roots, Certificates: []tls.Certificate{id.cert}},
			&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: id.roots}, ""},
		{"a client certificate, 1.2", &tls.Config{RootCAs: id.roots, Certificates: []tls.Certificate{id.cert}, MaxVersion: tls.VersionTLS12},
			&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: id.roots}, ""},
		{"none to show", &tls.Config{RootCAs: id.roots}, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, "the server refused: certificate required"},
		{"at least 1.3", &tls.Config{RootCAs: id.roots, MinVersion: tls.VersionTLS13}, &tls.Config{MaxVersion: tls.VersionTLS12}, "the server refused: protocol version not supported"},
		{"1.1 only if asked for", &tls.Config{RootCAs: id.roots}, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "the server refused: protocol version not supported"},
		{"1.1 is asked for", &tls.Config{RootCAs: id.roots, MinVersion: tls.VersionTLS11}, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ""},
		{"its clock", &tls.Config{RootCAs: id.roots, Time: func() time.Time { return time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC) }}, nil, "expired on 1 January 2100, 00:00 UTC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{TLS: c.config})
			v.https(c.server, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
			o := v.get("https://a.example/")
			v.run()
			if c.config != nil && (c.config.ServerName != "" || c.config.NextProtos != nil || c.config.ClientSessionCache != nil) {
				t.Error("the caller's configuration was written to")
			}
			if c.want == "" {
				v.wantBody(o, "x")
				return
			}
			if o.calls != 1 || o.kind != sched.TLS || !strings.HasSuffix(o.err.Error(), c.want) {
				t.Errorf("got %v; want tls: ... %s", o, c.want)
			}
		})
	}
}

// It is the loop's clock that certificates are held against.
func TestTLSUsesTheClockOfTheLoop(t *testing.T) {
	v := newLife(t, sim.Options{}, trusting(sched.Options{}))
	v.w.JumpWall(200 * 365 * 24 * time.Hour)
	v.https(&tls.Config{}, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
	o := v.get("https://a.example/")
	v.run()
	v.wantKind(o, sched.TLS, sched.PhaseTLS)
	if o.err != nil && !strings.HasSuffix(o.err.Error(), "expired on 1 January 2100, 00:00 UTC") {
		t.Errorf("got %q; want expired", o.err)
	}
}

// A second connection resumes the session of the first.
func TestTLSResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			v := newLife(t, sim.Options{}, trusting(sched.Options{IdleTimeout: -1}))
			l := v.https(&tls.Config{MaxVersion: version}, answering(func(p *tlsPeer, _ *http.Request, _ []byte) string {
				return ok(fmt.Sprint(p.ConnectionState().DidResume))
			}))
			for _, want := range []string{"false", "true", "true"} {
				o := v.get("https://a.example/")
				v.untilQuiet()
				v.wantBody(o, want)
			}
			v.close()
			if l.Accepted() != 3 {
				t.Errorf("%d connections; want 3", l.Accepted())
			}
		})
	}
}

// Long bodies through small windows: what waits is bounded, what arrives is
// whole, and the connection can be used again.
func TestTLSLongBodies(t *testing.T) {
	for _, window := range []int{1000, 16 << 10, 1 << 20} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprint(window, "/", tls.VersionName(version)), func(t *testing.T) {
				v := newLife(t, sim.Options{Window: window}, trusting(sched.Options{}))
				l := v.https(&tls.Config{MaxVersion: version}, answering(func(_ *tlsPeer, _ *http.Request, body []byte) string { return ok(string(body)) }))
				body := strings.Repeat("0123456789abcdef", 1<<14+3)
				for range 2 {
					o := v.do(post("https://a.example/", body))
					v.untilQuiet()
					if o.err != nil || o.body != body {
						t.Errorf("got %v; want the %d bytes that were sent", o.err, len(body))
					}
				}
				v.close()
				if l.Accepted() != 1 {
					t.Errorf("%d connections; want 1", l.Accepted())
				}
			})
		}
	}
}

// Redirects between http and https: another origin, in both directions.
func TestRedirectAcrossSchemes(t *testing.T) {
	for _, c := range []struct{ from, to string }{{"http", "https"}, {"https", "http"}} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			v := newLife(t, sim.Options{}, trusting(sched.Options{}))
			var seen []string
			answer := func(scheme string, r *http.Request) string {
				seen = append(seen, scheme+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
				if r.URL.Path == "/" {
					return string(to(301, c.to+"://a.example/new"))
				}
				return ok("here")
			}
			v.https(nil, answering(func(_ *tlsPeer, r *http.Request, _ []byte) string { return answer("https", r) }))
			v.http(func(x *sim.Exchange) { x.Raw([]byte(answer("http", x.Request))) })
			r := sched.Get(c.from + "://a.example/")
			r.Header.Add("Authorization", "secret")
			r.MaxRedirects = 1
			o := v.do(r)
			v.run()
			v.wantBody(o, "here")
			if want := []string{c.from + " / secret", c.to + " /new "}; !slices.Equal(seen, want) {
				t.Errorf("the servers saw %q; want %q", seen, want)
			}
			if o.info.Timing.TLS >= 0 != (c.to == "https") {
				t.Errorf("TLS took %v in the last hop, which is %s", o.info.Timing.TLS, c.to)
			}
		})
	}
}

// A burst: most handshakes go to the workers, and all come back.
func TestTLSBurstInVirtualTime(t *testing.T) {
	v := newLife(t, sim.Options{}, trusting(sched.Options{}))
	l := v.https(nil, answering(func(_ *tlsPeer, r *http.Request, _ []byte) string { return ok(r.URL.Path) }))
	var all []*outcome
	for i := range 300 {
		all = append(all, v.get(fmt.Sprint("https://a.example/", i)))
	}
	v.run()
	for i, o := range all {
		v.wantBody(o, fmt.Sprint("/", i))
	}
	if l.Accepted() != 300 {
		t.Errorf("%d connections; want 300", l.Accepted())
	}
}

// A ticket that is longer than what crypto/tls had room for when it ended the
// handshake is not lost: it came in the same read.
func TestTLSLongTickets(t *testing.T) {
	for _, length := range []int{100, 5000, 20_000, 60_000} {
		for _, side := range sides {
			t.Run(fmt.Sprint(length, "/", side.name), func(t *testing.T) {
				v := newLife(t, sim.Options{}, trusting(sched.Options{}))
				v.https(&tls.Config{
					WrapSession:   func(tls.ConnectionState, *tls.SessionState) ([]byte, error) { return make([]byte, length), nil },
					UnwrapSession: func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, nil },
				}, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
				o := v.getFrom(side.pooled, sched.Get("https://a.example/"))
				v.wantBody(o, "x")
			})
		}
	}
}
