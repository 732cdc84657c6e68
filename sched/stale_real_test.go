package sched_test

import (
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// The rules of TestStaleConnection on real sockets, counted by a real server:
// the first request leaves a kept connection, something happens to it, and the
// second request comes, when the loop has noticed and when it could not yet.
func TestStaleRealConnection(t *testing.T) {
	const (
		nothing = sched.Kind("")
		bye     = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		evil    = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!"
	)
	for _, c := range []struct {
		name   string
		idle   func(c *rawConn) // after the first response
		second func(c *rawConn) // at the second request on this connection
		kind   sched.Kind       // of what is not replayable
		always bool             // of the others, too
	}{
		{name: "closes while idle", idle: func(c *rawConn) { c.Close() }},
		{name: "resets while idle", idle: (*rawConn).reset},
		{name: "sends 408 while idle and closes", idle: func(c *rawConn) { c.send(bye); c.Close() }},
		{name: "sends an unasked 200 while idle", idle: func(c *rawConn) { c.send(evil) }},
		{name: "reads request two, FIN", second: func(c *rawConn) { c.Close() }, kind: sched.EmptyReply},
		{name: "reads request two, RST", second: (*rawConn).reset, kind: sched.Reset},
		{name: "reads request two, waits, FIN", second: func(c *rawConn) {
			time.Sleep(ms(50))
			c.Close()
		}, kind: sched.EmptyReply},
		{name: "sends HTTP/1. then FIN", second: func(c *rawConn) { c.send("HTTP/1."); c.Close() },
			kind: sched.TruncatedHead, always: true},
	} {
		for i, m := range methods {
			for _, noticed := range []bool{true, false} {
				if c.idle == nil && !noticed {
					continue // there is nothing to notice
				}
				name := c.name + "/" + m.name
				if !noticed {
					name += "/not noticed"
				}
				t.Run(name, func(t *testing.T) {
					happened := make(chan struct{})
					s := newRaw(t, func(sc *rawConn) {
						for sc.request() {
							if sc.path == "/two" && sc.nth == 1 {
								c.second(sc)
								return
							}
							sc.send(okFor(m.method, sc.path))
							if sc.path == "/one" {
								if c.idle != nil {
									c.idle(sc)
								}
								close(happened)
							}
						}
					})
					v := newReal(t, sched.Options{})
					first := sched.Get(s.url + "/one")
					o := &outcome{}
					v.s.Add(first, v.see(o))
					v.wait()
					<-happened
					if noticed && c.idle != nil {
						for v.s.Stats().Idle > 0 {
							v.l.CallLater(ms(1), v.l.Stop)
							if err := v.l.Run(); err != nil {
								t.Fatal(err)
							}
						}
					}
					two := v.fetch(second(s.url+"/two", i))

					want, sent := c.kind, 1
					if c.second != nil && m.replayable && !c.always {
						want, sent = nothing, 2
					}
					conns := 2
					if want != nothing {
						conns = 1
					}
					accepted, heard := s.counts("/two")
					if o.err != nil || two.calls != 1 || two.kind != want {
						t.Fatalf("got %v, then %d calls, %v; want kind %q", o, two.calls, two, want)
					}
					if want == nothing && (two.status != 200 || m.method != "HEAD" && two.body != "/two" || two.info.Reused) {
						t.Errorf("got %v, reused %v; want the answer to request two on a fresh connection", two, two.info.Reused)
					}
					if heard != sent || two.info.Attempts != sent || accepted != conns {
						t.Errorf("the server heard request two %d times over %d connections, attempts %d; want %d, %d, %d", heard, accepted, two.info.Attempts, sent, conns, sent)
					}
				})
			}
		}
	}
}

// On a fresh connection nothing is sent twice.
func TestFreshRealConnectionIsNotReplayed(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*rawConn)
		kind sched.Kind
	}{
		{"FIN", func(c *rawConn) { c.Close() }, sched.EmptyReply},
		{"RST", (*rawConn).reset, sched.Reset},
	} {
		for i, m := range methods {
			t.Run(c.name+"/"+m.name, func(t *testing.T) {
				s := newRaw(t, func(sc *rawConn) {
					if sc.request() {
						c.end(sc)
					}
				})
				v := newReal(t, sched.Options{})
				o := v.fetch(second(s.url+"/two", i))
				accepted, heard := s.counts("/two")
				if o.kind != c.kind || o.info.Attempts != 1 || accepted != 1 || heard != 1 {
					t.Errorf("got %v in %d attempts; the server heard %d over %d connections; want %s in one", o, o.info.Attempts, heard, accepted, c.kind)
				}
			})
		}
	}
}

// okFor is a response with that body, or its head.
func okFor(method, body string) string {
	wire := ok(body)
	if method == "HEAD" && body == "/two" {
		wire = strings.TrimSuffix(wire, body)
	}
	return wire
}
