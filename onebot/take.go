package onebot

import "encoding/json"

// take takes an event as it came. What is no event, such as a part of
// NapCat's stream actions, is passed over.
func (c *Client) take(raw []byte) {
	c.hear()
	e, err := ParseEvent(raw)
	if err != nil {
		c.log.Warn("what came is no event", "err", err)
		return
	}
	if e.SelfID != 0 && c.self == 0 {
		c.self = e.SelfID
	}
	if e.Time > 0 {
		// Not the latest: one wrong time would hide all that was missed. And not
		// before this event has said what it knows of the account: what was missed
		// was missed since the one before.
		defer func() { c.history.last = e.Time }()
	}
	switch e.PostType {
	case "meta_event":
		if e.MetaType == "heartbeat" {
			c.beat(&e)
		}
		return
	case "notice":
		if e.NoticeType == "bot_offline" {
			var why struct {
				Tag     string `json:"tag"`
				Message string `json:"message"`
			}
			json.Unmarshal(raw, &why)
			if why.Message == "" {
				why.Message = why.Tag
			}
			c.account.putOut(why.Message)
			c.tellAccount()
		}
	}
	if c.account.offline != nil && e.NoticeType != "bot_offline" && !e.Own() {
		c.account = account{} // QQ speaks to it
		c.tellAccount()
	}
	if c.history.running || c.since == never {
		c.history.hold(e)
		return
	}
	c.give(e)
}

// give hands out what is new and not our own.
func (c *Client) give(e Event) {
	switch e.PostType {
	case "message", "message_sent":
		c.history.note(&e)
		switch {
		case c.seen.repeated(&e):
			c.log.Debug("a message came twice", "chat", e.Chat().String(), "id", e.MessageID)
		case e.Own() || e.UserID == c.self && c.self != 0:
			c.log.Debug("own message", "chat", e.Chat().String(), "id", e.MessageID)
		case c.o.OnMessage != nil:
			c.o.OnMessage(e)
		}
	default:
		if c.o.OnEvent != nil {
			c.o.OnEvent(e)
		} else {
			c.log.Debug("event", "type", e.Type(), "sub", e.SubType)
		}
	}
}
