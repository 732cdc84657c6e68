package webqq

import (
	"errors"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A loader fetches the lists, one after the other: who we are, friends,
// groups, discussions, who is online. A list that cannot be had is done
// without: the poll finds out soon enough if the session is the reason.
type loader struct {
	c     *Client
	epoch int
	tries int
	then  func() sched.Next // what follows the last list
}

// refreshEvery is how often the lists are fetched anew.
const refreshEvery = time.Hour

// listTries is how often a list is asked for.
const listTries = 3

// listen returns the first step after a login: the lists, then the poll.
func (c *Client) listen() sched.Next {
	c.setState(LoadingContacts, nil, 0)
	l := &loader{c: c, epoch: c.epoch, then: c.firstPoll}
	return l.self()
}

// missingEvery is how soon that is where a list is missing: messages may wait
// for it.
const missingEvery = time.Minute

// refresh returns the lists' first step an hour from now, and again and again.
func (c *Client) refresh() sched.Next {
	l := &loader{c: c, epoch: c.epoch}
	begin := func() sched.Next {
		n := l.self()
		n.Delay = refreshEvery
		if c.roster.lacks() {
			n.Delay = missingEvery
		}
		return n
	}
	l.then = func() sched.Next {
		c.fetchAllMembers()
		c.pump()
		return begin()
	}
	return begin()
}

// next returns on's step, or again's if err may be over in a moment.
func (l *loader) next(err error, again, on func() sched.Next) sched.Next {
	c := l.c
	if c.gone(err) || l.epoch != c.epoch {
		return sched.Next{}
	}
	if err != nil {
		l.tries++
		if callAction(err) == backOff && l.tries < listTries {
			n := again()
			n.Delay = c.wait(l.tries, time.Minute)
			return n
		}
		c.log.Warn("a list is missing", "err", err)
	}
	l.tries = 0
	return on()
}

func (l *loader) self() sched.Next {
	return sched.Next{Request: l.c.sGet("get_self_info2", "t", l.c.ms()), Readback: l.readSelf}
}

func (l *loader) readSelf(resp *sched.Response, err error) sched.Next {
	nick, err := readResult("get_self_info2", resp, err, decodeSelf)
	if err == nil && nick != "" && l.epoch == l.c.epoch {
		l.c.session.Nick = nick
	}
	return l.next(err, l.self, l.friends)
}

func decodeSelf(body []byte) (nick string, e envelope, err error) {
	var r struct {
		Nick string `json:"nick"`
	}
	e, err = decodeResult(body, &r)
	return unescapeName(r.Nick), e, err
}

// listHashes are the hashes in the order they are tried.
func (c *Client) listHashes() []listHash {
	if c.o.Era == Classic {
		return []listHash{hashP, hashQ, hashO, hashN}
	}
	return []listHash{hashP}
}

// listRequest is what the two signed lists post.
func (c *Client) listRequest(call string) *sched.Request {
	type signed struct {
		VFWebQQ string `json:"vfwebqq"`
		Hash    string `json:"hash"`
	}
	r := signed{c.session.VFWebQQ, c.listHashes()[c.hash](c.session.UIN, c.session.PTWebQQ)}
	if c.o.Era == Classic && call == "get_user_friends2" {
		return c.sPost(call, struct {
			Hello string `json:"h"`
			signed
		}{"hello", r})
	}
	return c.sPost(call, r)
}

func (l *loader) friends() sched.Next {
	return sched.Next{Request: l.c.listRequest("get_user_friends2"), Readback: l.readFriends}
}

func (l *loader) readFriends(resp *sched.Response, err error) sched.Next {
	c := l.c
	friends, err := readResult("get_user_friends2", resp, err, decodeFriends)
	if callAction(err) == rehash && l.epoch == c.epoch && c.hash+1 < len(c.listHashes()) {
		c.hash++
		return l.friends()
	}
	if l.epoch == c.epoch && usable(err) {
		c.roster.setFriends(friends)
	}
	return l.next(err, l.friends, l.groups)
}

// usable reports whether the list that came with err is better than none.
func usable(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return err == nil || ok && api.Code == 100003
}

func (l *loader) groups() sched.Next {
	return sched.Next{Request: l.c.listRequest("get_group_name_list_mask2"), Readback: l.readGroups}
}

func (l *loader) readGroups(resp *sched.Response, err error) sched.Next {
	groups, err := readResult("get_group_name_list_mask2", resp, err, decodeGroups)
	if l.epoch == l.c.epoch && usable(err) {
		l.c.roster.setGroups(groups)
	}
	return l.next(err, l.groups, l.discusses)
}

func (l *loader) discusses() sched.Next {
	c := l.c
	return sched.Next{Request: c.sGet("get_discus_list", "clientid", c.session.ClientID,
		"psessionid", c.session.PSessionID, "vfwebqq", c.session.VFWebQQ, "t", c.ms()), Readback: l.readDiscusses}
}

func (l *loader) readDiscusses(resp *sched.Response, err error) sched.Next {
	discusses, err := readResult("get_discus_list", resp, err, decodeDiscusses)
	if l.epoch == l.c.epoch && usable(err) {
		l.c.roster.setDiscusses(discusses)
	}
	return l.next(err, l.discusses, l.onlineBuddies)
}

func (l *loader) onlineBuddies() sched.Next {
	return sched.Next{Request: l.c.onlineRequest(), Readback: l.readOnline}
}

func (l *loader) readOnline(resp *sched.Response, err error) sched.Next {
	online, err := readResult("get_online_buddies2", resp, err, decodeOnline)
	if err == nil && l.epoch == l.c.epoch {
		l.c.setOnline(online)
	}
	return l.next(err, l.onlineBuddies, l.then)
}

// onlineRequest asks who is online. The service answers no poll of a session
// that has never asked this.
func (c *Client) onlineRequest() *sched.Request {
	return c.dGet("get_online_buddies2", "vfwebqq", c.session.VFWebQQ, "clientid", c.session.ClientID,
		"psessionid", c.session.PSessionID, "t", c.ms())
}

func (c *Client) setOnline(online map[UserID]string) {
	for id, f := range c.roster.friends {
		f.Status = online[id]
	}
}
