package webqq

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// An outgoing is a message on its way out: its pieces, one after the other.
type outgoing struct {
	c      *Client
	chat   Chat
	pieces []Content
	at     int    // the piece that goes next
	epoch  int    // of the session that chat's numbers and sig are of
	sig    string // KindSess: the permission to write
	lost   int    // how often the session was gone
	tries  int    // how often no connection was to be had
	id     uint64 // of the piece under way, kept when it is sent again
	done   func(error)
}

// sendMisses is how many sends in a row may go without a clear answer; then
// the session is taken for dead, however alive its poll looks.
const sendMisses = 5

// SendFriend sends text to a friend. See Send.
func (c *Client) SendFriend(to UserID, text string, done func(error)) {
	c.Send(FriendChat(to), TextContent(text), done)
}

// SendGroup sends text to a group. See Send.
func (c *Client) SendGroup(to GroupID, text string, done func(error)) {
	c.Send(GroupChat(to), TextContent(text), done)
}

// SendDiscuss sends text to a discussion. See Send.
func (c *Client) SendDiscuss(to DiscussID, text string, done func(error)) {
	c.Send(DiscussChat(to), TextContent(text), done)
}

// Send sends content to chat. Messages go one after the other in the order of
// the calls; while the client is logging in they wait. Long texts go in
// pieces. done, which may be nil, gets nil when the service has accepted all
// of it, which is as much as it ever promises; else a *SendError.
//
// No message is sent twice, unless the service has said that it did not take
// it: where a connection ended between the request and the answer, the error
// is ErrOutcomeUnknown.
func (c *Client) Send(chat Chat, content Content, done func(error)) {
	o := &outgoing{c: c, chat: chat, pieces: split(content, maxPiece), done: done}
	fail := func(err error) { c.o.Soon(func() { o.finish(err) }) }
	switch {
	case len(o.pieces) == 0:
		fail(ErrEmptyMessage)
	case c.drained != nil:
		fail(ErrStopped)
	case !c.running:
		fail(ErrNotLoggedIn)
	case len(c.queue) >= c.o.MaxQueue:
		fail(ErrQueueFull)
	default:
		c.queue = append(c.queue, o)
		c.pump()
	}
}

// Queued returns how many messages wait or are under way.
func (c *Client) Queued() int {
	if c.sending != nil {
		return len(c.queue) + 1
	}
	return len(c.queue)
}

// pump starts the chain of sends if there is something to send and none runs.
func (c *Client) pump() {
	if c.sending != nil {
		return
	}
	if n := c.nextSend(); n.Request != nil {
		c.sendMain = c.s.AddAfter(n.Delay, n.Request, n.Readback)
	}
}

// nextSend takes the next message from the queue, and returns its first step.
func (c *Client) nextSend() sched.Next {
	for i := 0; c.online && i < len(c.queue); {
		o := c.queue[i]
		chat, ok := translate(o.chat, c.roster, c.past)
		if !ok && !c.roster.fetched[o.chat.Kind] {
			i++ // it may be in the list that is missing: see refresh
			continue
		}
		c.queue = slices.Delete(c.queue, i, i+1)
		if !ok {
			c.o.Soon(func() { o.finish(ErrUnknownChat) })
			continue
		}
		o.chat, o.epoch, o.sig = chat, c.epoch, ""
		c.sending = o
		return o.next()
	}
	if len(c.queue) == 0 {
		c.finishDrain()
	}
	return sched.Next{}
}

// next returns the message's next step: the permission, or a piece, paced. If
// the session is another one by now, the message goes back to the head of the
// queue, for its numbers mean nothing any more.
func (o *outgoing) next() sched.Next {
	c := o.c
	if o.epoch != c.epoch || !c.online {
		return o.putBack()
	}
	if o.chat.Kind == KindSess && o.sig == "" {
		return sched.Next{Request: o.sigRequest(), Readback: o.readSig}
	}
	d := c.pacer.delay(c.o.Now(), o.pieces[o.at].Text())
	return sched.Next{Request: o.request(), Readback: o.readSend, Delay: d}
}

func (o *outgoing) putBack() sched.Next {
	c := o.c
	c.queue = slices.Insert(c.queue, 0, o)
	c.sending = nil
	return c.nextSend()
}

// sigRequest asks for the permission to write to somebody who is no friend.
func (o *outgoing) sigRequest() *sched.Request {
	c := o.c
	id, service := uint64(o.chat.Group), "0"
	if o.chat.Discuss != 0 {
		id, service = uint64(o.chat.Discuss), "1"
	}
	return c.dGet("get_c2cmsg_sig2", "id", strconv.FormatUint(id, 10),
		"to_uin", strconv.FormatUint(uint64(o.chat.User), 10), "service_type", service,
		"clientid", c.session.ClientID, "psessionid", c.session.PSessionID, "t", c.ms())
}

