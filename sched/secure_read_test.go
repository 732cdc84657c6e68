package sched_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

const evil = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!"

// desyncs are replies with bytes behind them that want to be the reply to the
// next request.
var desyncs = []struct{ name, method, wire string }{
	{"behind a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + evil},
	{"behind no content", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + evil},
	{"behind chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + evil},
	{"behind a trailer", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n" + evil},
	{"in the body of a HEAD", "HEAD", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(evil)) + evil},
	{"in the chunks of a HEAD", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + evil},
	{"in the body of a 204", "GET", fmt.Sprintf("HTTP/1.1 204 x\r\nContent-Length: %d\r\n\r\n", len(evil)) + evil},
	{"in the chunks of a 204", "GET", "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n" + evil},
	{"in the body of a 304", "GET", fmt.Sprintf("HTTP/1.1 304 x\r\nContent-Length: %d\r\n\r\n", len(evil)) + evil},
	{"in the body of a 100", "GET", fmt.Sprintf("HTTP/1.1 100 x\r\nContent-Length: %d\r\n\r\n", len(evil)) + evil + evil},
	{"with both framings, by length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil},
	{"with two lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 43\r\n\r\n" + evil},
	{"with a length in disguise", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length : 43\r\n\r\n" + evil},
	{"a stray line end", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n" + evil},
	{"a stray byte", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx"},
	{"an interim reply behind", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 100 x\r\n\r\n" + evil},
	{"HTTP/1.0 kept alive", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n" + evil},
	{"a redirect", "GET", "HTTP/1.1 302 x\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n" + evil},
	{"a 401", "GET", "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n" + evil},
	{"a 408 while idle", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 408 x\r\nContent-Length: 5\r\n\r\nevil!"},
}

// Bytes behind a message never reach the next request that is sent after they
// have come, wherever the stream of bytes is cut. (Bytes that come after that
// request was sent are its reply: HTTP/1.1 has nothing to tell them apart by.)
func TestBytesBehindAMessage(t *testing.T) {
	plays := 0
	for _, c := range desyncs {
		for at := 0; at <= len(c.wire); at++ {
			for _, wait := range []time.Duration{0, ms(5), time.Second} {
				if wait == 0 && at > 0 && at < len(c.wire) {
					continue // the request may be on its way before the rest is: then they are a reply
				}
				v := newLife(t, sim.Options{}, sched.Options{})
				v.w.Listen(addr, func(p *sim.Peer) {
					p.OnData = func(b []byte) {
						if !bytes.Contains(b, []byte(" /one ")) {
							p.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood"))
							return
						}
						p.Write([]byte(c.wire[:at]))
						v.w.After(ms(2), func() {
							p.Write([]byte(c.wire[at:]))
							v.w.After(time.Minute, p.Close)
						})
					}
				})
				r := sched.Get("http://a.example/one")
				r.Method, r.MaxRedirects = c.method, 3
				r.Timeouts = sched.Timeouts{Stall: time.Second, FirstByte: time.Second}
				calls, next := 0, &outcome{}
				v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
					calls++
					// A POST would be lost on a dead connection, not replayed.
					n := post("http://a.example/two", "x")
					n.Replayable = true
					return sched.Next{Request: n, Readback: v.note(next), Delay: wait}
				})
				v.run()
				if plays++; calls != 1 || next.calls != 1 || next.err != nil || next.body != "good" {
					t.Fatalf("%s, cut at %d, the next %v later: %d calls, and the next request got %v; want \"good\"", c.name, at, wait, calls, next)
				}
			}
		}
	}
	t.Logf("%d replies, %d ways in which they came: no byte went astray", len(desyncs), plays)
}

// A server that sends a byte now and then keeps nobody for ever: each form of a
// drip ends when a deadline or a bound says so, to the millisecond.
func TestSlowDrip(t *testing.T) {
	const s = time.Second
	head := "HTTP/1.1 200 OK\r\nX: "
	body := "HTTP/1.1 200 OK\r\n\r\n"
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		name        string
		begin, drip string
		every       time.Duration
		o           sched.Options
		kind        sched.Kind
		at          time.Duration // when the readback is called
	}{
		{"a head, by HeadTimeout", head, "x", s, sched.Options{HeadTimeout: 30 * s}, sched.FirstByteTimeout, 30*s + ms(4)},
		{"a head, by Total", head, "x", s, sched.Options{Timeouts: sched.Timeouts{Total: 40 * s}}, sched.TotalTimeout, 40 * s},
		{"a head, by its bound", head, strings.Repeat("x", 1000), s, sched.Options{MaxHead: 10_000}, sched.HeadTooLarge, 10*s + ms(6)},
		{"a head that stalls", head, "x", 5 * s, sched.Options{Timeouts: sched.Timeouts{Stall: 3 * s}}, sched.StallTimeout, 3*s + ms(6)},
		{"nothing at first", "", "x", 9 * s, sched.Options{Timeouts: sched.Timeouts{FirstByte: 3 * s}}, sched.FirstByteTimeout, 3*s + ms(4)},
		{"a body, by Total", body, "x", s, sched.Options{Timeouts: sched.Timeouts{Total: 40 * s}}, sched.TotalTimeout, 40 * s},
		{"a body, by its bound", body, strings.Repeat("x", 1000), s, sched.Options{MaxBody: 10_500}, sched.BodyTooLarge, 11*s + ms(6)},
		{"a body that stalls", body, "x", 5 * s, sched.Options{Timeouts: sched.Timeouts{Stall: 3 * s}}, sched.StallTimeout, 3*s + ms(6)},
		{"chunks of one byte, by Total", chunked, "1\r\nx\r\n", s, sched.Options{Timeouts: sched.Timeouts{Total: 40 * s}}, sched.TotalTimeout, 40 * s},
		{"an extension without end", chunked + "1;", strings.Repeat("x", 500), s, sched.Options{}, sched.MalformedBody, 9*s + ms(6)},
		{"a trailer without end, by Total", chunked + "0\r\n", "X: y\r\n", s, sched.Options{Timeouts: sched.Timeouts{Total: 40 * s}}, sched.TotalTimeout, 40 * s},
		{"interim replies without end", "", "HTTP/1.1 102 x\r\n\r\n", s, sched.Options{}, sched.HeadTooLarge, 101*s + ms(6)},
		{"interim replies, by HeadTimeout", "", "HTTP/1.1 102 x\r\n\r\n", s, sched.Options{HeadTimeout: 30 * s}, sched.FirstByteTimeout, 30*s + ms(4)},
		{"line ends", "", "\r\n", s, sched.Options{Timeouts: sched.Timeouts{Total: 40 * s}}, sched.TotalTimeout, 40 * s},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, c.o)
			v.w.Listen(addr, func(p *sim.Peer) {
				p.OnData = func([]byte) {
					p.Write([]byte(c.begin))
					var more func()
					more = func() {
						if !p.Closed() {
							p.Write([]byte(c.drip))
							v.w.After(c.every, more)
						}
					}
					v.w.After(c.every, more)
				}
			})
			o := v.get("http://10.0.0.1/")
			v.run()
			if o.calls != 1 || o.kind != c.kind {
				t.Fatalf("%d calls, %v; want one, %s", o.calls, o, c.kind)
			}
			if want := c.at; o.at > want || o.at < want-ms(5) {
				t.Errorf("it ended at %v; want %v", o.at, want)
			}
		})
	}
}

// A few kilobytes that mean megabytes end at the bound, in each coding.
func TestBombsInEachCoding(t *testing.T) {
	const length = 3 << 20
	for coding, writer := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 4) },
		"zstd": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	} {
		var b bytes.Buffer
		w := writer(&b)
		if _, err := io.CopyN(w, zeros{}, length); err != nil {
			t.Fatal(err)
		}
		w.Close()
		v := newLife(t, sim.Options{}, sched.Options{MaxBody: 256 << 10})
		v.http(func(x *sim.Exchange) { x.Reply(200, http.Header{"Content-Encoding": {coding}}, b.Bytes()) })
		r := sched.Get("http://a.example/")
		r.Decode = true
		o := v.do(r)
		v.run()
		if o.calls != 1 || o.kind != sched.BadEncoding || len(o.part) > 256<<10 {
			t.Errorf("%s: %d bytes, %v after %d of %d decoded; want bad_encoding within the bound", coding, b.Len(), o, len(o.part), length)
		}
	}
}

