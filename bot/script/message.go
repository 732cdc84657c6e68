package script

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/qqloop/qqloop/bot"
)

// An input is what a script is told.
type input struct {
	Type     string      `json:"type"` // "message", "timeout", or an event's
	ID       uint64      `json:"id,omitempty"`
	Follows  uint64      `json:"follows,omitempty"`
	Account  string      `json:"account"`
	Chat     string      `json:"chat,omitempty"`
	Sender   *person     `json:"sender,omitempty"`
	Text     string      `json:"text"`
	Segments bot.Content `json:"segments,omitempty"`
	Time     int64       `json:"time,omitempty"` // seconds since 1970
}

type person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty"`
}

// An output is what a script says: one of ReplyTo, Expect, Done and Send.
type output struct {
	ReplyTo  uint64      `json:"reply_to"`
	Expect   uint64      `json:"expect"`
	Done     uint64      `json:"done"`
	Send     string      `json:"send"`
	Account  string      `json:"account"`
	Text     string      `json:"text"`
	Segments bot.Content `json:"segments"`
	More     bool        `json:"more"`
	Seconds  float64     `json:"seconds"`
}

// content returns what is to be said, or nil.
func (o *output) content() bot.Content {
	switch {
	case len(o.Segments) > 0:
		return o.Segments
	case o.Text != "":
		return bot.Text(o.Text)
	}
	return nil
}

func inputOf(id uint64, c *bot.Call) *input {
	m := c.Message()
	return &input{
		Type: "message", ID: id, Account: c.Bot().Name(), Chat: chatName(m.Chat), Sender: personOf(m.Sender),
		Text: m.Text, Segments: m.Content, Time: m.Time.Unix(),
	}
}

func inputOfEvent(b *bot.Bot, e *bot.Event) *input {
	return &input{
		Type: string(e.Type), Account: b.Name(), Chat: chatName(e.Chat), Sender: personOf(e.Sender),
		Text: e.Text, Time: e.Time.Unix(),
	}
}

func (in *input) line() []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(in); err != nil {
		panic(err) // strings and numbers
	}
	return []byte(b.String())
}

func personOf(p bot.Person) *person {
	if p.ID == "" {
		return nil
	}
	return &person{p.ID, p.Name, string(p.Role)}
}

func chatName(c bot.Chat) string {
	if c.ID == "" {
		return ""
	}
	return string(c.Kind) + ":" + c.ID
}

// chatOf reads what chatName writes.
func chatOf(name string) (bot.Chat, error) {
	kind, id, _ := strings.Cut(name, ":")
	switch c := (bot.Chat{Kind: bot.ChatKind(kind), ID: id}); c.Kind {
	case bot.Friend, bot.Group, bot.Discuss, bot.Session:
		if id != "" {
			return c, nil
		}
	}
	return bot.Chat{}, fmt.Errorf(`%q is no chat: such as "group:900" or "friend:20002"`, name)
}

// environment is what a script of mode "once" finds besides: enough for a shell
// script that cannot read JSON.
func (in *input) environment() []string {
	vars := []string{"QQLOOP_TYPE=" + in.Type, "QQLOOP_ACCOUNT=" + in.Account, "QQLOOP_CHAT=" + in.Chat, "QQLOOP_TEXT=" + in.Text}
	if in.Sender != nil {
		vars = append(vars, "QQLOOP_SENDER="+in.Sender.ID, "QQLOOP_SENDER_NAME="+in.Sender.Name, "QQLOOP_SENDER_ROLE="+in.Sender.Role)
	}
	for i, v := range vars {
		vars[i] = strings.ReplaceAll(v, "\x00", "") // which no environment can hold
	}
	return vars
}
