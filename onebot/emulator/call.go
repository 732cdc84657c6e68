package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A call is one action on its way through the service.
type call struct {
	ticket Ticket
	over   *listener // the WebSocket it came by; nil: HTTP
	action string
	params map[string]json.RawMessage
	echo   json.RawMessage // nil: none was given
	fault  *fault
	poll   *pollState // of get_event and get_updates
	says   []*said    // what its reply tells
}

// A result is how an action ended. The code is HTTP's; 0 is success.
type result struct {
	code    int
	data    any
	message string
	async   bool
}

func failed(format string, args ...any) result {
	return result{code: 200, message: fmt.Sprintf(format, args...)}
}

func badParam(format string, args ...any) result {
	return result{code: 400, message: fmt.Sprintf(format, args...)}
}

func done(data any) result { return result{data: data} }

// run finds the action and runs it. A poll may leave the call parked.
func (s *Service) run(c *call) {
	name := c.action
	if s.o.Flavour == NapCat {
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_async"), "_rate_limited")
	}
	if (name == "get_event" || name == "get_updates") && !s.lacks(name) {
		s.startPoll(c, name)
		return
	}
	a, ok := s.actions[name]
	if !ok || s.lacks(name) {
		s.refused("/"+c.action, "there is no such action")
		if s.o.Flavour == LLBot {
			s.finish(c, result{code: 404, message: c.action + " API不存在"})
			return
		}
		code := 200
		if c.over != nil {
			code = 404
		}
		s.finish(c, result{code: code, message: "不支持的API " + c.action})
		return
	}
	for _, need := range a.needs {
		if raw, ok := c.params[need]; !ok || string(raw) == "null" {
			s.refused("/"+c.action, need+" is missing")
			s.finish(c, badParam("参数 %s 缺失", need))
			return
		}
	}
	if a.does {
		s.events = append(s.events, Action{name, c.paramsJSON()})
	}
	r := a.run(s, c)
	if r.code != 0 {
		s.refused("/"+c.action, r.message)
	}
	s.finish(c, r)
}

// paramsJSON is what an Action tells: the parameters in the order of their names.
func (c *call) paramsJSON() []byte {
	all := map[string]json.RawMessage{}
	for name, value := range c.params {
		if name != "echo" {
			all[name] = value
		}
	}
	b, err := json.Marshal(all)
	if err != nil { // each value came out of JSON
		panic(err)
	}
	return b
}

// finish answers a call, at once or as its fault has it.
func (s *Service) finish(c *call, r result) {
	body := s.response(c, r)
	if c.over == nil {
		status := http.StatusOK
		if r.code == 404 && s.o.Flavour == LLBot {
			status = http.StatusNotFound
		}
		if len(c.says) > 0 {
			s.carried[c.ticket] = c.says
		}
		s.late(c.ticket, c.fault, &Reply{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body})
		return
	}
	l := c.over
	switch {
	case c.fault != nil && c.fault.kind == drop:
		s.cut(l)
	case c.fault != nil && c.fault.kind == slow:
		s.waiting = append(s.waiting, &wait{ticket: l.ticket, due: s.now.Add(c.fault.delay), run: func() { s.answer(l, body, c.says) }})
	default:
		s.answer(l, body, c.says)
	}
}

// late gives a reply of HTTP, or does with it what a fault wants.
func (s *Service) late(t Ticket, f *fault, r *Reply) { s.open(t, f, r, func() {}) }

// open is late for a stream: then is called when its head has been given.
func (s *Service) open(t Ticket, f *fault, r *Reply, then func()) {
	switch {
	case f != nil && f.kind == drop:
		s.reply(t, &Reply{Drop: true})
	case f != nil && f.kind == slow:
		s.waiting = append(s.waiting, &wait{ticket: t, due: s.now.Add(f.delay), run: func() { s.reply(t, r); then() }})
	default:
		s.reply(t, r)
		then()
	}
}

// response is the answer to a call in JSON. Codes of a WebSocket are a thousand
// above those of HTTP.
func (s *Service) response(c *call, r result) []byte {
	status, code := "ok", r.code
	switch {
	case r.async:
		status, code = "async", 1
	case code != 0:
		status = "failed"
		if c.over != nil && code < 1000 {
			code += 1000
		}
	}
	o := object{"status", status, "retcode", code, "data", r.data, "message", r.message, "wording", r.message}
	switch {
	case c.echo != nil:
		o = append(o, "echo", c.echo)
	case s.o.Flavour == NapCat && c.over == nil:
		o = append(o, "echo", fmt.Sprintf("%016x", s.rand.Uint64()))
	}
	if s.o.Flavour == NapCat {
		o = append(o, "stream", "normal-action")
	}
	return appendJSON(nil, o)
}

// number returns a parameter that is a number, or a string that holds one.
func (c *call) number(name string) (int64, bool) {
	text, ok := scalar(c.params[name])
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // JavaScript has one kind of number: 900.0 is 900
		f, bad := strconv.ParseFloat(text, 64)
		return int64(f), bad == nil && f == float64(int64(f))
	}
	return n, true
}

func (c *call) text(name string) string {
	text, _ := scalar(c.params[name])
	return text
}

// flag reads a boolean in any of its spellings; def where there is none.
func (c *call) flag(name string, def bool) bool {
	switch strings.ToLower(c.text(name)) {
	case "true", "1", "yes":
		return true
	case "false", "0", "no":
		return false
	}
	return def
}