// Credentials do not show: not in errors, however they are printed, nor in the
// log, nor in what a trace says of itself.
func TestCredentialsAreNeverTold(t *testing.T) {
	const secret = "hunter2"
	withAuth := func(r *sched.Request) *sched.Request {
		r.Header = httpwire.Header{{Name: "Authorization", Value: secret}, {Name: "Cookie", Value: "a=" + secret}, {Name: "Proxy-Authorization", Value: secret}}
		r.MaxRedirects = 2
		return r
	}
	authed := func(rawURL string) *sched.Request { return withAuth(sched.Get(rawURL)) }
	proxied := func(raw string) *sched.Request {
		r := authed("http://a.example/")
		r.Proxy, _ = url.Parse(raw)
		return r
	}
	invalid := func(change func(*sched.Request)) *sched.Request {
		r := authed("http://a.example/")
		change(r)
		return r
	}
	for _, c := range []struct {
		name string
		req  *sched.Request
	}{
		{"a good one", authed("http://me:" + secret + "@a.example/ok")},
		{"refused", authed("http://me:" + secret + "@a.example:81/")},
		{"no such name", authed("http://me:" + secret + "@nobody.example/")},
		{"no port", authed("http://me:" + secret + "@a.example:port/")},
		{"no port, and no URL at all", authed("http://me:" + secret + "@a.example:port/%zz")},
		{"port 0", authed("http://me:" + secret + "@a.example:0/")},
		{"another scheme", authed("ftp://me:" + secret + "@a.example/")},
		{"no scheme", authed("me:" + secret + "@a.example/")},
		{"a bad user", authed("http://me:" + secret + "%zz@a.example/")},
		{"a blank in the host", authed("http://me:" + secret + "@a b.example/")},
		{"no name", authed("http://me:" + secret + "@\u2488.example/")},
		{"malformed", authed("http://me:" + secret + "@a.example/malformed")},
		{"empty", authed("http://me:" + secret + "@a.example/empty")},
		{"silent", authed("http://me:" + secret + "@a.example/silent")},
		{"401", authed("http://me:" + secret + "@a.example/401")},
		{"redirect to another scheme", authed("http://me:" + secret + "@a.example/ftp")},
		{"redirects in a circle", authed("http://me:" + secret + "@a.example/circle")},
		{"too many redirects", authed("http://me:" + secret + "@a.example/many")},
		{"a redirect with a password", authed("http://a.example/password")},
		{"a redirect that is no URL", authed("http://a.example/nourl")},
		{"a bad value", invalid(func(r *sched.Request) { r.Header[0].Value += "\n" })},
		{"a bad cookie", invalid(func(r *sched.Request) { r.Header[1].Value += "\x00" })},
		{"a bad field", invalid(func(r *sched.Request) {
			r.Header = append(r.Header, httpwire.Field{Name: "X-Token", Value: secret + "\r"})
		})},
		{"a bad password", invalid(func(r *sched.Request) { r.Auth = &sched.Auth{User: "a:b", Password: secret + "\n"} })},
		{"both of them", invalid(func(r *sched.Request) { r.Auth = &sched.Auth{User: "me", Password: secret} })},
		{"proxy that refuses", proxied("http://me:" + secret + "@10.0.0.8:3128")},
		{"proxy of another scheme", proxied("https://me:" + secret + "@10.0.0.8:3128")},
		{"proxy without a port", proxied("socks5://me:" + secret + "@10.0.0.8:0")},
		{"proxy with a path", proxied("http://me:" + secret + "@10.0.0.8:3128/path")},
		{"proxy with a long password", proxied("socks5://me:" + strings.Repeat(secret, 60) + "@10.0.0.8:3128")},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told strings.Builder
			v := newLife(t, sim.Options{}, sched.Options{
				Logger:   slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug})),
				Trace:    func(tr sched.Trace) { fmt.Fprintf(&told, "%s\n", tr) },
				Timeouts: sched.Timeouts{FirstByte: time.Second},
			})
			v.http(func(x *sim.Exchange) {
				move := func(to string) { x.Reply(302, http.Header{"Location": {to}}, nil) }
				switch x.Request.URL.Path {
				case "/malformed":
					x.Raw([]byte("HTTP/1.1 x\r\n\r\n"))
				case "/empty":
					x.Peer.Close()
				case "/silent":
				case "/401":
					x.Reply(401, http.Header{"Www-Authenticate": {"Basic realm=x"}}, nil)
				case "/ftp":
					move("ftp://me:" + secret + "@a.example/")
				case "/circle":
					move("http://me:" + secret + "@a.example/circle")
				case "/many", "/many1", "/many11", "/many111":
					move("http://me:" + secret + "@a.example" + x.Request.URL.Path + "1")
				case "/password":
					move("http://me:" + secret + "@b.example:99/")
				case "/nourl":
					move("http://me:" + secret + "@b.example:port/")
				default:
					x.Reply(200, nil, nil)
				}
			})
			o := v.do(c.req)
			v.run()
			if o.err != nil {
				fmt.Fprintf(&told, "%v\n%+v\n%s\n%q\n", o.err, o.err, o.err, o.err.URL)
				for err := error(o.err); err != nil; {
					fmt.Fprintln(&told, err)
					u, ok := err.(interface{ Unwrap() error })
					if !ok {
						break
					}
					err = u.Unwrap()
				}
			}
			for line := range strings.Lines(told.String()) {
				if strings.Contains(line, secret) {
					t.Errorf("this tells the secret: %s", line)
				}
			}
		})
	}
	for _, raw := range []string{"http://me:" + secret + "@a.example:port/", "ftp://me:" + secret + "@a.example/", "http://me:" + secret + "@/", "me:" + secret + "@a.example"} {
		if _, err := sched.NewRequest("GET", raw); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("NewRequest: got %v; want an error that does not tell the secret", err)
		}
	}
}
