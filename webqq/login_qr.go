package webqq

import (
	"slices"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// refusedPause is how long after a refusal on the phone the next code comes.
const refusedPause = 5 * time.Second

// qrCode asks for a code to scan; the cookie qrsig comes with it.
func (c *Client) qrCode() *sched.Request {
	return c.loginGet(c.hosts.ptlogin, "/ptqrshow",
		"appid", c.hosts.appid, "e", "0", "l", "M", "s", "5", "d", "72", "v", "4", "t", c.random())
}

func (c *Client) readQRCode(resp *sched.Response, err error) sched.Next {
	png, err := read("ptqrshow", resp, err)
	if err == nil && len(png) == 0 {
		err = named("ptqrshow", badFormat("the code is empty", png))
	}
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	if c.o.QRCode == nil {
		return c.endLogin(ErrQRCode)
	}
	c.login.asked = c.o.Now()
	c.setState(WaitingForScan, nil, 0)
	c.o.QRCode(slices.Clone(png))
	if c.login == nil { // the function has stopped us
		return sched.Next{}
	}
	return c.step(c.qrState(), c.readQRState)
}

// qrState asks how far the scanning is. The answer comes at once: this is the
// one poll of the protocol that is not held.
func (c *Client) qrState() *sched.Request {
	since := c.o.Now().Sub(c.login.asked).Milliseconds()
	return c.loginGet(c.hosts.ptlogin, "/ptqrlogin",
		"u1", c.hosts.target,
		"ptqrtoken", utoa(hash33(c.cookie(c.hosts.ptlogin, "qrsig"))),
		"ptredirect", "0", "h", "1", "t", "1", "g", "1", "from_ui", "1", "ptlang", "2052",
		"action", "0-0-"+strconv.FormatInt(since, 10),
		"js_ver", c.login.page.version, "js_type", "0", "login_sig", c.login.page.sig, "pt_uistyle", "40",
		"webqq_type", "10", "remember_uin", "1", "login2qq", "1", "aid", c.hosts.appid, "daid", "164",
		"pttype", "1", "dumy", "", "fp", "loginerroralert", "mibao_css", "m_webqq", "pt_randsalt", "0")
}

func (c *Client) readQRState(resp *sched.Response, err error) sched.Next {
	p, err := readPtui("ptqrlogin", "ptuiCB", resp, err)
	if err == nil && p.code() != 0 {
		err = loginError("ptqrlogin", p, p.arg(4))
	}
	if c.login == nil {
		return c.loginFailed(err)
	}
	switch act := callAction(err); act {
	case proceed:
		c.setState(LoggingIn, nil, 0)
		c.login.nick = unescapeName(p.arg(5))
		return c.followCheckSig("ptqrlogin", p.arg(2))
	case quiet:
		if p.code() == 67 {
			c.setState(Scanned, nil, 0)
		}
		return c.stepAfter(c.o.QRPoll, c.qrState(), c.readQRState)
	case renew, pause:
		c.log.Info("a new code is needed", "err", err)
		if c.login.again(); c.login.rung < rungFresh {
			return c.begin() // nobody scans, and there may be a way without
		}
		var d time.Duration
		if act == pause {
			d = refusedPause
			c.setState(Waiting, err, d)
		}
		return c.stepAfter(d, c.qrCode(), c.readQRCode)
	}
	return c.loginFailed(err)
}

func utoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