func (o *outgoing) readSig(resp *sched.Response, err error) sched.Next {
	sig, err := readResult("get_c2cmsg_sig2", resp, err, decodeSig)
	if err != nil {
		return o.failed(err, false)
	}
	o.sig = sig
	return o.next()
}

func decodeSig(body []byte) (string, envelope, error) {
	var r struct {
		Value string `json:"value"`
	}
	e, err := decodeResult(body, &r)
	return r.Value, e, err
}

// request builds the send of the present piece.
func (o *outgoing) request() *sched.Request {
	c := o.c
	if o.id == 0 {
		c.msgID++
		o.id = c.msgID
	}
	type rest struct {
		Content    string `json:"content"`
		Face       int    `json:"face"`
		ClientID   any    `json:"clientid"`
		MsgID      uint64 `json:"msg_id"`
		PSessionID string `json:"psessionid"`
	}
	r := rest{encodeContent(o.pieces[o.at]), 522, c.clientID(), o.id, c.session.PSessionID}
	switch o.chat.Kind {
	case KindGroup:
		return c.dPost("send_qun_msg2", struct {
			Group GroupID `json:"group_uin"`
			rest
		}{o.chat.Group, r})
	case KindDiscuss:
		return c.dPost("send_discu_msg2", struct {
			Discuss DiscussID `json:"did"`
			rest
		}{o.chat.Discuss, r})
	case KindSess:
		service := 0
		if o.chat.Discuss != 0 {
			service = 1
		}
		return c.dPost("send_sess_msg2", struct {
			To   UserID `json:"to"`
			Sig  string `json:"group_sig"`
			Kind int    `json:"service_type"`
			rest
		}{o.chat.User, o.sig, service, r})
	}
	return c.dPost("send_buddy_msg2", struct {
		To UserID `json:"to"`
		rest
	}{o.chat.User, r})
}

// decodeSend reads the reply to a send: all of it is the code.
func decodeSend(body []byte) (none struct{}, e envelope, err error) {
	e, err = decodeEnvelope(body)
	return none, e, err
}

// readSend has the answer to one piece: the next piece follows, or the next
// message.
func (o *outgoing) readSend(resp *sched.Response, err error) sched.Next {
	c := o.c
	_, err = readResult("send", resp, err, decodeSend)
	if sendAction(err) != proceed {
		return o.failed(err, true)
	}
	c.misses = 0
	c.echoes.remember(o.chat, o.pieces[o.at].Text(), c.o.Now())
	o.at++
	o.id, o.tries = 0, 0
	if o.at < len(o.pieces) {
		return o.next()
	}
	return o.end(nil)
}

// failed decides what becomes of a message that was not clearly accepted. left
// says that it may be under way, and not only a question that goes before it.
func (o *outgoing) failed(err error, left bool) sched.Next {
	c := o.c
	act := sendAction(err)
	if e, ok := errors.AsType[*sched.Error](err); ok && !e.Sent {
		left = false
	}
	if act == unsure && left || left && c.gone(err) {
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	if c.gone(err) {
		if !left {
			err = ErrStopped
		}
		o.finish(err)
		return sched.Next{}
	}
	switch act {
	case backOff:
		// No byte of it has gone out. It waits as those wait that come while
		// the client is logging in: the network will be back.
		o.tries++
		c.log.Warn("no connection for a message", "chat", o.chat.String(), "err", err)
		n := o.next()
		n.Delay = max(n.Delay, c.wait(o.tries, time.Minute))
		return n
	case relink, relogin:
		// The service says that it did not take the message.
		if o.epoch != c.epoch || c.login != nil {
			return o.putBack() // of the session that is gone already
		}
		// Once more, in the next session; if that says the same, the chat is
		// what is wrong.
		if o.lost++; o.lost == 1 {
			from := rungQuick
			if act == relink {
				from = rungRelink
			}
			c.healBeside(from, err)
			return o.putBack()
		}
	case unsure:
		if c.misses++; c.misses >= sendMisses {
			c.misses = 0
			c.healBeside(rungRelink, err)
		}
	}
	return o.end(err)
}

// end finishes the message under way and goes on with the next.
func (o *outgoing) end(err error) sched.Next {
	c := o.c
	o.finish(err)
	if c.sending != o { // done has stopped us
		return sched.Next{}
	}
	c.sending = nil
	return c.nextSend()
}

// finish tells the sender, once.
func (o *outgoing) finish(err error) {
	done := o.done
	o.done = nil
	if err != nil {
		if _, ok := errors.AsType[*SendError](err); !ok {
			err = &SendError{Chat: o.chat, Accepted: o.at, Pieces: len(o.pieces), Err: err}
		}
		o.c.noteSend(err)
	}
	if done != nil {
		done(err)
	}
}
