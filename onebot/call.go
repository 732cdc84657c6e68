package onebot

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A call is an action under way.
type call struct {
	c      *Client
	action string
	echo   string      // of a WebSocket
	chain  sched.Chain // of HTTP
	timer  *loop.Timer // of a WebSocket
	done   func(json.RawMessage, error)
}

// Call calls an action with params, which is anything that becomes a JSON
// object, or nil. done gets the reply's data, valid until it returns; or an
// *ActionError, *StatusError, *AuthError or *FormatError, which are answers,
// or a *CallError where there was none. Actions whose names begin with "get_"
// may be sent a second time if a kept connection was gone; others are not.
func (c *Client) Call(action string, params any, done func(data json.RawMessage, err error)) {
	c.call(action, params, c.o.CallTimeout, done)
}

func (c *Client) call(action string, params any, timeout time.Duration, done func(json.RawMessage, error)) {
	k := &call{c: c, action: action, done: done}
	refuse := func(err error) { c.soon(func() { done(nil, &CallError{action, false, err}) }) }
	if !c.running {
		refuse(ErrStopped)
		return
	}
	if params == nil {
		params = struct{}{}
	}
	body, err := encode(params)
	if err != nil {
		refuse(err)
		return
	}
	switch {
	case c.socket != nil:
		if err := c.socket.send(k, body, timeout); err != nil {
			refuse(err)
		}
		return
	case c.way == WS:
		refuse(ErrNotConnected)
		return
	}
	r := c.request("POST", action)
	r.Header.Add("Content-Type", "application/json")
	r.Header.Add("Accept", "application/json")
	r.Body = body
	r.Replayable = strings.HasPrefix(action, "get_")
	r.Timeouts.FirstByte, r.Timeouts.Total = timeout, timeout
	k.chain = c.s.Add(r, k.readReply)
	c.calls[k] = struct{}{}
}

// ask is Call for the walk: read is not called once the attempt is over.
func (c *Client) ask(action string, params any, read func(json.RawMessage, error)) {
	epoch := c.epoch
	c.call(action, params, min(c.o.CallTimeout, 15*time.Second), func(data json.RawMessage, err error) {
		if epoch == c.epoch {
			read(data, err)
		}
	})
}

// encode writes JSON without the escapes for HTML, which some implementations
// pass on.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (k *call) readReply(resp *sched.Response, err error) sched.Next {
	delete(k.c.calls, k)
	k.done(k.c.readAnswer(k.action, resp, err))
	return sched.Next{}
}

// readAnswer reads the HTTP reply to an action.
func (c *Client) readAnswer(action string, resp *sched.Response, err error) (json.RawMessage, error) {
	if err != nil {
		sent := true
		if e, ok := errors.AsType[*sched.Error](err); ok {
			sent = e.Sent
		}
		if errors.Is(err, sched.ErrCancelled) {
			err = ErrStopped
		}
		return nil, &CallError{action, sent, err}
	}
	if resp.Status == 401 || resp.Status == 403 {
		return nil, c.refused(resp.Status)
	}
	r, bad := decodeReply(action, resp.Body)
	switch {
	case bad == nil && r.Retcode != 0:
		return r.outcome(action)
	case resp.Status != 200:
		return nil, &StatusError{action, resp.Status}
	case bad != nil:
		return nil, bad
	}
	return r.outcome(action)
}

func (c *Client) refused(status int) *AuthError {
	return &AuthError{URL: c.name, Status: status, Given: c.o.Token != ""}
}
