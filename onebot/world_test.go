package onebot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A stage is a client and a scripted implementation in one simulated world.
// Time is virtual.
type stage struct {
	t      *testing.T
	world  *sim.World
	loop   *loop.Loop
	stream *sched.Stream
	server *sim.Listener
	client *Client

	// The script.
	token   string
	paths   map[string]func(*sim.Exchange)                // what is not an action
	actions map[string]func(params map[string]any) string // to the reply
	unknown string                                        // the reply to any other, "404" for that status
	socket  bool                                          // WebSockets are taken
	greet   func(*peer)                                   // what a WebSocket is told at once

	polls func(event string) // hands an event to a poll

	online string       // what heartbeats say
	lines  bytes.Buffer // what went over the wire, and what the client told

	streams []*sim.Exchange // event streams that are open
	sockets []*peer
	calls   []string // the actions, in order
	sent    []string // the messages that were accepted

	// What the client told.
	got     []string // messages
	events  []string
	changes []string
	ends    []error
	log     bytes.Buffer
}

var serverAddr = netip.MustParseAddrPort("10.0.0.1:3000")

// ok is the reply of an action that was done.
func ok(data string) string { return `{"status":"ok","retcode":0,"data":` + data + `}` }

// newStage sets up a world and an implementation that is alike to all,
// without events.
func newStage(t *testing.T, change func(*stage, *Options)) *stage {
	t.Helper()
	return newSeededStage(t, 1, change)
}

