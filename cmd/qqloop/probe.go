package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
)

// A finding is what one check has come to: a line for people.
type finding struct {
	check  string // "address", "token", ...
	wrong  bool
	says   string // what is so
	remedy string // what to do, where something is wrong
}

// A probe asks the address of an implementation of OneBot what is there. It is
// not the client: that must go on whatever happens, and this must say why not.
type probe struct {
	address   string
	token     string
	transport string
	roots     *x509.CertPool
	patience  time.Duration // for each question
	now       func() time.Time
	found     func(finding)

	loop   *loop.Loop
	stream *sched.Stream
	base   *url.URL // of an http scheme
	ws     bool     // only a WebSocket is there, or wanted
	who    string   // "10001 bot", once it is known
}

func (p *probe) ok(check, format string, args ...any) {
	p.found(finding{check: check, says: fmt.Sprintf(format, args...)})
}

func (p *probe) wrong(check, says, remedy string) {
	p.found(finding{check, true, says, remedy})
}

// run asks everything, and reports whether nothing is wrong. It blocks.
func (p *probe) run() (bool, error) {
	good := true
	told := p.found
	p.found = func(f finding) {
		good = good && !f.wrong
		told(f)
	}
	var err error
	p.base, err = url.Parse(p.address)
	if err != nil {
		return false, err
	}
	if p.base.Path == "" {
		p.base.Path = "/"
	}
	if rest, ok := strings.CutPrefix(p.base.Scheme, "ws"); ok {
		p.base.Scheme, p.ws = "http"+rest, true
	}
	if p.loop, err = loop.New(loop.Options{}); err != nil {
		return false, err
	}
	defer p.loop.Close()
	p.stream = sched.New(p.loop, sched.Options{TLS: &tls.Config{RootCAs: p.roots}})
	defer p.stream.Close()

	if p.knock() && p.enter() {
		p.listen()
	}
	return good, nil
}

// A reply is what came to a question; it owns its bytes.
type reply struct {
	status int
	server string
	date   string
	kind   string // the content type
	body   []byte
	err    error
}

