package onebot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
	"github.com/qqloop/qqloop/sim"
)

// The flavours of implementations, as far as they differ to a client.

// napcat is NapCat's SSE server: no heartbeat and no lifecycle, and an
// unknown action is a 200.
func napcat(g *stage, o *Options) {
	g.paths["/_events"] = g.sse
	g.unknown = `{"status":"failed","retcode":200,"data":null,"message":"不支持的Api ","wording":"不支持的Api ","echo":"x","stream":"normal-action"}`
}

// napcatHTTP is NapCat's plain HTTP server: /_events is an unknown action
// there, and the same port may serve WebSockets.
func napcatHTTP(g *stage, o *Options) {
	napcat(g, o)
	delete(g.paths, "/_events")
	g.socket = true
}

// llbot is LLBot: a heartbeat every 5 s while somebody listens, and a long
// poll.
func llbot(g *stage, o *Options) {
	g.paths["/_events"] = g.sse
	g.unknown = "404"
	var beat func()
	beat = func() {
		if len(g.streams) > 0 {
			g.tell(g.heartbeat(g.online, 5000))
		}
		g.world.After(5*time.Second, beat)
	}
	g.world.After(5*time.Second, beat)
}

func (g *stage) heartbeat(online string, interval int) string {
	return fmt.Sprintf(`{"time":%d,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","status":{"online":%s,"good":true},"interval":%d}`,
		g.world.Wall().Unix(), online, interval)
}

// polled is a server that holds polls by action.
func polled(action string) func(*stage, *Options) {
	return func(g *stage, o *Options) {
		var queue []string
		var parked *sim.Exchange
		flush := func() {
			if parked != nil {
				reply := ok("[" + strings.Join(queue, ",") + "]")
				g.note("server", "%s", reply)
				parked.Reply(200, nil, []byte(reply))
				parked, queue = nil, nil
			}
		}
		g.paths["/"+action] = func(x *sim.Exchange) {
			var params struct {
				Key     string
				Timeout int
				Limit   int
			}
			if err := json.Unmarshal(x.Body, &params); err != nil {
				g.t.Errorf("%s: the parameters are %q", action, x.Body)
			}
			wait := time.Duration(params.Timeout) * time.Millisecond
			if action == "get_updates" {
				wait = time.Duration(params.Timeout) * time.Second
				if params.Timeout == 0 {
					g.t.Error("get_updates without a timeout may hang on go-cqhttp")
				}
			} else if params.Key == "" {
				g.t.Error("get_event without a key")
			}
			parked = x
			x.OnGone = func() { parked = nil }
			if len(queue) > 0 {
				flush()
				return
			}
			g.world.After(wait, func() {
				if parked == x {
					flush()
				}
			})
		}
		g.greet = nil
		g.polls = func(event string) { queue = append(queue, event); flush() }
	}
}

func forward(g *stage, o *Options) {
	o.URL = "ws://10.0.0.1:3000"
	g.socket = true
	g.greet = func(p *peer) {
		p.say(fmt.Sprintf(`{"time":%d,"self_id":10001,"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"connect"}`, g.world.Wall().Unix()))
	}
}

// Each flavour is found by probing, and talked with.
func TestFlavours(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*stage, *Options)
		want   Transport
	}{
		{"NapCat, SSE server", napcat, SSE},
		{"NapCat, HTTP server with WebSocket", napcatHTTP, WS},
		{"LLBot, SSE", llbot, SSE},
		{"LLBot, get_event", polled("get_event"), Poll},
		{"go-cqhttp, get_updates", polled("get_updates"), Poll},
		{"a WebSocket by its address", forward, WS},
		{"a WebSocket found by 426", func(g *stage, o *Options) {
			forward(g, o)
			o.URL = "http://10.0.0.1:3000"
			g.paths["/get_login_info"] = func(x *sim.Exchange) { x.Reply(426, nil, []byte("Upgrade Required")) }
		}, WS},
		{"a poll that is configured", func(g *stage, o *Options) { polled("get_event")(g, o); llbot(g, o); o.Transport = Poll }, Poll},
		{"a WebSocket that is configured", func(g *stage, o *Options) { napcat(g, o); g.socket = true; o.Transport = WS }, WS},
		{"below a path", func(g *stage, o *Options) {
			o.URL = "http://10.0.0.1:3000/onebot/"
			g.paths["/onebot/_events"] = g.sse
			for _, name := range []string{"get_login_info", "get_version_info", "get_status", "send_group_msg"} {
				g.paths["/onebot/"+name] = func(x *sim.Exchange) { x.Request.URL.Path = "/" + name; g.answer(x) }
			}
		}, SSE},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, test.change)
			g.client.o.OnMessage = func(e Event) {
				g.got = append(g.got, e.Message.Text())
				g.client.Send(e.Chat(), Text("pong"), func(id ID, err error) {
					if err != nil || id == 0 {
						t.Errorf("send: %v, %v", id, err)
					}
				})
			}
			g.start()
			if got := g.client.Transport(); got != test.want || g.client.State() != Online {
				t.Fatalf("got %q, %v; want %q, online", got, g.client.State(), test.want)
			}
			if g.client.Account() != 10001 || g.client.Nick() != "bot" || g.client.Version().Name != "script" {
				t.Errorf("the account is %v %q on %q", g.client.Account(), g.client.Nick(), g.client.Version().Name)
			}
			g.tellAll(g.said(1, "ping"))
			g.run(time.Second)
			g.tellAll(g.said(2, "ping <again> & again"))
			g.run(time.Hour)
			g.tellAll(g.said(3, "still there?"))
			g.run(time.Second)
			g.want("heard", g.got, "ping", "ping <again> & again", "still there?")
			g.want("sent", g.sent, "pong", "pong", "pong")
			g.want("changes", g.changes, "connecting", "online")
		})
	}
}

