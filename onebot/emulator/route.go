package emulator

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/qqloop/qqloop/httpwire/websocket"
)

// route finds what a request is: an event stream, a WebSocket, or an action.
func (s *Service) route(t Ticket, req *Request) {
	path := "/" + strings.Trim(req.Path, "/")
	f := s.takeFault(path)
	if f != nil && f.kind.instead() {
		s.reply(t, s.faultReply(f))
		return
	}
	socket := strings.EqualFold(req.Header.Get("Upgrade"), "websocket") && !s.lacks("ws")
	why := s.admit(req)
	switch {
	case socket:
		s.upgrade(t, req, path, why, f)
	case why != "":
		s.refused(path, why)
		message := "token verify failed!"
		if s.o.Flavour == LLBot {
			message = "token verify failed"
		}
		s.late(t, f, jsonReply(http.StatusForbidden, object{"message", message}))
	case path == "/_events" && req.Method == "GET" && !s.lacks("_events"):
		s.stream(t, f)
	case path == "/" && s.o.Flavour == NapCat:
		c := &call{ticket: t, fault: f}
		s.finish(c, result{data: object{}, message: "NapCat4 Is Running"})
	default:
		s.action(t, req, path, f)
	}
}

// admit checks the token, and returns what is wrong with it.
func (s *Service) admit(req *Request) string {
	if s.o.Token == "" {
		return ""
	}
	header := req.Header.Get("Authorization")
	if scheme, token, ok := strings.Cut(header, " "); ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Token")) {
		header = strings.TrimSpace(token)
	}
	query, _ := url.ParseQuery(req.RawQuery)
	given := []string{header, query.Get("access_token")}
	if s.o.Flavour == NapCat {
		given[0], given[1] = given[1], given[0]
	}
	token := given[0]
	if token == "" {
		token = given[1]
	}
	switch {
	case token == "":
		return "there is no access token"
	case subtle.ConstantTimeCompare([]byte(token), []byte(s.o.Token)) == 0:
		return "the access token is wrong"
	}
	return ""
}

// action reads a call that came by HTTP, and runs it.
func (s *Service) action(t Ticket, req *Request, path string, f *fault) {
	c := &call{ticket: t, fault: f, action: path[1:]}
	query, _ := url.ParseQuery(req.RawQuery)
	c.params = formParams(query)
	delete(c.params, "access_token")
	body := bytes.TrimSpace(req.Body)
	isForm := strings.HasPrefix(strings.ToLower(req.Header.Get("Content-Type")), "application/x-www-form-urlencoded")
	switch {
	case req.Method != "GET" && req.Method != "POST":
		s.late(t, f, &Reply{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"GET, POST"}}})
		return
	case len(body) == 0:
	case isForm && body[0] != '{': // NapCat reads JSON whatever the field says
		form, _ := url.ParseQuery(string(body))
		for name, value := range formParams(form) {
			c.params[name] = value
		}
	default:
		var in map[string]json.RawMessage
		if err := json.Unmarshal(body, &in); err != nil {
			s.refused(path, "the body is no JSON object")
			if s.o.Flavour == NapCat {
				s.late(t, f, &Reply{Status: http.StatusBadRequest, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte("Invalid JSON")})
				return
			}
			s.finish(c, result{code: 400, message: "请求体不是有效的 JSON"})
			return
		}
		for name, value := range in {
			c.params[name] = value
		}
	}
	c.echo = c.params["echo"]
	s.run(c)
}

// upgrade answers the opening of a WebSocket. With a wrong token it opens, says
// so, and closes: that is how both programs do it.
func (s *Service) upgrade(t Ticket, req *Request, path, why string, f *fault) {
	key, err := websocket.CheckRequest(req.Method, func(name string) []string { return req.Header.Values(name) })
	if err != nil {
		status := err.(*websocket.HandshakeError).Status
		s.refused(path, err.Error())
		s.late(t, f, &Reply{Status: status, Header: http.Header{"Sec-WebSocket-Version": {"13"}}, Body: []byte(err.Error() + "\n")})
		return
	}
	h := http.Header{}
	for _, field := range websocket.Agree(key) {
		h.Set(field.Name, field.Value)
	}
	l := &listener{ticket: t, socket: true, actions: true, events: path != "/api"}
	l.in.Role, l.in.MaxMessage = websocket.Server, maxSocket
	if path == "/event" && s.o.Flavour == LLBot {
		l.actions = false
	}
	r := &Reply{Status: http.StatusSwitchingProtocols, Header: h, Stream: true}
	if why == "" {
		s.open(t, f, r, func() { s.join(l) })
		return
	}
	s.refused(path, why)
	l.events, l.actions = false, false
	s.open(t, f, r, func() {
		s.join(l)
		s.write(l, websocket.Text, s.response(&call{over: l}, result{code: 403, message: "token验证失败"}), nil)
		code := websocket.NoStatus
		if s.o.Flavour == LLBot {
			code = websocket.PolicyViolation
		}
		s.hangUp(l, code, "")
	})
}

func formParams(form url.Values) map[string]json.RawMessage {
	p := map[string]json.RawMessage{}
	for name, values := range form {
		p[name] = appendString(nil, values[0])
	}
	return p
}

func jsonReply(status int, v any) *Reply {
	return &Reply{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: appendJSON(nil, v)}
}