// newSeededStage is newStage in a world of another seed.
func newSeededStage(t *testing.T, seed uint64, change func(*stage, *Options)) *stage {
	t.Helper()
	g := &stage{t: t, world: sim.New(sim.Options{Seed: seed, Start: time.Unix(1760000000, 0)}),
		paths: make(map[string]func(*sim.Exchange)), unknown: "404", online: "true"}
	g.actions = map[string]func(map[string]any) string{
		"get_login_info": func(map[string]any) string { return ok(`{"user_id":10001,"nickname":"bot"}`) },
		"get_version_info": func(map[string]any) string {
			return ok(`{"app_name":"script","app_version":"1","protocol_version":"v11"}`)
		},
		"get_status":       func(map[string]any) string { return ok(`{"online":true,"good":true}`) },
		"get_group_list":   func(map[string]any) string { return ok(`[{"group_id":900}]`) },
		"get_friend_list":  func(map[string]any) string { return ok(`[{"user_id":20002}]`) },
		"send_group_msg":   g.accept,
		"send_private_msg": g.accept,
	}
	l, err := loop.New(g.world.Loop())
	if err != nil {
		t.Fatal(err)
	}
	g.loop = l
	g.stream = sched.New(l, sched.Options{Kernel: g.world.Kernel()})
	o := Options{
		URL: "http://10.0.0.1:3000",
		OnMessage: func(e Event) {
			g.note("message", "%v %d %s", e.Chat(), e.UserID, e.Message.Text())
			g.got = append(g.got, fmt.Sprintf("%v %d %s", e.Chat(), e.UserID, e.Message.Text()))
		},
		OnEvent: func(e Event) { g.events = append(g.events, e.Type()) },
		OnState: func(c Change) {
			what := c.State.String()
			if c.Err != nil {
				what += ": " + strings.TrimPrefix(c.Err.Error(), "onebot: ")
			}
			g.note("state", "%s", what)
			g.changes = append(g.changes, what)
		},
		Logger: slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Rand:   rand.NewPCG(seed, 1),
	}
	if change != nil {
		change(g, &o)
	}
	g.listen()
	g.client, err = New(g.stream, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	return g
}

// note writes a line of the transcript.
func (g *stage) note(who, format string, args ...any) {
	fmt.Fprintf(&g.lines, "%9.3f  %-8s %s\n", g.world.Now().Seconds(), who, fmt.Sprintf(format, args...))
}

func (g *stage) listen() { g.server = g.world.Listen(serverAddr, g.serve) }

func (g *stage) close() {
	g.client.Stop()
	g.run(5 * time.Minute)
	if n := g.stream.Pending(); n != 0 {
		g.t.Errorf("%d chains go on after Stop", n)
	}
	if len(g.client.calls) != 0 {
		g.t.Errorf("%d actions are under way after Stop", len(g.client.calls))
	}
	g.stream.Close()
	g.loop.Close()
	if n := g.world.Open(); n != 0 {
		g.t.Errorf("%d sockets are open in the end", n)
	}
	if v := g.world.Violations(); len(v) > 0 {
		g.t.Errorf("the world saw %v", v)
	}
	if g.t.Failed() {
		g.t.Logf("changes: %q\ncalls: %q\nlog:\n%s", g.changes, g.calls, g.log.String())
	}
}

func (g *stage) start() {
	g.client.Start(func(err error) { g.ends = append(g.ends, err) })
	g.run(10 * time.Second)
}

// run lets so much time pass.
func (g *stage) run(d time.Duration) {
	g.t.Helper()
	g.loop.CallLater(d, g.loop.Stop)
	if err := g.loop.Run(); err != nil {
		g.t.Fatalf("Run: %v", err)
	}
}

// serve is a connection of the implementation.
func (g *stage) serve(p *sim.Peer) {
	accept := sim.HTTP(func(x *sim.Exchange) {
		if strings.EqualFold(x.Request.Header.Get("Upgrade"), "websocket") && g.socket {
			g.upgrade(x)
			return
		}
		g.answer(x)
	})
	accept(p)
}

func (g *stage) answer(x *sim.Exchange) {
	if g.token != "" && x.Request.Header.Get("Authorization") != "Bearer "+g.token {
		x.Reply(403, nil, []byte(`{"message":"token verify failed!"}`)) // both NapCat and LLBot
		return
	}
	g.note("client", "%s %s %s", x.Request.Method, x.Request.URL.Path, x.Body)
	if path, ok := g.paths[x.Request.URL.Path]; ok {
		path(x)
		return
	}
	var params map[string]any
	json.Unmarshal(x.Body, &params)
	name := strings.Trim(x.Request.URL.Path, "/")
	g.calls = append(g.calls, name)
	if reply := g.act(name, params); reply == "404" {
		g.note("server", "404")
		x.Reply(404, nil, nil)
	} else if reply != "" {
		g.note("server", "%s", reply)
		x.Reply(200, nil, []byte(reply))
	} // else no answer ever comes
}

func (g *stage) act(name string, params map[string]any) string {
	if action := g.actions[name]; action != nil {
		return action(params)
	}
	return g.unknown
}

// accept is the send of a message.
func (g *stage) accept(params map[string]any) string {
	b, _ := json.Marshal(params["message"])
	var m Message
	if err := json.Unmarshal(b, &m); err != nil || b[0] != '[' {
		g.t.Errorf("the message is %s; want segments", b)
	}
	g.sent = append(g.sent, m.Text())
	return ok(fmt.Sprintf(`{"message_id":%d}`, len(g.sent)))
}

// events keeps an event stream open.
func (g *stage) sse(x *sim.Exchange) {
	g.note("server", "text/event-stream")
	g.streams = append(g.streams, x)
	x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"))
	x.OnGone = func() {
		for i, s := range g.streams {
			if s == x {
				g.streams = append(g.streams[:i:i], g.streams[i+1:]...)
				return
			}
		}
	}
}

// tell gives an event to all who listen.
func (g *stage) tell(event string) {
	data := "data: " + event + "\n\n"
	if len(g.streams) > 0 {
		g.note("server", "data: %s", event)
	}
	for _, x := range g.streams {
		x.Write(fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data))
	}
	for _, p := range g.sockets {
		p.say(event)
	}
}

