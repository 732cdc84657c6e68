package webqq

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"

	"github.com/qqloop/qqloop/sched"
)

// LookupQQ asks for the real number of a friend or a group's member. Answers
// are kept as long as the session. From 2017 on the service told it no more;
// a friend whose name nobody else has is then looked up by that, as clients
// did, and for all others the error is ErrNoNumber.
func (c *Client) LookupQQ(id UserID, done func(QQ, error)) {
	if c.session.PSessionID == "" {
		c.o.Soon(func() { done(0, ErrNotLoggedIn) })
		return
	}
	if chat, ok := translate(FriendChat(id), c.roster, c.past); ok {
		id = chat.User
	}
	if n, ok := c.roster.number(id); ok {
		c.o.Soon(func() { done(n, nil) })
		return
	}
	l := &lookup{c: c, id: id, roster: c.roster, done: done}
	c.s.Add(c.sGet("get_friend_uin2", "tuin", strconv.FormatUint(uint64(id), 10), "type", "1",
		"vfwebqq", c.session.VFWebQQ, "t", c.ms()), l.readUIN2)
}

// A lookup is one question for a real number.
type lookup struct {
	c      *Client
	id     UserID
	roster *roster // the session's that id is of
	done   func(QQ, error)
}

func (l *lookup) readUIN2(resp *sched.Response, err error) sched.Next {
	account, err := readResult("get_friend_uin2", resp, err, decodeUIN2)
	_, status := errors.AsType[*StatusError](err)
	_, format := errors.AsType[*FormatError](err)
	if status || format || err == nil && account == 0 {
		// Closed, as it was from April 2017 on.
		if name := l.uniqueName(); name != "" {
			return sched.Next{Request: l.friendList(), Readback: l.readFriendList}
		}
		err = ErrNoNumber
	}
	return l.end(account, err)
}

func (l *lookup) end(account QQ, err error) sched.Next {
	if err == nil {
		l.roster.numbers[l.id] = account
	}
	l.done(account, err)
	return sched.Next{}
}

// uniqueName returns the friend's name if he alone has it.
func (l *lookup) uniqueName() string {
	f := l.roster.friends[l.id]
	if f == nil {
		return ""
	}
	for _, other := range l.roster.friends {
		if other != f && other.Name() == f.Name() {
			return ""
		}
	}
	return f.Name()
}

// friendList asks the page for the management of groups, which knows names and
// real numbers, but not the session's.
func (l *lookup) friendList() *sched.Request {
	c := l.c
	skey := c.cookie("qun.qq.com", "skey")
	return c.post(c.url("qun.qq.com", "/cgi-bin/qun_mgr/get_friend_list"), c.url("qun.qq.com", "/member.html"),
		url.Values{"bkn": {utoa(bkn(skey))}})
}

func (l *lookup) readFriendList(resp *sched.Response, err error) sched.Next {
	body, err := read("get_friend_list", resp, err)
	if err != nil {
		return l.end(0, err)
	}
	numbers, err := decodeFriendList(body, l.uniqueName())
	switch {
	case err != nil:
		return l.end(0, named("get_friend_list", err))
	case len(numbers) != 1:
		return l.end(0, ErrNoNumber)
	}
	return l.end(numbers[0], nil)
}

// decodeFriendList returns the numbers of those called name.
func decodeFriendList(body []byte, name string) ([]QQ, error) {
	var r struct {
		Code   int `json:"ec"`
		Result map[string]struct {
			People []struct {
				Name string `json:"name"`
				UIN  number `json:"uin"`
			} `json:"mems"`
		} `json:"result"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, badFormat("the reply is no JSON object", body)
	}
	if r.Code != 0 {
		return nil, &APIError{Call: "get_friend_list", Code: r.Code, Message: "the page did not answer"}
	}
	var numbers []QQ
	for _, category := range r.Result {
		for _, p := range category.People {
			if unescapeName(p.Name) == name && p.UIN != 0 {
				numbers = append(numbers, QQ(p.UIN))
			}
		}
	}
	return numbers, nil
}

func decodeUIN2(body []byte) (QQ, envelope, error) {
	var r struct {
		Account number `json:"account"`
	}
	e, err := decodeResult(body, &r)
	return QQ(r.Account), e, err
}
