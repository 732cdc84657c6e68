package onebot

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A Transport is a way in which events come.
type Transport string

// The ways. Actions go by HTTP POST with the first two, and over the same
// WebSocket with the third.
const (
	Auto Transport = "auto" // whichever of the others the server has, asked in this order
	SSE  Transport = "sse"  // GET /_events: NapCat's SSE server, LLBot
	Poll Transport = "poll" // get_event of LLBot, get_updates of go-cqhttp
	WS   Transport = "ws"   // a forward WebSocket: all of them
)

// Options configures a Client. URL is required; all functions are called on
// the loop's goroutine.
type Options struct {
	// URL is the implementation's address: http, https, ws or wss. With Auto, ws
	// and wss mean WS, and http also tries the WebSocket of the same port.
	URL string

	// Token is the access token, sent as "Authorization: Bearer". "" sends none.
	Token string

	// Transport is how events come; "" is Auto.
	Transport Transport

	// OnMessage gets each message once, own ones left out; oldest first as far
	// as the server keeps to that.
	OnMessage func(Event)

	// OnEvent gets notices and requests. Nil: they are only logged.
	OnEvent func(Event)

	// OnState hears of every change of state, soon after it.
	OnState func(Change)

	// Since is from when on messages are wanted that came while nobody
	// listened: they are taken from the history, where the server has one.
	// It is what Client.Heard said in the run before. Zero means from the
	// first connection on. NoCatchUp leaves the history alone.
	Since     time.Time
	NoCatchUp bool

	// CallTimeout is the longest an action may take. Zero means 30 s. A message
	// that brings a file along (base64://) has four times as long.
	CallTimeout time.Duration

	// PollWait is how long the server may hold a poll. Zero means 20 s.
	PollWait time.Duration

	// Check is how often a connection that says nothing is asked whether it
	// lives: by a ping of the WebSocket, or by get_status. Zero means 30 s.
	// Where the server sends heartbeats, it is taken for dead after two and a
	// half of their intervals.
	Check time.Duration

	// Renew is how long an event stream without heartbeats may be silent before
	// it is opened anew: nobody can tell a quiet one from a dead one. Zero means
	// 10 min.
	Renew time.Duration

	// MaxWait is the longest pause between two attempts to connect. Zero means 1
	// min.
	MaxWait time.Duration

	// MaxQueue is how many messages may wait to be sent. Zero means 1,000.
	MaxQueue int

	Logger *slog.Logger // nil: silent

	// Rand is the source of all randomness. Nil means one seeded by the system.
	Rand rand.Source
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.CallTimeout, 30 * time.Second},
		{&o.PollWait, 20 * time.Second},
		{&o.Check, 30 * time.Second},
		{&o.Renew, 10 * time.Minute},
		{&o.MaxWait, time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.Transport == "" {
		o.Transport = Auto
	}
	if o.MaxQueue <= 0 {
		o.MaxQueue = 1000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.NewPCG(rand.Uint64(), rand.Uint64())
	}
	return o
}

// address reads Options.URL. It returns the address with an http scheme, and
// whether it was given with a WebSocket's.
func (o *Options) address() (base *url.URL, ws bool, err error) {
	bad := func(why string) error {
		return fmt.Errorf("onebot: Options.URL %s; want something like http://127.0.0.1:3000", why)
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, false, bad("is no URL") // whose error would repeat a token
	}
	switch u.Scheme {
	case "http", "https":
	case "ws":
		u.Scheme, ws = "http", true
	case "wss":
		u.Scheme, ws = "https", true
	default:
		return nil, false, bad(fmt.Sprintf("has the scheme %q", u.Scheme))
	}
	switch {
	case u.Host == "":
		return nil, false, bad("names no host")
	case u.Query().Has("access_token"):
		return nil, false, bad("holds an access token, which belongs in Options.Token: addresses reach logs")
	}
	switch o.Transport {
	case Auto, WS:
	case SSE, Poll:
		if ws {
			return nil, false, fmt.Errorf("onebot: transport %q needs an http address, not %s", o.Transport, o.URL)
		}
	default:
		return nil, false, fmt.Errorf("onebot: transport %q is not known; want auto, sse, poll or ws", o.Transport)
	}
	u.Fragment = ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u, ws, nil
}

// request returns a request to path below the address.
func (c *Client) request(method, path string) *sched.Request {
	u := *c.base
	if path != "" {
		u = *c.base.JoinPath(path)
	}
	r := &sched.Request{Method: method, URL: &u, MaxBody: maxReply}
	if c.o.Token != "" {
		r.Header.Add("Authorization", "Bearer "+c.o.Token)
	}
	return r
}

// maxReply is the longest reply and the longest message of a WebSocket:
// pictures come as base64.
const maxReply = 64 << 20