func (g *stage) tellAll(event string) {
	if g.polls != nil {
		g.polls(event)
	}
	g.tell(event)
}

// A token that is refused ends the client, whichever way it is refused, and
// at once.
func TestTokenRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*stage, *Options)
		want   string
	}{
		{"HTTP", func(g *stage, o *Options) { napcat(g, o); o.Token = "wrong" },
			"onebot: http://10.0.0.1:3000/ refuses the access token (403): it must be the one of the implementation's network settings"},
		{"HTTP, none", napcat,
			"onebot: http://10.0.0.1:3000/ asks for an access token, and none is configured (403): it must be the one of the implementation's network settings"},
		{"HTTP, by the standard", func(g *stage, o *Options) {
			g.token = ""
			g.paths["/get_login_info"] = func(x *sim.Exchange) { x.Reply(401, nil, nil) }
		}, "onebot: http://10.0.0.1:3000/ asks for an access token, and none is configured (401): it must be the one of the implementation's network settings"},
		{"WebSocket: 101, retcode 1403, close", func(g *stage, o *Options) { forward(g, o); o.Token = "wrong" },
			"onebot: ws://10.0.0.1:3000/ refuses the access token (1403): it must be the one of the implementation's network settings"},
		{"WebSocket: close 1008 alone", func(g *stage, o *Options) {
			forward(g, o)
			g.token = ""
			g.greet = func(p *peer) { p.write(p.enc.AppendClose(nil, websocket.PolicyViolation, "no")) }
		}, "onebot: ws://10.0.0.1:3000/ asks for an access token, and none is configured (1008): it must be the one of the implementation's network settings"},
		{"WebSocket: status 401", func(g *stage, o *Options) {
			forward(g, o)
			g.socket, g.token = false, ""
			g.paths["/"] = func(x *sim.Exchange) { x.Reply(401, nil, nil) }
		}, "onebot: ws://10.0.0.1:3000/ asks for an access token, and none is configured (401): it must be the one of the implementation's network settings"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, func(g *stage, o *Options) { g.token = "s3cret"; test.change(g, o) })
			g.start()
			g.run(time.Hour)
			if len(g.ends) != 1 || g.ends[0] == nil || g.ends[0].Error() != test.want {
				t.Errorf("it ended with %v; want %s", g.ends, test.want)
			}
			var refused *AuthError
			if len(g.ends) == 1 && !errors.As(g.ends[0], &refused) {
				t.Errorf("the error is a %T", g.ends[0])
			}
			if n := g.server.Accepted(); n > 2 {
				t.Errorf("%d connections were made", n)
			}
			if g.client.State() != Stopped {
				t.Errorf("the state is %v", g.client.State())
			}
		})
	}
}

// The token goes in a field, not in the address, and all requests bear it.
func TestTokenAccepted(t *testing.T) {
	for name, change := range map[string]func(*stage, *Options){"sse": napcat, "ws": forward, "poll": polled("get_event")} {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, func(g *stage, o *Options) { change(g, o); g.token, o.Token = "s3cret", "s3cret" })
			g.start()
			g.want("changes", g.changes, "connecting", "online")
			if strings.Contains(g.log.String(), "s3cret") {
				t.Error("the token is in the log")
			}
		})
	}
}

// A server without events is told so, with what was tried; and it is tried
// again, for ever.
func TestNoEvents(t *testing.T) {
	g := newStage(t, nil)
	g.start()
	want := `waiting: http://10.0.0.1:3000/ offers no events: GET http://10.0.0.1:3000/_events: status 404 with Content-Type "" is no event stream; ` +
		`get_event: HTTP 404: the server has no such action; is this the OneBot address?; get_updates: HTTP 404: the server has no such action; is this the OneBot address?; ` +
		`websocket: opening handshake: status 404; want 101; enable its SSE or WebSocket server`
	if len(g.changes) < 2 || g.changes[1] != want {
		t.Errorf("got %q; want %q", g.changes, want)
	}
	g.paths["/_events"] = g.sse
	g.run(2 * time.Minute)
	if g.client.State() != Online {
		t.Errorf("the state is %v; want online", g.client.State())
	}
}

func TestOptions(t *testing.T) {
	g := newStage(t, nil)
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{URL: ""}, `onebot: Options.URL has the scheme ""; want something like http://127.0.0.1:3000`},
		{Options{URL: "127.0.0.1:3000"}, `onebot: Options.URL is no URL; want something like http://127.0.0.1:3000`},
		{Options{URL: "ftp://x"}, `onebot: Options.URL has the scheme "ftp"; want something like http://127.0.0.1:3000`},
		{Options{URL: "http://"}, `onebot: Options.URL names no host; want something like http://127.0.0.1:3000`},
		{Options{URL: "http://x/?access_token=y"}, `onebot: Options.URL holds an access token, which belongs in Options.Token: addresses reach logs; want something like http://127.0.0.1:3000`},
		{Options{URL: "ws://x", Transport: SSE}, `onebot: transport "sse" needs an http address, not ws://x`},
		{Options{URL: "http://x", Transport: "tcp"}, `onebot: transport "tcp" is not known; want auto, sse, poll or ws`},
	} {
		if _, err := New(g.stream, test.o); err == nil || err.Error() != test.want {
			t.Errorf("%+v: got %v; want %s", test.o.URL, err, test.want)
		}
	}
	if _, err := New(nil, Options{URL: "http://x"}); err == nil {
		t.Error("no stream, and no error")
	}
}
