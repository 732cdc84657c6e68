package onebot

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"github.com/qqloop/qqloop/loop"
)

// A history is what is needed to catch up: no implementation repeats an
// event, but most keep the last messages of each chat.
type history struct {
	chats map[Chat]int64 // where something was said, and when
	last  int64          // when the last event was, by the server's clock
	begin int64          // what is older is not wanted

	missed bool  // something may have been, since heard
	heard  int64 // last as it was when the connection ended

	running bool
	blind   bool   // a list of chats was not to be had
	failed  []Chat // whose messages were not
	cut     bool   // for want of an answer: that is tried again until there is one
	tries   int    // in a row that ended with any of these
	again   bool   // more may have been missed since this one began
	timer   *loop.Timer
	todo    []Chat
	found   []Event
	held    []Event // came while catching up, and wait for what is older
}

const (
	historyChats = 50   // are looked through, the latest first
	historyFew   = 8    // messages of each are asked for,
	historyCount = 50   // and so many where all of those were missed
	historyTries = 8    // in a row at what was refused
	historyHeld  = 1000 // events wait; then what is missed is missed
	historySlack = 60   // seconds: messages overtake each other
)

func (h *history) note(e *Event) {
	if len(h.chats) >= 4*historyChats {
		latest := h.latest()
		for _, chat := range latest[2*historyChats:] {
			delete(h.chats, chat)
		}
	}
	chat := e.Chat()
	h.chats[chat] = max(h.chats[chat], e.Time)
}

// latest returns the chats, the latest first; equal ones in the order of
// their numbers, so that a run can be repeated.
func (h *history) latest() []Chat {
	chats := make([]Chat, 0, len(h.chats))
	for chat := range h.chats {
		chats = append(chats, chat)
	}
	slices.SortFunc(chats, func(a, b Chat) int {
		return cmp.Or(cmp.Compare(h.chats[b], h.chats[a]), cmp.Compare(a.Group, b.Group), cmp.Compare(a.User, b.User))
	})
	return chats
}

func (h *history) hold(e Event) {
	if len(h.held) < historyHeld {
		h.held = append(h.held, e)
	}
}

// miss notes that from here on something may be missed.
func (h *history) miss() {
	if !h.missed {
		h.missed, h.heard = true, h.last
	}
}

// abandonCatchUp gives up what is under way: the next connection begins anew.
// What was held is handed out, for it will not come again.
func (c *Client) abandonCatchUp() {
	h := &c.history
	stopTimer(h.timer)
	h.miss()
	held := h.held
	h.running, h.again, h.todo, h.failed, h.found, h.held = false, false, nil, nil, nil, nil
	if len(held) > 0 {
		c.soon(func() { c.giveAll(held) })
	}
}

func (c *Client) giveAll(events []Event) {
	for _, e := range events {
		if !c.running {
			return
		}
		c.give(e)
	}
}

// catchUp fetches what was missed, of all chats: also where nobody has spoken
// so far somebody may have.
func (c *Client) catchUp() {
	h := &c.history
	nothing := c.o.NoCatchUp || c.self == 0
	if h.begin == 0 {
		h.begin = c.s.Loop().Wall().Unix()
		nothing = true
	}
	if nothing {
		c.endCatchUp()
		return
	}
	stopTimer(h.timer)
	h.running, h.blind, h.cut, h.failed, h.found = true, false, false, nil, nil
	h.todo = h.latest()
	c.ask("get_group_list", nil, c.readGroups)
}

// mayMiss catches up because something may just have been missed, while events
// are followed; and if that is going on already, once more behind it.
func (c *Client) mayMiss() {
	c.history.miss()
	if c.history.running {
		c.history.again = true
		return
	}
	c.catchUp()
}

// catchUpRest tries once more what failed.
func (c *Client) catchUpRest() {
	h := &c.history
	switch {
	case h.running:
	case h.blind:
		c.catchUp()
	default:
		h.running, h.cut = true, false
		h.todo, h.failed = h.failed, nil
		c.nextHistory()
	}
}

func (c *Client) readGroups(data json.RawMessage, err error) {
	var groups []struct {
		GroupID ID `json:"group_id"`
	}
	if err == nil {
		err = decodeData("get_group_list", data, &groups)
	}
	c.history.noList(err)
	if err == nil {
		for _, g := range groups {
			c.history.want(Group(g.GroupID))
		}
	}
	c.ask("get_friend_list", nil, c.readFriends)
}

func (c *Client) readFriends(data json.RawMessage, err error) {
	var friends []struct {
		UserID ID `json:"user_id"`
	}
	if err == nil {
		err = decodeData("get_friend_list", data, &friends)
	}
	c.history.noList(err)
	if err == nil {
		for _, f := range friends {
			c.history.want(Private(f.UserID))
		}
	}
	c.nextHistory()
}

