package webqq

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq/emulator"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// A stage is a client, a stream and the strict service in one simulated
// world. Time is virtual.
type stage struct {
	t      *testing.T
	world  *sim.World
	loop   *loop.Loop
	stream *sched.Stream
	jar    *cookiejar.Jar
	server *sim.Listener

	service *emulator.Service
	parked  map[emulator.Ticket]*sim.Exchange
	due     *sim.Timer

	client   *Client
	script   bytes.Buffer // what chains did, if recording
	record   bool
	log      bytes.Buffer
	events   []string // of the service, as JSON
	seen     []Message
	states   []Change
	codes    int // QR codes shown
	session  []byte
	stopped  []error
	requests map[string]int // by path

	// before, if set, sees each request first; true means that it was dealt with.
	before func(*sim.Exchange) bool
}

// newStage sets up a world. change may alter the client's options.
func newStage(t *testing.T, scene *emulator.Scene, change func(*Options)) *stage {
	t.Helper()
	return newSeededStage(t, 1, scene, change)
}

// newSeededStage is newStage in a world of another seed.
func newSeededStage(t *testing.T, seed uint64, scene *emulator.Scene, change func(*Options)) *stage {
	t.Helper()
	g := &stage{t: t, parked: make(map[emulator.Ticket]*sim.Exchange), requests: make(map[string]int)}
	g.world = sim.New(sim.Options{Seed: seed})
	g.service = emulator.New(scene, emulator.Options{})
	l, err := loop.New(g.world.Loop())
	if err != nil {
		t.Fatal(err)
	}
	g.loop = l
	g.server = g.world.Listen(netip.MustParseAddrPort("10.0.0.1:80"), sim.HTTP(g.serve))
	g.newStream()
	g.client = g.newClient(change)
	t.Cleanup(func() {
		g.client.Stop()
		g.run(time.Minute)
		if n := g.stream.Pending(); n != 0 {
			t.Errorf("got %d chains after Stop; want 0", n)
		}
		if err := g.stream.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if n := g.world.Open(); n != 0 {
			t.Errorf("got %d sockets in the end; want 0", n)
		}
		if t.Failed() {
			t.Logf("the service's events:\n%s\nthe client's log:\n%s", strings.Join(g.events, "\n"), g.log.String())
		}
	})
	return g
}

// newStream gives the stage a stream, and a jar without a cookie.
func (g *stage) newStream() {
	if g.stream != nil {
		g.stream.Close()
	}
	g.jar, _ = cookiejar.New(nil)
	at := g.server.Addr()
	g.stream = sched.New(g.loop, sched.Options{
		Kernel:  g.world.Kernel(),
		Jar:     g.jar,
		Resolve: func(string, string) (netip.AddrPort, bool) { return at, true },
	})
}

// newClient makes a client of this stage; after newStream it is as good as
// another process.
func (g *stage) newClient(change func(*Options)) *Client {
	o := Options{
		Jar:         g.jar,
		Plain:       true, // the simulated network has no TLS
		QRCode:      func(png []byte) { g.codes++ },
		OnMessage:   func(m Message) { g.seen = append(g.seen, m) },
		OnState:     func(s Change) { g.states = append(g.states, s) },
		SaveSession: func(b []byte) { g.session = slices.Clone(b) },
		Now:         g.loop.Wall,
		Soon:        g.loop.AddCallback,
		Rand:        rand.NewPCG(1, 2),
		Logger: slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug,
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.String("at", fmt.Sprintf("%.3fs", g.world.Now().Seconds()))
				}
				return a
			}})),
	}
	if change != nil {
		change(&o)
	}
	c, err := New(g, o)
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

// Add and AddAfter are the stream's, with every step written down.
func (g *stage) Add(req *sched.Request, rb sched.Readback) sched.Chain {
	return g.AddAfter(0, req, rb)
}

func (g *stage) AddAfter(d time.Duration, req *sched.Request, rb sched.Readback) sched.Chain {
	return g.stream.AddAfter(d, req, g.listenIn(rb))
}

func (g *stage) listenIn(rb sched.Readback) sched.Readback {
	if rb == nil {
		return nil
	}
	return func(resp *sched.Response, err error) sched.Next {
		var line string
		if resp != nil && g.record {
			line = describe(resp)
		}
		next := rb(resp, err)
		if g.record {
			if err != nil {
				line = "  " + err.Error()
			}
			name := runtime.FuncForPC(reflect.ValueOf(rb).Pointer()).Name()
			name = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], "-fm")
			fmt.Fprintf(&g.script, "%.3fs %s\n%s\n", g.world.Now().Seconds(), name, line)
			if next.Delay > 0 {
				fmt.Fprintf(&g.script, "  next in %v\n", next.Delay)
			}
		}
		if next.Request != nil {
			next.Readback = g.listenIn(next.Readback)
		}
		return next
	}
}

