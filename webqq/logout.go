package webqq

import (
	"cmp"
	"errors"

	"github.com/qqloop/qqloop/sched"
)

// Logout is Shutdown that also tells the service, and forgets the session: the
// next login begins from nothing. done gets the service's error; the client
// has stopped all the same.
func (c *Client) Logout(done func(error)) {
	if c.session.PSessionID == "" {
		c.stop(nil)
		c.o.Soon(func() { done(ErrNotLoggedIn) })
		return
	}
	c.drain(func() {
		l := &logout{c, done}
		req := l.request()
		c.stop(nil)
		c.s.Add(req, l.readLogout)
	})
}

// A logout is the last chain of a session.
type logout struct {
	c    *Client
	done func(error)
}

func (l *logout) request() *sched.Request {
	c := l.c
	if c.o.Era == Classic {
		return c.dGet("logout2", "ids", "", "clientid", c.session.ClientID, "psessionid", c.session.PSessionID, "t", c.ms())
	}
	return c.get(c.url("ptlogin2.qq.com", "/logout?"+query(
		"pt4_token", cmp.Or(c.cookie("ptlogin2.qq.com", "pt4_token"), c.cookie(c.hosts.d, "pt4_token")),
		"pt4_hkey", utoa(time33(c.cookie("ptlogin2.qq.com", "skey"))),
		"pt4_ptcz", utoa(hash33(c.cookie("ptlogin2.qq.com", "ptcz"))),
		"deep_logout", "1")), "")
}

func (l *logout) readLogout(resp *sched.Response, err error) sched.Next {
	_, err = read("logout", resp, err)
	// The page of a redirect is nobody's business.
	if status, ok := errors.AsType[*StatusError](err); ok && status.Status/100 == 3 {
		err = nil
	}
	l.c.forgetSession()
	l.done(err)
	return sched.Next{}
}