// ask sends one request and waits. Nil body: a GET.
func (p *probe) ask(s *sched.Stream, u *url.URL, body []byte, fields ...string) reply {
	r := sched.Request{Method: "GET", URL: u, Replayable: true, MaxBody: 1 << 20}
	if body != nil {
		r.Method, r.Body = "POST", body
		r.Header.Add("Content-Type", "application/json")
	}
	if p.token != "" {
		r.Header.Add("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
		r.Upgrade = r.Upgrade || fields[i] == "Upgrade"
	}
	r.Timeouts.Total = p.patience
	var got reply
	err := p.loop.RunSync(0, func(done func(error)) {
		s.Add(&r, func(resp *sched.Response, err error) sched.Next {
			if got.err = err; resp != nil {
				got.status = resp.Status
				got.server, got.date, got.kind = resp.Header.Get("Server"), resp.Header.Get("Date"), resp.Header.Get("Content-Type")
				got.body = append(got.body, resp.Body...)
			}
			done(nil)
			return sched.Next{}
		})
	})
	if got.err == nil {
		got.err = err
	}
	return got
}

// action calls one of OneBot's, and reads the envelope of its reply.
func (p *probe) action(name string) (r reply, data json.RawMessage, retcode int, isOneBot bool) {
	r = p.ask(p.stream, p.base.JoinPath(name), []byte("{}"))
	var envelope struct {
		Status  *string         `json:"status"`
		Retcode *int            `json:"retcode"`
		Data    json.RawMessage `json:"data"`
	}
	if r.err != nil || json.Unmarshal(r.body, &envelope) != nil || envelope.Retcode == nil {
		return r, nil, 0, false
	}
	return r, envelope.Data, *envelope.Retcode, true
}

// knock finds out who answers at the address, and whether the token is right.
func (p *probe) knock() bool {
	if p.ws {
		r := p.upgrade()
		if r.err != nil {
			p.unreachable(r.err)
			return false
		}
		return p.judgeUpgrade(r)
	}
	r, data, retcode, isOneBot := p.action("get_login_info")
	if r.err != nil {
		p.unreachable(r.err)
		return false
	}
	switch {
	case r.status == 401 || r.status == 403 || retcode == 1401 || retcode == 1403:
		p.ok("address", "%s answers", p.address)
		p.refusedToken()
		return false
	case isOneBot:
		p.ok("address", "%s answers", p.address)
	case r.status == 400 && p.speaksTLS():
		p.useHTTPS()
		return false
	default:
		return p.someoneElse(r)
	}
	if p.token == "" {
		p.ok("token", "none is asked for; set one if anybody but this machine can reach the port")
	} else {
		p.ok("token", "accepted")
	}
	p.clock(r.date)
	var login struct {
		UserID   onebot.ID `json:"user_id"`
		Nickname string    `json:"nickname"`
	}
	if retcode == 0 && json.Unmarshal(data, &login) == nil && login.UserID != 0 {
		p.who = fmt.Sprintf("%v %s", login.UserID, login.Nickname)
	}
	return true
}

func (p *probe) refusedToken() {
	const where = "copy the one of the implementation's network settings"
	if p.token == "" {
		p.wrong("token", "the server asks for an access token, and none is configured", where+" into account.token, or a file that account.token-file names")
		return
	}
	p.wrong("token", "the server refuses the access token", where+": blanks and case count")
}

// someoneElse is an answer that is none of OneBot's: a port for WebSockets
// only, or another server.
func (p *probe) someoneElse(r reply) bool {
	if up := p.upgrade(); up.err == nil && up.status == 101 || r.status == 426 {
		if p.transport == "sse" || p.transport == "poll" {
			p.wrong("address", fmt.Sprintf("%s speaks only WebSocket, and account.transport is %q", p.address, p.transport),
				`write transport = "ws", or name the port of the implementation's HTTP server`)
			return false
		}
		p.ws = true
		p.ok("address", "%s answers, by WebSocket only", p.address)
		p.clock(r.date)
		return true
	}
	server := r.server
	if server == "" {
		server = "another server"
	}
	kind, _, _ := strings.Cut(r.kind, ";")
	if kind == "" {
		kind = "no content type"
	}
	p.wrong("address", fmt.Sprintf("this is no OneBot: %s answers with status %d and %s", server, r.status, kind),
		"look up the port in the implementation's network settings; it is not that of its web page")
	return false
}

func (p *probe) upgrade() reply {
	return p.ask(p.stream, p.base, nil, "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "cXFsb29wIGlzIGhlcmUuLg==")
}

// judgeUpgrade reads the answer to a handshake that was wanted.
func (p *probe) judgeUpgrade(r reply) bool {
	switch {
	case r.status == 101:
		p.ok("address", "%s answers", p.address)
		p.clock(r.date)
		return true
	case r.status == 401 || r.status == 403:
		p.ok("address", "%s answers", p.address)
		p.refusedToken()
	case r.status == 400 && p.speaksTLS():
		p.useHTTPS()
	default:
		p.wrong("address", fmt.Sprintf("no WebSocket is spoken there: the answer is status %d", r.status),
			"enable the implementation's WebSocket server, or write http:// if the port is its HTTP server's")
	}
	return false
}

// clock compares the server's time with ours.
func (p *probe) clock(date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return // it tells none
	}
	off := p.now().Sub(at).Round(time.Second)
	if off.Abs() <= maxClockOff {
		p.ok("clock", "it agrees with the server's")
		return
	}
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	p.wrong("clock", fmt.Sprintf("this machine's clock is %v %s the server's", off.Abs(), way),
		"let both keep time by NTP: reminders come late or early, and certificates may be refused")
}

// maxClockOff is more than a slow answer takes.
const maxClockOff = time.Minute

// enter asks what the implementation is and whether its account is online.
func (p *probe) enter() bool {
	if p.ws {
		return true
	}
	_, data, _, _ := p.action("get_version_info")
	var v onebot.Version
	if json.Unmarshal(data, &v) == nil && v.Name != "" {
		p.ok("protocol", "%s %s, OneBot %s", oneLine(v.Name), oneLine(v.Version), oneLine(v.Protocol))
	} else {
		p.ok("protocol", "OneBot; the implementation does not say which it is")
	}
	_, data, _, _ = p.action("get_status")
	var status onebot.Status
	if json.Unmarshal(data, &status) == nil && status.Online != nil && !*status.Online || p.who == "" {
		p.offline()
		return false
	}
	p.ok("account", "%s is online", oneLine(p.who))
	return true
}

func (p *probe) offline() {
	says := "the implementation answers, but its account is not logged in to QQ"
	if p.who != "" {
		says = fmt.Sprintf("the implementation answers, but %s is offline", oneLine(p.who))
	}
	p.wrong("account", says, "log in where the implementation runs; its web page or its log shows the QR code")
}

// listen sees whether events come, with the client itself.
func (p *probe) listen() {
	var came onebot.Change // the first state that tells something
	finish := func(error) {}
	client, err := onebot.New(p.stream, onebot.Options{
		URL: p.address, Token: p.token, Transport: onebot.Transport(p.transport), NoCatchUp: true,
		OnState: func(c onebot.Change) {
			if c.State != onebot.Connecting {
				came = c
				finish(nil)
			}
		},
	})
	if err != nil {
		p.wrong("events", err.Error(), "correct the configuration")
		return
	}
	late := p.loop.RunSync(p.patience, func(done func(error)) {
		finish = done
		client.Start(func(error) {})
	})
	state := came
	finish = func(error) {}
	way, who := client.Transport(), fmt.Sprintf("%v %s", client.Account(), client.Nick())
	p.loop.RunSync(0, func(done func(error)) { client.Shutdown(func() { done(nil) }) })
	_, refused := errors.AsType[*onebot.AuthError](state.Err)
	switch {
	case refused:
		p.refusedToken()
	case state.State == onebot.AccountOffline:
		p.offline()
	case state.State == onebot.Online:
		if p.who == "" {
			p.ok("account", "%s is online", oneLine(who))
		}
		p.ok("events", "they come by %s", way)
	case late != nil || state.Err == nil:
		p.wrong("events", "the server did not begin to tell of events in time", "is it overloaded? Restart the implementation")
	default:
		p.wrong("events", strings.TrimPrefix(oneLine(state.Err.Error()), "onebot: "), "enable the SSE or the WebSocket server in the implementation's network settings")
	}
}