// describe shows a request and its reply in a line or two each.
func describe(resp *sched.Response) string {
	var b strings.Builder
	req := resp.Request
	if req.Method == "" {
		req.Method = "GET"
	}
	fmt.Fprintf(&b, "  %s %s%s", req.Method, req.URL.Host, req.URL.Path)
	form := req.URL.RawQuery
	if len(req.Body) > 0 {
		form = string(req.Body)
	}
	for pair := range strings.SplitSeq(form, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok && !strings.Contains(" pttype dumy fp mibao_css ptlang h t g js_type from_ui ptredirect u1 webqq_type remember_uin login2qq daid pt_uistyle ", " "+name+" ") {
			value, _ = url.QueryUnescape(value)
			fmt.Fprintf(&b, " %s=%s", name, short(value, 600))
		}
	}
	fmt.Fprintf(&b, "\n  %d", resp.Status)
	if kind := resp.Header.Get("Content-Type"); strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "text/html") {
		fmt.Fprintf(&b, " %s", kind)
	} else if resp.Status == 302 {
		fmt.Fprintf(&b, " %s", resp.Header.Get("Location"))
	} else {
		fmt.Fprintf(&b, " %s", short(strings.TrimSpace(string(resp.Body)), 600))
	}
	return secrets.ReplaceAllString(b.String(), "$1…")
}

// secrets are what nobody wants to read: cookies and numbers of sessions.
var secrets = regexp.MustCompile(`([0-9A-Za-z*_-]{8})[0-9A-Za-z*_-]{24,}`)

func short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// serve is the service's driver.
func (g *stage) serve(x *sim.Exchange) {
	g.requests[x.Request.URL.Path]++
	if g.before != nil && g.before(x) {
		return
	}
	ticket, reply := g.service.Handle(g.world.Wall(), &emulator.Request{
		Method: x.Request.Method, Host: x.Request.Host, Path: x.Request.URL.Path,
		RawQuery: x.Request.URL.RawQuery, Header: x.Request.Header, Body: x.Body,
	})
	g.parked[ticket] = x
	x.OnGone = func() {
		if g.parked[ticket] == x {
			delete(g.parked, ticket)
			g.service.Abandon(ticket)
			g.service.Delivered(ticket, false)
			g.settle()
		}
	}
	if reply != nil {
		g.reply(ticket, reply)
	}
	g.settle()
}

func (g *stage) reply(ticket emulator.Ticket, r *emulator.Reply) {
	x := g.parked[ticket]
	if x == nil {
		return
	}
	delete(g.parked, ticket)
	if r.Drop {
		x.Peer.Close()
	} else {
		x.Reply(r.Status, r.Header, r.Body)
	}
	g.service.Delivered(ticket, !r.Drop)
}

// settle hands out what has come up and sets the clock for what will.
func (g *stage) settle() {
	for {
		done := g.service.Completed()
		for _, c := range done {
			g.reply(c.Ticket, c.Reply)
		}
		if len(done) == 0 {
			break
		}
	}
	for _, e := range g.service.Events() {
		g.events = append(g.events, string(e.AppendJSON(nil)))
	}
	if g.due != nil {
		g.due.Stop()
		g.due = nil
	}
	if at, ok := g.service.Next(); ok {
		g.due = g.world.After(max(0, at.Sub(g.world.Wall())), func() {
			g.service.Advance(g.world.Wall())
			g.settle()
		})
	}
}

// command gives the service a line, as its owner would at the keyboard.
func (g *stage) command(line string) {
	g.t.Helper()
	if err := g.service.Command(g.world.Wall(), line); err != nil {
		g.t.Fatalf("%s: %v", line, err)
	}
	g.settle()
}

// run lets d pass.
func (g *stage) run(d time.Duration) {
	g.t.Helper()
	g.world.After(d, g.loop.Stop)
	if err := g.loop.Run(); err != nil {
		g.t.Fatalf("after %v: %v", g.world.Now(), err)
	}
}

// until lets time pass until ok, for at most limit.
func (g *stage) until(what string, limit time.Duration, ok func() bool) {
	g.t.Helper()
	for end := g.world.Now() + limit; !ok(); {
		if g.world.Now() >= end {
			g.t.Fatalf("after %v still not %s; the client is %v", limit, what, g.client.State())
		}
		g.run(10 * time.Millisecond)
	}
}

// start logs in and waits until the client is online with all it fetches.
func (g *stage) start() {
	g.t.Helper()
	g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
	g.online(time.Minute)
	g.run(2 * time.Second)
}

func (g *stage) online(limit time.Duration) {
	g.t.Helper()
	g.until("online", limit, func() bool { return g.client.State() == Online && len(g.parked) > 0 })
}

// texts returns what the client was told.
func (g *stage) texts() (s []string) {
	for _, m := range g.seen {
		s = append(s, m.Text())
	}
	return s
}

// sends returns the service's events of accepted messages.
func (g *stage) sends() (s []string) {
	for _, e := range g.events {
		if strings.HasPrefix(e, `{"event":"send"`) {
			s = append(s, e)
		}
	}
	return s
}

// golden compares the script with a file.
func (g *stage) golden(name string) {
	g.t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, g.script.Bytes(), 0o644); err != nil {
			g.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		g.t.Fatal(err)
	}
	got := strings.Split(g.script.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			g.t.Fatalf("%s, line %d: got\n%s\nwant\n%s\n(go test -rewrite writes it anew: read the difference)",
				path, i+1, append(got, "(the end)")[min(i, len(got))], line)
		}
	}
}