// A peer is the server's end of a WebSocket.
type peer struct {
	*sim.Peer
	g     *stage
	dec   websocket.Decoder
	enc   websocket.Encoder
	deaf  bool // says nothing more
	pings int
	close *websocket.Message
}

func (g *stage) upgrade(x *sim.Exchange) {
	key, err := websocket.CheckRequest(x.Request.Method, x.Request.Header.Values)
	if err != nil {
		g.t.Errorf("the handshake is refused: %v", err)
	}
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	for _, f := range websocket.Agree(key) {
		head.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	head.WriteString("\r\n")
	p := &peer{Peer: x.Peer, g: g, dec: websocket.Decoder{Role: websocket.Server}, enc: websocket.Encoder{Role: websocket.Server}}
	x.Raw(head.Bytes())
	p.OnData = p.data
	g.sockets = append(g.sockets, p)
	gone := func() {
		for i, s := range g.sockets {
			if s == p {
				g.sockets = append(g.sockets[:i:i], g.sockets[i+1:]...)
				return
			}
		}
	}
	p.OnEOF = func() { gone(); p.Peer.Close() }
	p.OnClose = func(error) { gone() }
	if g.token != "" && x.Request.Header.Get("Authorization") != "Bearer "+g.token {
		p.say(`{"status":"failed","retcode":1403,"data":null,"message":"token verify failed","wording":"","echo":null}`)
		p.write(p.enc.AppendClose(nil, websocket.PolicyViolation, ""))
		gone()
		p.CloseWrite()
		return
	}
	if g.greet != nil {
		g.greet(p)
	}
}

func (p *peer) say(text string) {
	p.g.note("server", "%s", text)
	p.write(p.enc.Append(nil, websocket.Text, []byte(text)))
}

func (p *peer) write(b []byte) {
	if !p.deaf {
		p.Peer.Write(b)
	}
}

func (p *peer) data(b []byte) {
	p.dec.Feed(b)
	for {
		m, more, err := p.dec.Next()
		if err != nil {
			p.g.t.Errorf("the client breaks the protocol: %v", err)
			return
		}
		if !more {
			return
		}
		switch m.Op {
		case websocket.Ping:
			p.g.note("client", "ping")
			p.pings++
			p.write(p.enc.Append(nil, websocket.Pong, m.Data))
		case websocket.Close:
			p.g.note("client", "close %d", m.Code)
			p.close = &websocket.Message{Op: m.Op, Code: m.Code}
			p.Peer.CloseWrite()
		case websocket.Text:
			p.g.note("client", "%s", m.Data)
			var call struct {
				Action string          `json:"action"`
				Params map[string]any  `json:"params"`
				Echo   json.RawMessage `json:"echo"`
			}
			if err := json.Unmarshal(m.Data, &call); err != nil {
				p.g.t.Errorf("an action is %q: %v", m.Data, err)
			}
			p.g.calls = append(p.g.calls, call.Action)
			reply := p.g.act(call.Action, call.Params)
			if reply == "404" {
				reply = `{"status":"failed","retcode":1404,"data":null,"message":""}`
			}
			if reply != "" {
				p.say(strings.TrimSuffix(reply, "}") + `,"echo":` + string(call.Echo) + `}`)
			}
		}
	}
}

// said is a message to the account, in a group.
func (g *stage) said(id int, text string) string {
	return fmt.Sprintf(`{"time":%d,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","message_id":%d,"group_id":900,"user_id":20002,"message":[{"type":"text","data":{"text":%q}}],"raw_message":%q,"sender":{"nickname":"al","role":"member"}}`,
		g.world.Wall().Unix(), id, text, text)
}

func (g *stage) want(what string, got []string, want ...string) {
	g.t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		g.t.Errorf("%s: got %q; want %q", what, got, want)
	}
}

// count returns how often action was called.
func (g *stage) count(action string) (n int) {
	for _, c := range g.calls {
		if c == action {
			n++
		}
	}
	return n
}
