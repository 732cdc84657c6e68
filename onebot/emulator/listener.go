package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
)

// A listener is an event stream or a WebSocket.
type listener struct {
	ticket  Ticket
	socket  bool
	events  bool // it hears of them
	actions bool // it may call them
	in      websocket.Decoder
	beat    time.Time // when its next heartbeat is due; zero: never
	closing bool      // we have sent a close frame
}

// serverFrames writes the frames of every WebSocket: it keeps nothing.
var serverFrames = websocket.Encoder{Role: websocket.Server}

// stream opens an event stream. There is no lifecycle event on it.
func (s *Service) stream(t Ticket, f *fault) {
	r := &Reply{Status: http.StatusOK, Stream: true, Header: http.Header{
		"Content-Type": {"text/event-stream"}, "Cache-Control": {"no-cache"},
	}}
	s.open(t, f, r, func() { s.join(&listener{ticket: t, events: true}) })
}

// join takes a listener in. Over a WebSocket the first event says so.
func (s *Service) join(l *listener) {
	if l.events && !s.heard() {
		s.events = append(s.events, Login{s.scene.Account.QQ})
	}
	s.listeners = append(s.listeners, l)
	l.beat = s.nextBeat(l)
	if l.socket && l.events {
		s.tell(l, appendJSON(nil, s.event("meta_event", "meta_event_type", "lifecycle", "sub_type", "connect")), nil)
	}
}

// heard reports whether any stream or WebSocket hears of events.
func (s *Service) heard() bool {
	return slices.ContainsFunc(s.listeners, func(l *listener) bool { return l.events })
}

func (s *Service) nextBeat(l *listener) time.Time {
	switch {
	case s.o.Heartbeat < 0 || !l.events:
		return time.Time{}
	case l.socket:
		return s.now.Add(s.o.Heartbeat)
	case s.o.Flavour == LLBot:
		return s.now.Add(llbotStream)
	}
	return time.Time{}
}

// leave forgets a listener that is gone.
func (s *Service) leave(t Ticket) {
	i := slices.IndexFunc(s.listeners, func(l *listener) bool { return l.ticket == t })
	if i < 0 {
		return
	}
	heard := s.heard()
	s.listeners = slices.Delete(s.listeners, i, i+1)
	if heard && !s.heard() {
		s.events = append(s.events, Logout{s.scene.Account.QQ})
	}
}

// heartbeats sends those that are due.
func (s *Service) heartbeats(due time.Time) {
	for _, l := range s.listeners {
		if !l.beat.IsZero() && !l.beat.After(due) {
			interval := s.o.Heartbeat
			if !l.socket {
				interval = llbotStream
			}
			l.beat = s.nextBeat(l)
			s.tell(l, s.heartbeat(interval), nil)
		}
	}
	if !s.beat.IsZero() && !s.beat.After(due) {
		s.beat = s.now.Add(s.o.Heartbeat)
		s.report(s.heartbeat(s.o.Heartbeat), about{})
	}
}

func (s *Service) heartbeat(interval time.Duration) []byte {
	return appendJSON(nil, s.event("meta_event", "meta_event_type", "heartbeat", "interval", interval.Milliseconds(), "status", s.status()))
}

func (s *Service) status() object { return object{"online", s.offline == "", "good", true} }

// event begins an event: who, when, and what kind.
func (s *Service) event(post string, more ...any) object {
	return append(object{"time", s.now.Unix(), "self_id", s.scene.Account.QQ, "post_type", post}, more...)
}

// emit tells everybody who listens of an event.
func (s *Service) emit(e object, a about) {
	b := appendJSON(nil, e)
	for _, l := range s.listeners {
		if l.events {
			s.tell(l, b, a.says)
		}
	}
	s.polls.add(b, a.says)
	s.wakePolls()
	s.report(b, a)
}

// tell writes an event to one listener.
func (s *Service) tell(l *listener, event []byte, says *said) {
	if l.socket {
		s.write(l, websocket.Text, event, says)
		return
	}
	b := append([]byte("data: "), event...)
	s.pieces = append(s.pieces, Piece{Ticket: l.ticket, Data: append(b, "\n\n"...), says: says})
}

// write sends one message over a WebSocket.
func (s *Service) write(l *listener, op websocket.Opcode, data []byte, says *said) {
	if !l.closing {
		s.pieces = append(s.pieces, Piece{Ticket: l.ticket, Data: serverFrames.Append(nil, op, data), says: says})
	}
}

// answer sends the response to a call over a WebSocket.
func (s *Service) answer(l *listener, body []byte, says []*said) {
	if len(says) == 0 {
		s.write(l, websocket.Text, body, nil)
		return
	}
	s.write(l, websocket.Text, body, says[0])
	for _, m := range says[1:] { // they went out in the same frame
		s.pieces = append(s.pieces, Piece{Ticket: l.ticket, says: m})
	}
}

// hangUp sends a close frame and closes: the answer is not waited for.
func (s *Service) hangUp(l *listener, code websocket.Code, why string) {
	if l.closing {
		return
	}
	l.closing = true
	s.pieces = append(s.pieces, Piece{Ticket: l.ticket, Data: serverFrames.AppendClose(nil, code, why), End: true})
	s.leave(l.ticket)
}

// cut ends a connection without a word.
func (s *Service) cut(l *listener) {
	if !l.closing {
		l.closing = true
		s.pieces = append(s.pieces, Piece{Ticket: l.ticket, End: true})
		s.leave(l.ticket)
	}
}

// Receive takes bytes that came over a WebSocket. They are not kept.
func (s *Service) Receive(now time.Time, t Ticket, data []byte) {
	s.Advance(now)
	i := slices.IndexFunc(s.listeners, func(l *listener) bool { return l.ticket == t })
	if i < 0 || !s.listeners[i].socket {
		return
	}
	l := s.listeners[i]
	l.in.Feed(data)
	for !l.closing {
		m, ok, err := l.in.Next()
		switch {
		case err != nil:
			s.refused("/", err.Error())
			s.hangUp(l, err.(*websocket.Error).Code, "")
			return
		case !ok:
			return
		}
		switch m.Op {
		case websocket.Text:
			s.frame(l, m.Data)
		case websocket.Ping:
			s.write(l, websocket.Pong, m.Data, nil)
		case websocket.Close:
			s.hangUp(l, m.Code, "")
		}
	}
}

// frame runs the action that a text message asks for.
func (s *Service) frame(l *listener, data []byte) {
	if !l.actions {
		return
	}
	var in struct {
		Action string                     `json:"action"`
		Params map[string]json.RawMessage `json:"params"`
		Echo   json.RawMessage            `json:"echo"`
	}
	c := &call{ticket: l.ticket, over: l}
	if err := json.Unmarshal(data, &in); err != nil {
		s.refused("/", "the message is no call: want an object with an action")
		s.finish(c, badParam("json解析失败,请检查数据格式"))
		return
	}
	c.action, c.params, c.echo = in.Action, in.Params, in.Echo
	if c.params == nil {
		c.params = map[string]json.RawMessage{}
	}
	f := s.takeFault("/" + c.action)
	switch {
	case f != nil && f.kind == fail:
		s.finish(c, result{code: f.status, message: "failed on purpose"})
	case f != nil && f.kind == empty: // no answer at all
	default:
		c.fault = f
		s.run(c)
	}
}
