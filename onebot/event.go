package onebot

import (
	"encoding/json"
	"errors"
	"time"
)

// An Event is something that happened (OneBot 11, "events"). Which fields are
// set depends on PostType and the type below it; Raw has those that are not
// here.
type Event struct {
	Time     int64  `json:"time"` // seconds since 1970, by the server's clock
	SelfID   ID     `json:"self_id"`
	PostType string `json:"post_type"` // "message", "message_sent", "notice", "request", "meta_event"

	MessageType string `json:"message_type"` // "private", "group"
	NoticeType  string `json:"notice_type"`
	RequestType string `json:"request_type"`
	MetaType    string `json:"meta_event_type"`
	SubType     string `json:"sub_type"`

	MessageID  ID      `json:"message_id"`
	UserID     ID      `json:"user_id"`
	GroupID    ID      `json:"group_id"`
	OperatorID ID      `json:"operator_id"`
	TargetID   ID      `json:"target_id"`
	Message    Message `json:"message"`
	Sender     Sender  `json:"sender"`

	Comment string `json:"comment"` // of a request
	Flag    string `json:"flag"`    // of a request: goes back with the answer

	Raw json.RawMessage `json:"-"` // the event as it came; must not be changed
}

// A Sender is what an implementation knows of who said something: any of it
// may be missing, or old.
type Sender struct {
	UserID   ID     `json:"user_id"`
	Nickname string `json:"nickname"`
	Card     string `json:"card"` // the name in the group
	Role     string `json:"role"` // "owner", "admin", "member"; "" is not known
}

// Name returns the card, or the nickname where there is none.
func (s Sender) Name() string {
	if s.Card != "" {
		return s.Card
	}
	return s.Nickname
}

// Type returns "message.group", "notice.group_increase",
// "meta_event.heartbeat".
func (e *Event) Type() string {
	for _, detail := range []string{e.MessageType, e.NoticeType, e.RequestType, e.MetaType} {
		if detail != "" {
			return e.PostType + "." + detail
		}
	}
	return e.PostType
}

// Chat returns where a message was said, or what group or person something is
// about.
func (e *Event) Chat() Chat {
	switch {
	case e.MessageType == "private" && e.SubType == "group":
		group := e.GroupID
		if group == 0 {
			group = e.senderGroup()
		}
		return Chat{User: e.UserID, Group: group, Temporary: true}
	case e.MessageType == "private":
		if e.PostType == "message_sent" && e.TargetID != 0 {
			return Private(e.TargetID)
		}
		return Private(e.UserID)
	case e.GroupID != 0:
		return Group(e.GroupID)
	}
	return Private(e.UserID)
}

// senderGroup is where go-cqhttp and NapCat put the group of a temporary chat.
func (e *Event) senderGroup() ID {
	var more struct {
		Sender struct {
			GroupID ID `json:"group_id"`
		} `json:"sender"`
	}
	if json.Unmarshal(e.Raw, &more) != nil {
		return 0
	}
	return more.Sender.GroupID
}

// Own reports whether the account said it itself.
func (e *Event) Own() bool {
	return e.PostType == "message_sent" || e.PostType == "message" && e.UserID != 0 && e.UserID == e.SelfID
}

// At returns Time as a time.
func (e *Event) At() time.Time { return time.Unix(e.Time, 0) }

// ParseEvent reads an event. A field of an unexpected type is left out: the
// rest may be all that matters. The error is a *FormatError.
func ParseEvent(b []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(b, &e); err != nil && !onlyOdd(err) {
		return Event{}, badFormat("an event", err.Error(), b)
	}
	if e.PostType == "" {
		return Event{}, badFormat("an event", "it has no post_type", b)
	}
	e.Raw = append(json.RawMessage(nil), b...)
	return e, nil
}

// onlyOdd reports whether err is of one field, and the others were read.
func onlyOdd(err error) bool {
	var odd *json.UnmarshalTypeError
	return errors.As(err, &odd) && odd.Field != ""
}

// A Status is the answer of get_status, and part of a heartbeat.
type Status struct {
	Online *bool `json:"online"` // nil: the implementation does not know
	Good   bool  `json:"good"`
}

// A heartbeat is what a meta event of that type says.
type heartbeat struct {
	Status   Status `json:"status"`
	Interval int64  `json:"interval"` // milliseconds to the next one
}
