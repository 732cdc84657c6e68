package onebot

import (
	"encoding/json"
	"errors"

	"github.com/qqloop/qqloop/sched"
)

// A Version is the answer of get_version_info.
type Version struct {
	Name     string `json:"app_name"` // "NapCat.Onebot", "LLOneBot", "go-cqhttp"
	Version  string `json:"app_version"`
	Protocol string `json:"protocol_version"` // "v11"
}

// A loginInfo is the answer of get_login_info.
type loginInfo struct {
	UserID   ID     `json:"user_id"`
	Nickname string `json:"nickname"`
}

// connect begins an attempt.
func (c *Client) connect() {
	c.drop()
	c.tried = nil
	if c.way == "" && c.o.Transport != Auto {
		c.way = c.o.Transport
	}
	if c.ws {
		c.way = WS
	}
	c.setState(Connecting, nil, 0)
	if c.way == WS {
		c.openSocket(c.login)
		return
	}
	c.login()
}

// login asks who the account is.
func (c *Client) login() { c.ask("get_login_info", nil, c.readLogin) }

// readLogin is the first answer of the server. A port for WebSockets only
// says so by its status; with Auto that is a hint.
func (c *Client) readLogin(data json.RawMessage, err error) {
	var status *StatusError
	if errors.As(err, &status) && status.Status < 500 && c.o.Transport == Auto && c.socket == nil {
		c.way, c.tried = WS, []error{err}
		c.openSocket(c.login)
		return
	}
	var who loginInfo
	if err == nil {
		err = decodeData("get_login_info", data, &who)
	}
	if err != nil && !c.answered(err) {
		c.lost(err)
		return
	}
	if err != nil {
		// The server is there and says no: NapCat does so while nobody is logged in.
		c.log.Warn("the server does not say who the account is", "err", err)
	} else {
		c.self, c.nick = who.UserID, who.Nickname
	}
	c.ask("get_version_info", nil, c.readVersion)
}

// answered reports whether err is an answer of the implementation.
func (c *Client) answered(err error) bool {
	var no *ActionError
	return errors.As(err, &no)
}

// readVersion notes whose implementation it is. Nothing depends on it: what a
// server can do is asked of the server, since versions lie.
func (c *Client) readVersion(data json.RawMessage, err error) {
	if err == nil {
		err = decodeData("get_version_info", data, &c.version)
	}
	if err != nil && !c.tolerable(err) {
		c.lost(err)
		return
	}
	c.ask("get_status", nil, c.readFirstStatus)
}

// tolerable reports whether the walk goes on after err: an action that is not
// there, or fails, or whose answer is odd.
func (c *Client) tolerable(err error) bool {
	var odd *FormatError
	return c.answered(err) || errors.As(err, &odd) || Unsupported(err)
}

// readFirstStatus learns whether the account is logged in, and goes on to the
// events.
func (c *Client) readFirstStatus(data json.RawMessage, err error) {
	if err != nil && !c.tolerable(err) {
		c.lost(err)
		return
	}
	c.account = account{}
	var status Status
	if err == nil && decodeData("get_status", data, &status) == nil {
		c.account.hear(status.Online)
	}
	if c.self == 0 && c.account.offline == nil {
		c.account.offline = &OfflineError{Reason: "the implementation does not know who it is"}
	}
	c.follow()
}

// follow begins to listen, in the way that is known or the first that may work.
func (c *Client) follow() {
	switch {
	case c.socket != nil:
		c.ready()
	case c.way == Poll:
		c.startPoll()
	case c.way == WS:
		c.openSocket(c.ready)
	default:
		c.way = SSE
		c.startSSE()
	}
}

// wayFailed goes on to the next way, if any: err is the server's word that
// this one is closed.
func (c *Client) wayFailed(err error) {
	c.chain.Cancel()
	c.chain = sched.Chain{}
	c.tried = append(c.tried, err)
	c.log.Debug("no events this way", "transport", string(c.way), "err", err)
	last := c.way
	c.way = ""
	switch {
	case c.o.Transport != Auto || c.ws || last == WS:
		c.lost(&NoEventsError{c.name, c.tried})
	case last == SSE:
		c.way = Poll
		c.startPoll()
	default:
		c.way = WS
		c.openSocket(c.ready)
	}
}

// ready is the end of the walk, or that a stream is open anew: events come.
func (c *Client) ready() {
	c.startWatch()
	if c.since == never {
		c.since = c.s.Loop().Time()
		c.log.Info("connected", "account", c.self, "nick", c.nick, "transport", string(c.way), "implementation", c.version.Name)
		c.tellAccount()
	}
	c.catchUp()
	c.pump()
}
