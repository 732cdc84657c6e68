package onebot

import "encoding/json"

// An account is what is known of the account behind the implementation.
type account struct {
	offline *OfflineError // nil: it is online, as far as anybody knows
	red     bool          // since it was put out, a status has admitted it
}

// hear takes what a heartbeat or get_status says, and reports whether that
// changes anything. After bot_offline a status that says all is well is not
// believed until one has said otherwise: they stay green after a kick.
func (a *account) hear(online *bool) bool {
	switch {
	case online == nil:
	case !*online:
		a.red = true
		if a.offline == nil {
			a.offline = &OfflineError{}
			return true
		}
	case a.offline != nil && (a.red || !a.offline.Kicked):
		*a = account{}
		return true
	}
	return false
}

// putOut takes the notice bot_offline.
func (a *account) putOut(reason string) {
	*a = account{offline: &OfflineError{Kicked: true, Reason: reason}}
}

// tellAccount sets the state that belongs to the account's, if the connection
// stands.
func (c *Client) tellAccount() {
	switch {
	case c.since == never:
	case c.account.offline != nil:
		c.history.miss()
		c.setState(AccountOffline, c.account.offline, 0)
		c.failQueue(c.account.offline)
	default:
		back := c.state == AccountOffline
		c.setState(Online, nil, 0)
		if c.nick == "" {
			c.ask("get_login_info", nil, c.readName) // nobody was logged in when it was asked
		}
		if back && !c.history.running {
			c.catchUp() // QQ kept what was said meanwhile, and no event tells of it
		}
		c.pump()
	}
}

// readName learns late who the account is.
func (c *Client) readName(data json.RawMessage, err error) {
	var who loginInfo
	if err == nil && decodeData("get_login_info", data, &who) == nil {
		c.self, c.nick = who.UserID, who.Nickname
	}
}
