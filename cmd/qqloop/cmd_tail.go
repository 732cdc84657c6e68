package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/qqloop/qqloop/bot"
)

type tailCmd struct {
	accountFlags
	JSON bool `name:"json" help:"One JSON object for each message and event, on a line."`
}

// Help is the longer text of qqloop tail --help.
func (*tailCmd) Help() string {
	return `Shows messages and events of all accounts as they come, and answers none:

    15:04:05 group 900 小明> good morning
    15:04:09 group 900 * poke 小明

With --json:

    {"account":"onebot1","type":"message","time":"2026-01-02T15:04:05+08:00","chat":{"kind":"group","id":"900"},"sender":{"id":"20003","name":"小明","role":"member"},"id":"17.1767337445","text":"good morning","content":[{"type":"text","data":{"text":"good morning"}}]}

An event has its name as type, and no id and content. What becomes of the connections stands on standard error. Ctrl-C ends it.`
}

// Run shows what comes until it is told to stop.
func (c *tailCmd) Run(e *env) error {
	v := &visit{serves: true}
	show := func(s *seat, m bot.Message, event bot.EventType) {
		line := ""
		if c.JSON {
			line = heardJSON(s, m, event)
		} else {
			line = heardText(s, m, event, len(v.seats) > 1)
		}
		if _, err := io.WriteString(e.stdout, line+"\n"); err != nil {
			v.end(fmt.Errorf("standard output: %w", err))
		}
	}
	o := visitor(e)
	o.message = func(s *seat, m bot.Message) { show(s, m, "message") }
	o.event = func(s *seat, ev bot.Event) {
		show(s, bot.Message{Chat: ev.Chat, Sender: ev.Sender, Text: ev.Text, Time: ev.Time}, ev.Type)
	}
	o.state = func(s *seat, retry time.Duration) {
		if retry > 0 {
			fmt.Fprintf(e.stderr, "qqloop: %s: offline, trying again in %v: %v\n", s.name, retry.Round(time.Millisecond), s.err)
		}
	}
	o.captcha = func([]byte, func(string)) {
		v.end(errors.New("the service asks for a captcha: let qqloop run log in first"))
	}
	var err error
	if v.roster, err = c.roster(o); err != nil {
		return err
	}
	defer v.close()
	return v.run(e.ctx)
}

// heardText returns a message or an event as a line for people.
func heardText(s *seat, m bot.Message, event bot.EventType, named bool) string {
	var b strings.Builder
	b.WriteString(m.Time.Local().Format("15:04:05"))
	if named {
		b.WriteString(" " + s.name)
	}
	if m.Chat.Kind != "" && (m.Chat.Kind != bot.Friend || event != "message") {
		b.WriteString(" " + m.Chat.String())
	}
	who := m.Sender.Name
	if who == "" && m.Sender.ID != "" {
		who = m.Sender.ID
	}
	if event != "message" {
		b.WriteString(" * " + string(event))
		if who != "" {
			b.WriteString(" " + who)
		}
		if m.Text != "" {
			b.WriteString(": " + m.Text)
		}
	} else {
		b.WriteString(" " + who + "> " + inWords(m.Content))
	}
	return oneLine(b.String())
}

// inWords is a message as text: what is none stands in brackets.
func inWords(c bot.Content) string {
	var b strings.Builder
	for _, s := range c {
		switch s.Type {
		case "text":
			b.WriteString(s.Data["text"])
		case "at":
			b.WriteString("@" + s.Data["qq"])
		default:
			b.WriteString("[" + s.Type + "]")
		}
	}
	return b.String()
}

// oneLine keeps a stranger's text from moving the cursor.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\n", `\n`))
}

func heardJSON(s *seat, m bot.Message, event bot.EventType) string {
	type chat struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	}
	type person struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
		Role string `json:"role,omitempty"`
	}
	line := struct {
		Account string      `json:"account"`
		Type    string      `json:"type"`
		Time    string      `json:"time"`
		Chat    *chat       `json:"chat,omitempty"`
		Sender  *person     `json:"sender,omitempty"`
		ID      string      `json:"id,omitempty"`
		Text    string      `json:"text"`
		Content bot.Content `json:"content,omitempty"`
	}{Account: s.name, Type: string(event), Time: m.Time.Format(time.RFC3339), ID: m.ID, Text: m.Text, Content: m.Content}
	if m.Chat.Kind != "" {
		line.Chat = &chat{string(m.Chat.Kind), m.Chat.ID}
	}
	if m.Sender.ID != "" {
		line.Sender = &person{m.Sender.ID, m.Sender.Name, string(m.Sender.Role)}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(line) // nothing in it can fail
	return strings.TrimSuffix(b.String(), "\n")
}
