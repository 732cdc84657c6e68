package webqq

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// memberGap is the pause between two groups: the lists are long, and nobody
// waits for them.
const memberGap = 300 * time.Millisecond

// memberAgain is how soon a chat's members are asked for again because
// somebody spoke whom the list has not.
const memberAgain = 10 * time.Minute

// A fetcher fetches the members of chats, one after the other.
type fetcher struct {
	c     *Client
	epoch int
	chat  Chat
}

// fetchAllMembers asks for the members of all groups and discussions.
func (c *Client) fetchAllMembers() {
	for _, id := range slices.Sorted(maps.Keys(c.roster.groups)) {
		c.wantMembers(GroupChat(id))
	}
	for _, id := range slices.Sorted(maps.Keys(c.roster.discusses)) {
		c.wantMembers(DiscussChat(id))
	}
}

// wantMembers asks for the members of chat unless that is under way.
func (c *Client) wantMembers(chat Chat) {
	if slices.Contains(c.fetch, chat) {
		return
	}
	c.fetch = append(c.fetch, chat)
	if !c.fetching {
		f := &fetcher{c: c, epoch: c.epoch}
		if n := f.next(); n.Request != nil {
			c.fetching = true
			c.launchSide(sideMembers, n)
		}
	}
}

// missMember asks for the members of chat because one is unknown.
func (c *Client) missMember(chat Chat) {
	var asked time.Time
	if g := c.roster.groups[chat.Group]; chat.Kind == KindGroup && g != nil {
		asked = g.asked
	} else if d := c.roster.discusses[chat.Discuss]; chat.Kind == KindDiscuss && d != nil {
		asked = d.asked
	} else {
		return
	}
	if c.o.Now().Sub(asked) > memberAgain {
		c.wantMembers(chat)
	}
}

func (f *fetcher) next() sched.Next {
	c := f.c
	for len(c.fetch) > 0 {
		f.chat = c.fetch[0]
		c.fetch = c.fetch[1:]
		if g := c.roster.groups[f.chat.Group]; f.chat.Kind == KindGroup && g != nil {
			g.asked = c.o.Now()
			return sched.Next{Request: c.sGet("get_group_info_ext2", "gcode", strconv.FormatUint(uint64(g.Code), 10),
				"vfwebqq", c.session.VFWebQQ, "t", c.ms()), Readback: f.readGroupInfo}
		}
		if d := c.roster.discusses[f.chat.Discuss]; f.chat.Kind == KindDiscuss && d != nil {
			d.asked = c.o.Now()
			return sched.Next{Request: c.dGet("get_discu_info", "did", strconv.FormatUint(uint64(d.ID), 10),
				"vfwebqq", c.session.VFWebQQ, "clientid", c.session.ClientID,
				"psessionid", c.session.PSessionID, "t", c.ms()), Readback: f.readDiscussInfo}
		}
	}
	c.fetching = false
	return sched.Next{}
}

func (f *fetcher) readGroupInfo(resp *sched.Response, err error) sched.Next {
	members, err := readResult("get_group_info_ext2", resp, err, decodeGroupInfo)
	if g := f.c.roster.groups[f.chat.Group]; g != nil && f.epoch == f.c.epoch && usable(err) {
		g.Members = members
	}
	return f.done(err)
}

func (f *fetcher) readDiscussInfo(resp *sched.Response, err error) sched.Next {
	members, err := readResult("get_discu_info", resp, err, decodeDiscussInfo)
	if d := f.c.roster.discusses[f.chat.Discuss]; d != nil && f.epoch == f.c.epoch && usable(err) {
		d.Members = members
	}
	return f.done(err)
}

func (f *fetcher) done(err error) sched.Next {
	if f.c.gone(err) || f.epoch != f.c.epoch {
		return sched.Next{}
	}
	if err != nil {
		f.c.log.Warn("the members are missing", "chat", f.chat.String(), "err", err)
	}
	n := f.next()
	n.Delay = memberGap
	return n
}
