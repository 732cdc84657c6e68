package webqq

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// The decoders of this file are pure: bytes in, values out. They copy what
// they keep, so the bytes may go when they return.

// envelope is around every reply of the S and D hosts.
type envelope struct {
	Code    *number         `json:"retcode"`
	ErrCode *number         `json:"errCode"` // what some sends said instead, 2016 and later
	Result  json.RawMessage `json:"result"`
	ErrMsg  string          `json:"errmsg"`
	Msg     string          `json:"msg"`
	P       string          `json:"p"` // with code 116
}

func (e envelope) code() int {
	switch {
	case e.Code != nil:
		return int(*e.Code)
	case e.ErrCode != nil:
		return int(*e.ErrCode)
	}
	return 0
}

// text returns the service's own words, if it said more than "error".
func (e envelope) text() string {
	if e.ErrMsg != "" && e.ErrMsg != "error" && e.ErrMsg != "error!!!" {
		return e.ErrMsg
	}
	return e.Msg
}

func decodeEnvelope(body []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return envelope{}, badFormat("the reply is no JSON object", body)
	}
	if e.Code == nil && e.ErrCode == nil {
		return envelope{}, badFormat("the reply has no retcode", body)
	}
	return e, nil
}

// decodeResult unpacks the result of a reply into dst. Its retcode comes back
// too; dst is filled even if that is not 0, because code 100003 came with a
// list that lacked only a part.
func decodeResult(body []byte, dst any) (envelope, error) {
	e, err := decodeEnvelope(body)
	if err != nil {
		return e, err
	}
	if len(e.Result) > 0 && e.Result[0] != '"' {
		if err := json.Unmarshal(e.Result, dst); err != nil {
			return e, badFormat("the result has another shape", e.Result)
		}
	} else if e.code() == 0 {
		return e, badFormat("the reply has no result", body)
	}
	return e, nil
}

// A loginReply is the result of login2.
type loginReply struct {
	UIN        number `json:"uin"`
	VFWebQQ    string `json:"vfwebqq"`
	PSessionID string `json:"psessionid"`
}

// polled is what a poll brought.
type polled struct {
	code    int
	text    string // the service's words with it
	cookie  string // the new ptwebqq, with code 116
	packets []packet
}

// A packet is one thing that happened: a Message, or an Event.
type packet struct {
	message *Message
	event   *Event
}

// An Event is what a poll can bring besides messages. SmartQQ sent only
// "kick_message"; the others are classic.
type Event struct {
	Type   string // the poll_type: "kick_message", "buddies_status_change", "sys_g_msg", ...
	From   UserID // who it is about, or 0
	Group  GroupID
	Reason string          // kick_message: what the service says about it; system_message: what was asked
	Status string          // buddies_status_change: "online", "away", ...
	Value  json.RawMessage // all of it
}

// rawValue has the fields of all poll_types together: their names agree.
type rawValue struct {
	Content     json.RawMessage `json:"content"`
	FromUIN     number          `json:"from_uin"`
	SendUIN     number          `json:"send_uin"`
	DID         number          `json:"did"`
	ID          number          `json:"id"`
	RUIN        number          `json:"ruin"`
	ServiceType number          `json:"service_type"`
	MsgID       number          `json:"msg_id"`
	MsgID2      number          `json:"msg_id2"`
	Seq         number          `json:"seq"`
	Time        number          `json:"time"`
	UIN         number          `json:"uin"`
	Status      string          `json:"status"`
	Reason      string          `json:"reason"`
	Msg         string          `json:"msg"`
}

// decodePoll reads the reply of poll2. An empty body is no news, as it was for
// every client. Of several packets the service puts the newest first; they
// come back oldest first.
func decodePoll(body []byte) (polled, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return polled{}, nil
	}
	e, err := decodeEnvelope(body)
	if err != nil {
		return polled{}, err
	}
	p := polled{code: e.code(), text: e.text(), cookie: e.P}
	var raw []struct {
		Type  string          `json:"poll_type"`
		Value json.RawMessage `json:"value"`
	}
	if p.code != 0 || len(e.Result) == 0 || e.Result[0] != '[' {
		return p, nil // "result":"ok" is another way to say nothing
	}
	if err := json.Unmarshal(e.Result, &raw); err != nil {
		return p, badFormat("the packets have another shape", e.Result)
	}
	for _, r := range slices.Backward(raw) {
		p.packets = append(p.packets, decodePacket(r.Type, r.Value))
	}
	slices.SortStableFunc(p.packets, func(a, b packet) int {
		if a.message == nil || b.message == nil {
			return 0
		}
		return a.message.Time.Compare(b.message.Time)
	})
	return p, nil
}

func decodePacket(kind string, value json.RawMessage) packet {
	var v rawValue
	bad := json.Unmarshal(value, &v) != nil
	m := Message{
		Sender: UserID(v.FromUIN),
		ID:     uint64(v.MsgID),
		ID2:    uint64(v.MsgID2),
		Seq:    uint64(v.Seq),
		Time:   time.Unix(int64(v.Time), 0),
	}
	switch kind {
	case "message":
		m.Chat = FriendChat(UserID(v.FromUIN))
	case "group_message":
		m.Chat = GroupChat(GroupID(v.FromUIN))
		m.Sender = UserID(v.SendUIN)
	case "discu_message":
		m.Chat = DiscussChat(DiscussID(v.DID))
		m.Sender = UserID(v.SendUIN)
	case "sess_message":
		m.Chat = Chat{Kind: KindSess, User: UserID(v.FromUIN)}
		if v.ServiceType == 1 {
			m.Chat.Discuss = DiscussID(v.ID)
		} else {
			m.Chat.Group = GroupID(v.ID)
		}
		m.Real = QQ(v.RUIN)
	default:
		bad = true
	}
	if !bad && len(v.Content) > 0 {
		m.Content = decodeContent(v.Content)
		return packet{message: &m}
	}
	e := &Event{Type: kind, From: UserID(v.UIN), Reason: v.Reason, Status: v.Status, Value: slices.Clone(value)}
	if e.From == 0 {
		e.From = UserID(v.FromUIN)
	}
	if kind == "sys_g_msg" {
		e.Group, e.From = GroupID(v.FromUIN), 0
	}
	if e.Reason == "" {
		e.Reason = v.Msg
	}
	return packet{event: e}
}
