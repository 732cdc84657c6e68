package emulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// A Report is an event to POST to an application. Whoever has posted it calls
// Reported, once.
type Report struct {
	ID     uint64
	URL    string
	Header http.Header // names in lower case, as both programs send them
	Body   []byte
}

// about is what an event is about, as far as its delivery or an answer to it
// matters.
type about struct {
	message *message // nil: it is none
	flag    string   // of a friend's request
	says    *said    // what is delivered with it
}

// begin is the first moment of a service: the reports are told.
func (s *Service) begin() {
	if len(s.o.Reports) == 0 {
		return
	}
	s.report(appendJSON(nil, s.event("meta_event", "meta_event_type", "lifecycle", "sub_type", "enable")), about{})
	if s.o.Flavour == LLBot && s.o.Heartbeat > 0 {
		s.beat = s.now.Add(s.o.Heartbeat)
	}
}

// report posts an event to every address.
func (s *Service) report(body []byte, a about) {
	for _, url := range s.o.Reports {
		h := http.Header{
			"content-type": {"application/json"},
			"x-self-id":    {strconv.FormatInt(s.scene.Account.QQ, 10)},
		}
		if s.o.Token != "" {
			h["x-signature"] = []string{signature(s.o.Token, body)}
		}
		s.post++
		s.posted[s.post] = a
		s.posts = append(s.posts, Report{ID: s.post, URL: url, Header: h, Body: body})
	}
}

// signature is "sha1=" and the HMAC-SHA1 of the body, in hex.
func signature(secret string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return "sha1=" + hex.EncodeToString(mac.Sum(nil))
}

// Reports returns the events to be posted since it was last called, in order.
func (s *Service) Reports() []Report {
	posts := s.posts
	s.posts = nil
	return posts
}

// Reported tells what an application answered to a report; status 0 is that it
// did not. The answer may be a quick operation.
func (s *Service) Reported(now time.Time, id uint64, status int, body []byte) {
	s.Advance(now)
	p, ok := s.posted[id]
	if !ok {
		return
	}
	delete(s.posted, id)
	if status == 0 {
		s.log("a report could not be delivered")
		return
	}
	s.wrote(p.says, true)
	if body = bytes.TrimSpace(body); status != http.StatusOK || len(body) == 0 {
		return
	}
	var op map[string]json.RawMessage
	if err := json.Unmarshal(body, &op); err != nil {
		s.refused("report", "the answer is no quick operation")
		return
	}
	if r := s.quick(p.message, p.flag, op); r.code != 0 {
		s.refused("report", r.message)
	}
}

// quickAction is .handle_quick_operation: the same, over any transport.
func (s *Service) quickAction(c *call) result {
	var context struct {
		MessageID json.Number `json:"message_id"`
		Flag      string      `json:"flag"`
	}
	var op map[string]json.RawMessage
	if json.Unmarshal(c.params["context"], &context) != nil || json.Unmarshal(c.params["operation"], &op) != nil {
		return badParam("context 或 operation 不是对象")
	}
	id, _ := context.MessageID.Int64()
	return s.quick(s.message(id), context.Flag, op)
}

// quick does what a quick operation asks for: reply to a message, or answer a
// request. NapCat's reply quotes the message and mentions nobody; by the standard
// it mentions the sender.
func (s *Service) quick(m *message, flag string, op map[string]json.RawMessage) result {
	c := &call{params: op}
	if _, ok := op["approve"]; ok && flag != "" {
		op["flag"] = appendString(nil, flag)
		return s.friendRequest(c)
	}
	if m == nil || op["reply"] == nil {
		return done(nil)
	}
	content, err := readMessage(op["reply"], c.flag("auto_escape", false))
	if err != nil {
		return badParam("%v", err)
	}
	if len(content) == 0 {
		return done(nil)
	}
	if m.group != nil && c.flag("at_sender", s.o.Flavour == LLBot) {
		at := []segment{{"at", object{"qq", fmt.Sprint(m.from)}}, textSegment(" ")}
		content = append(at, content...)
	}
	if s.o.Flavour == NapCat {
		content = append([]segment{{"reply", object{"id", fmt.Sprint(m.id)}}}, content...)
	}
	if _, why := s.send(m.group, m.peer, content, nil); why != "" {
		return failed("%s", why)
	}
	if m.group != nil && c.flag("delete", false) && s.o.Flavour == LLBot {
		s.recall(m, s.scene.Account.QQ)
	}
	return done(nil)
}
