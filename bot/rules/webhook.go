package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/url"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/sched"
)

// A Webhook is an address to which messages are posted.
type Webhook struct{ *url.URL }

// UnmarshalText reads text.
func (w *Webhook) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q is no address of a webhook: such as \"https://example.com/hook\"", text)
	}
	w.URL = u
	return nil
}

// Bounds of webhooks. One that is slower, and what comes while so many are under
// way, is given up: a chat does not wait for it.
const (
	hookTimeout  = 15 * time.Second
	hookMaxReply = 64 << 10
	hooksAtOnce  = 64
)

// webhooks post what was heard.
type webhooks struct {
	fetch  bot.Fetcher
	log    *slog.Logger
	flying int
}

// post sends body to the rule's address and calls done once with what is to be
// said: "" is nothing, and a failure is nothing, too.
//
// The request is not tried again: a second delivery is worse than none. Its
// address is not logged but for the host, for the rest is often the secret.
func (w *webhooks) post(rule *Rule, body []byte, done func(answer string)) {
	log := w.log.With("rule", rule.Name, "host", rule.Webhook.Host)
	if w.fetch == nil || w.flying >= hooksAtOnce {
		log.Warn("a webhook was not called", "under way", w.flying)
		done("")
		return
	}
	req := &sched.Request{
		Method: "POST", URL: rule.Webhook.URL, Body: body,
		MaxBody: hookMaxReply, Timeouts: sched.Timeouts{Total: hookTimeout},
	}
	req.Header.Add("Content-Type", "application/json")
	w.flying++
	w.fetch.Add(req, func(resp *sched.Response, err error) sched.Next {
		w.flying--
		answer := ""
		switch {
		case err != nil:
			if e, ok := errors.AsType[*sched.Error](err); ok {
				err = fmt.Errorf("%s: %w", e.Phase, e.Err) // without the URL
			}
			log.Warn("a webhook failed", "err", err)
		case resp.Status < 200 || resp.Status > 299:
			log.Warn("a webhook was refused", "status", resp.Status)
		default:
			answer = answerIn(resp)
		}
		done(answer)
		return sched.Next{}
	})
}

// answerIn returns what a webhook wants said: a text, or the "reply" of an
// object, as in a quick operation of OneBot 11.
func answerIn(resp *sched.Response) string {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch kind {
	case "text/plain":
		return strings.TrimSpace(string(resp.Body))
	case "application/json":
		var v struct {
			Reply string `json:"reply"`
		}
		if json.Unmarshal(resp.Body, &v) == nil {
			return v.Reply
		}
	}
	return ""
}

// A hookBody is what a webhook is told.
type hookBody struct {
	Type     string      `json:"type"` // "message", or that of an event
	Account  string      `json:"account"`
	ID       string      `json:"id,omitempty"`
	Chat     string      `json:"chat,omitempty"` // "group:900"
	Sender   *hookPerson `json:"sender,omitempty"`
	Text     string      `json:"text"`
	Segments bot.Content `json:"segments,omitempty"`
	Time     int64       `json:"time"` // seconds since 1970
}

type hookPerson struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty"`
}

func messageBody(c *bot.Call) []byte {
	m := c.Message()
	return encode(&hookBody{
		Type: "message", Account: c.Bot().Name(), ID: m.ID, Chat: chatName(m.Chat), Sender: personOf(m.Sender),
		Text: m.Text, Segments: m.Content, Time: m.Time.Unix(),
	})
}

func eventBody(account string, e *bot.Event) []byte {
	return encode(&hookBody{
		Type: string(e.Type), Account: account, Chat: chatName(e.Chat), Sender: personOf(e.Sender),
		Text: e.Text, Time: e.Time.Unix(),
	})
}

func personOf(p bot.Person) *hookPerson {
	if p.ID == "" {
		return nil
	}
	return &hookPerson{p.ID, p.Name, string(p.Role)}
}

func chatName(c bot.Chat) string {
	if c.ID == "" {
		return ""
	}
	return string(c.Kind) + ":" + c.ID
}

func encode(b *hookBody) []byte {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // strings and numbers
	}
	return text
}
