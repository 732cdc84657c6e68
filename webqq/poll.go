package webqq

import (
	"errors"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A poller is the chain that waits for news, in one session. When the session
// is gone its last poll may still be held by the service, and may still bring
// something: so it is left alone, and its readback hands out what comes and
// then ends.
type poller struct {
	c         *Client
	epoch     int
	fails     int  // in a row
	announced bool // get_online_buddies2 was repeated for a 103
}

const (
	// pollFails is how many polls in a row may fail; then login2 again.
	pollFails = 8
	// pollLongest is the longest wait after a failed poll.
	pollLongest = 10 * time.Second
	// pollQuick is what a poll without news has to take at least, and how long
	// the next one waits if it did not.
	pollQuick = time.Second
	// pollPatient is how long a poll is held at least that ends in a 504 and
	// means no news: the gateway in front of the service lost its patience.
	pollPatient = 10 * time.Second
	// pollHeld is how long the service may hold a poll: it took a minute,
	// and the page gave up after two.
	pollHeld = 2 * time.Minute
)

// firstPoll is the end of a login: from here on messages go both ways.
func (c *Client) firstPoll() sched.Next {
	c.online = true
	c.saveSession()
	c.setState(Online, nil, 0)
	c.fetchAllMembers()
	c.launchSide(sideRefresh, c.refresh())
	if c.o.Era == Classic {
		c.launchSide(sideHeartbeat, c.heartbeat())
	}
	c.pump()
	p := &poller{c: c, epoch: c.epoch}
	return p.poll(0)
}

// poll asks for news.
func (p *poller) poll(after time.Duration) sched.Next {
	c := p.c
	var r any
	if c.o.Era == Classic {
		r = struct {
			ClientID   any    `json:"clientid"`
			PSessionID string `json:"psessionid"`
			Key        int    `json:"key"`
			IDs        []int  `json:"ids"`
		}{c.clientID(), c.session.PSessionID, 0, []int{}}
	} else {
		r = struct {
			PTWebQQ    string `json:"ptwebqq"`
			ClientID   any    `json:"clientid"`
			PSessionID string `json:"psessionid"`
			Key        string `json:"key"`
		}{c.session.PTWebQQ, c.clientID(), c.session.PSessionID, ""}
	}
	req := c.dPost("poll2", r)
	req.Replayable = true // the newest poll is the one that counts
	req.Timeouts.FirstByte = pollHeld
	req.Timeouts.Total = pollHeld + callTimeout
	return sched.Next{Request: req, Readback: p.readPoll, Delay: after}
}

// readPoll hands out what came, whatever else is wrong, and polls again.
func (p *poller) readPoll(resp *sched.Response, err error) sched.Next {
	c := p.c
	c.notePoll(resp, err)
	body, err := read("poll2", resp, err)
	var news polled
	if err == nil {
		news, err = decodePoll(body)
		err = named("poll2", err)
	} else if status, ok := errors.AsType[*StatusError](err); ok && status.Status == 504 && resp.Timing.Total >= pollPatient {
		err = nil
	}
	if c.gone(err) {
		return sched.Next{}
	}
	kicked := p.take(news.packets)
	if p.stale() {
		return sched.Next{}
	}
	if kicked != nil {
		return c.heal(rungRelink, kicked)
	}
	return p.answer(news, err, resp)
}

// stale reports whether another login has taken over, is under way, or the
// client was stopped.
func (p *poller) stale() bool { return p.epoch != p.c.epoch || p.c.login != nil }

// answer does what the table says.
func (p *poller) answer(news polled, err error, resp *sched.Response) sched.Next {
	c := p.c
	act := pollAction(news, err)
	if err == nil && news.code != 0 {
		err = apiError("poll2", news.code, news.text)
	}
	if act != backOff && act != announce {
		p.fails = 0
	}
	switch act {
	case quiet:
		p.announced = false
		if len(news.packets) > 0 {
			return p.poll(0)
		}
		return p.again(resp)
	case recookie:
		c.log.Info("a new ptwebqq")
		if news.cookie != "" {
			c.session.PTWebQQ = news.cookie
			setCookie(c.o.Jar, "qq.com", "ptwebqq", news.cookie)
			c.saveSession()
		}
		return p.again(resp)
	case pause:
		return p.poll(pollLongest)
	case announce:
		if !p.announced {
			p.announced = true
			return sched.Next{Request: c.onlineRequest(), Readback: p.readAnnounced}
		}
		return c.heal(rungQuick, err)
	case relink:
		return c.heal(rungRelink, err)
	case relogin:
		return c.heal(rungQuick, err)
	}
	p.fails++
	c.log.Warn("a poll failed", "in a row", p.fails, "err", err)
	if p.fails > pollFails {
		return c.heal(rungRelink, err)
	}
	return p.poll(c.wait(p.fails, pollLongest))
}

// again polls again after a poll that brought nothing, and not at once if the
// service did not hold it: it would be asked as fast as it can answer.
func (p *poller) again(resp *sched.Response) sched.Next {
	if resp.Timing.Total < pollQuick {
		return p.poll(pollQuick)
	}
	return p.poll(0)
}

// readAnnounced polls again after get_online_buddies2 was repeated.
func (p *poller) readAnnounced(resp *sched.Response, err error) sched.Next {
	online, err := readResult("get_online_buddies2", resp, err, decodeOnline)
	if p.c.gone(err) || p.stale() {
		return sched.Next{}
	}
	if err == nil {
		p.c.setOnline(online)
	}
	return p.poll(0)
}

// take hands out packets, and returns an error if one says that the account
// has logged in elsewhere.
func (p *poller) take(packets []packet) (kicked error) {
	for _, k := range packets {
		switch {
		case !p.c.running:
			return nil // OnMessage has stopped us
		case k.message != nil:
			p.c.takeMessage(*k.message, p.epoch)
		case k.event.Type != "kick_message":
			p.c.takeEvent(*k.event)
		case !p.stale(): // else it was us who logged in elsewhere
			kicked = ErrKicked
			p.c.takeEvent(*k.event)
		}
	}
	return kicked
}

func (c *Client) takeMessage(m Message, epoch int) {
	if c.seen.repeated(m, epoch) {
		c.log.Debug("a message came twice", "chat", m.Chat.String(), "id", m.ID)
		return
	}
	known := c.knows(m.Chat, m.Sender)
	if c.echoes.own(m, c.session.UIN, known, c.o.Now()) {
		c.log.Debug("own message", "chat", m.Chat.String())
		return
	}
	if !known {
		c.missMember(m.Chat)
	}
	if c.o.OnMessage != nil {
		c.o.OnMessage(m)
	}
}

func (c *Client) knows(chat Chat, id UserID) bool {
	if c.roster.friends[id] != nil {
		return true
	}
	_, ok := c.roster.member(chat, id)
	return ok
}

func (c *Client) takeEvent(e Event) {
	if f := c.roster.friends[e.From]; f != nil && e.Type == "buddies_status_change" {
		f.Status = e.Status
	}
	c.log.Debug("event", "type", e.Type, "value", string(e.Value))
	if c.o.OnEvent != nil {
		c.o.OnEvent(e)
	}
}

// A beater is the classic heartbeat: a question every minute whose answer
// nobody reads. It ends with its session.
type beater struct {
	c     *Client
	epoch int
}

const beatEvery = time.Minute

func (c *Client) heartbeat() sched.Next {
	b := &beater{c, c.epoch}
	return b.beat()
}

func (b *beater) beat() sched.Next {
	c := b.c
	c.beats++
	req := c.get(c.url(c.hosts.beat, "/web2/get_msg_tip?"+query("uin", "", "tp", "1", "id", "0", "retype", "1",
		"rc", strconv.Itoa(c.beats), "lv", "3", "t", c.ms())), "")
	return sched.Next{Request: req, Readback: b.readHeartbeat, Delay: beatEvery}
}

func (b *beater) readHeartbeat(_ *sched.Response, err error) sched.Next {
	if b.c.gone(err) || b.epoch != b.c.epoch {
		return sched.Next{}
	}
	return b.beat()
}