// noList judges a failure to get a list, or nil.
func (h *history) noList(err error) {
	if err != nil && !Unsupported(err) {
		h.blind, h.cut = true, h.cut || unanswered(err)
	}
}

// unanswered reports whether nobody has said anything.
func unanswered(err error) bool {
	var cut *CallError
	return errors.As(err, &cut)
}

func (h *history) want(chat Chat) {
	if _, known := h.chats[chat]; !known {
		h.todo = append(h.todo, chat)
	}
}

// nextHistory asks for the messages of the next chat, or ends.
func (c *Client) nextHistory() {
	h := &c.history
	if len(h.todo) == 0 {
		c.endCatchUp()
		return
	}
	chat := h.todo[0]
	h.todo = h.todo[1:min(len(h.todo), historyChats)]
	c.askHistory(chat, historyFew)
}

// askHistory asks for the last messages of a chat: for few first, since in most
// chats nothing was missed.
func (c *Client) askHistory(chat Chat, count int) {
	action, params := "get_friend_msg_history", any(struct {
		UserID ID  `json:"user_id"`
		Count  int `json:"count"`
	}{chat.User, count})
	if chat.InGroup() {
		action, params = "get_group_msg_history", struct {
			GroupID ID  `json:"group_id"`
			Count   int `json:"count"`
		}{chat.Group, count}
	}
	c.ask(action, params, func(data json.RawMessage, err error) {
		n := 0
		if err == nil {
			n, err = c.readHistory(action, chat, data)
		}
		switch {
		case err != nil:
			c.noHistory(chat, err)
		case n >= count && count < historyCount:
			c.askHistory(chat, historyCount)
			return
		}
		c.nextHistory()
	})
}

// noHistory judges a failure. One without an answer ends this round: if the
// server is there, the next one begins soon, and if it is not, somebody else
// will notice.
func (c *Client) noHistory(chat Chat, err error) {
	h := &c.history
	if Unsupported(err) {
		c.log.Info("the server keeps no history: what was said meanwhile is lost", "err", err)
		h.todo = nil
		return
	}
	c.log.Debug("no history", "of", chat, "err", err)
	h.failed = append(h.failed, chat)
	if unanswered(err) {
		h.cut = true
		h.failed, h.todo = append(h.failed, h.todo...), nil
	}
}

// readHistory takes the messages of a chat that somebody may have missed, and
// returns how many they are: if they are all that was asked for, there may be
// more before them.
func (c *Client) readHistory(action string, chat Chat, data json.RawMessage) (n int, err error) {
	var page struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if err := decodeData(action, data, &page); err != nil {
		return 0, err
	}
	h := &c.history
	from := max(h.begin, h.heard-historySlack)
	for _, raw := range page.Messages {
		var e Event
		if err := json.Unmarshal(raw, &e); err != nil && !onlyOdd(err) || e.Time < from {
			continue
		}
		e.Raw = append(json.RawMessage(nil), raw...)
		e.complete(chat, c.self)
		h.found = append(h.found, e)
		n++
	}
	return n, nil
}

// complete fills in what a message of the history may lack.
func (e *Event) complete(chat Chat, self ID) {
	e.PostType = cmp.Or(e.PostType, "message")
	e.SelfID = cmp.Or(e.SelfID, self)
	e.UserID = cmp.Or(e.UserID, e.Sender.UserID)
	if chat.InGroup() {
		e.MessageType, e.GroupID = "group", chat.Group
	} else {
		e.MessageType = "private"
		if chat.Temporary {
			e.SubType, e.GroupID = "group", chat.Group
		}
	}
}

// endCatchUp hands out what was found, oldest first, and then what has come
// meanwhile.
func (c *Client) endCatchUp() {
	h := &c.history
	slices.SortStableFunc(h.found, func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
	events := append(h.found, h.held...)
	h.running, h.found, h.held = false, nil, nil
	switch h.tries++; {
	case h.again:
		h.again = false
		h.timer = c.s.Loop().CallLater(0, c.catchUp)
	case (h.blind || len(h.failed) > 0) && (h.cut || h.tries <= historyTries):
		h.timer = c.s.Loop().CallLater(c.wait(h.tries+2), c.catchUpRest)
	default:
		h.tries, h.failed = 0, nil
		h.missed = c.account.offline != nil // there is more when it is back
	}
	if len(events) > 0 {
		c.log.Debug("caught up", "events", len(events))
	}
	c.giveAll(events)
}
