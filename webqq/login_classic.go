package webqq

import (
	"slices"
	"strconv"
	"strings"

	"github.com/qqloop/qqloop/sched"
)

// check asks whether the account needs a captcha. pt_tea says that we can seal
// the password as in 2015; a service of the years before does not look at it,
// and its shorter answer says so.
func (c *Client) check() *sched.Request {
	return c.loginGet(c.hosts.check, "/check",
		"uin", c.account(), "appid", c.hosts.appid, "js_ver", c.login.page.version, "js_type", "0",
		"login_sig", c.login.page.sig, "u1", c.hosts.target, "r", c.random(), "pt_tea", "1", "pt_vcode", "1")
}

func (c *Client) account() string { return strconv.FormatUint(uint64(c.o.Account), 10) }

// A checkReply is ptui_checkVC: the verify code, or the token for a captcha;
// the salt; and, from 2015, the session that says which of the two passwords
// the service wants.
type checkReply struct {
	captcha bool
	code    string // "!PTH", or the captcha's cap_cd
	salt    [8]byte
	session string
	tea     bool // the password goes by RSA and TEA
}

func decodeCheck(p ptuiCall) (checkReply, error) {
	salt := p.arg(2)
	if len(salt) != 8 {
		return checkReply{}, badFormat("the salt of ptui_checkVC has not eight bytes", []byte(salt))
	}
	r := checkReply{code: p.arg(1), salt: [8]byte([]byte(salt)), session: p.arg(3), tea: len(p.args) > 3}
	switch p.code() {
	case 0:
	case 1:
		r.captcha = true
	default:
		return checkReply{}, badFormat("ptui_checkVC neither asks for a captcha nor does without", []byte(p.arg(0)))
	}
	return r, nil
}

func (c *Client) readCheck(resp *sched.Response, err error) sched.Next {
	p, err := readPtui("check", "ptui_checkVC", resp, err)
	var reply checkReply
	if err == nil {
		reply, err = decodeCheck(p)
		err = named("check", err)
	}
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	c.login.check = reply
	if reply.captcha {
		return c.step(c.captchaImage(), c.readCaptcha)
	}
	c.login.text = reply.code
	return c.step(c.passwordLogin(), c.readLogin)
}

// captchaImage asks for four letters in a picture.
func (c *Client) captchaImage() *sched.Request {
	return c.loginGet(c.hosts.captcha, "/getimage",
		"aid", c.hosts.appid, "r", c.random(), "uin", c.account(), "cap_cd", c.login.check.code)
}

// readCaptcha shows the picture. The chain ends here; the answer, whenever it
// comes, begins the next.
func (c *Client) readCaptcha(resp *sched.Response, err error) sched.Next {
	image, err := read("captcha", resp, err)
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	if c.o.Captcha == nil {
		return c.endLogin(ErrCaptcha)
	}
	l := c.login
	l.captcha++
	this := l.captcha
	c.setState(WaitingForText, nil, 0)
	c.o.Captcha(slices.Clone(image), func(letters string) {
		c.o.Soon(func() {
			if c.login == l && l.captcha == this {
				l.captcha++
				c.launch(c.answerCaptcha(strings.TrimSpace(letters)))
			}
		})
	})
	return sched.Next{}
}

func (c *Client) answerCaptcha(letters string) sched.Next {
	c.setState(LoggingIn, nil, 0)
	if letters == "" {
		return c.step(c.captchaImage(), c.readCaptcha)
	}
	c.login.text = letters
	return c.step(c.passwordLogin(), c.readLogin)
}

// passwordLogin sends the password, sealed as the service wants it this year.
func (c *Client) passwordLogin() *sched.Request {
	l := c.login
	session := l.check.session
	if v := c.cookie(c.hosts.captcha, "verifysession"); l.check.captcha && v != "" {
		session = v
	}
	pairs := []string{"u", c.account(), "p", c.sealedPassword(), "verifycode", strings.ToUpper(l.text),
		"webqq_type", "10", "remember_uin", "1", "login2qq", "1", "aid", c.hosts.appid, "u1", c.hosts.target,
		"h", "1", "action", "4-5-8246", "ptredirect", "0", "ptlang", "2052", "from_ui", "1", "daid", "164",
		"pttype", "1", "dumy", "", "fp", "loginerroralert", "mibao_css", "m_webqq", "t", "1", "g", "1",
		"js_type", "0", "js_ver", l.page.version, "login_sig", l.page.sig}
	if l.check.tea {
		pairs = append(pairs, "pt_uistyle", "5", "pt_randsalt", "0", "pt_vcode_v1", "0", "pt_verifysession_v1", session)
	}
	return c.loginGet(c.hosts.ptlogin, "/login", pairs...)
}

func (c *Client) sealedPassword() string {
	l := c.login
	if l.check.tea {
		return passwordTEA(c.o.Password, l.check.salt, l.text, c.fill)
	}
	return passwordMD5(c.o.Password, l.check.salt, l.text)
}

func (c *Client) readLogin(resp *sched.Response, err error) sched.Next {
	p, err := readPtui("login", "ptuiCB", resp, err)
	if err == nil && p.code() != 0 {
		err = loginError("login", p, p.arg(4))
	}
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	c.login.nick = unescapeName(p.arg(5))
	return c.followCheckSig("login", p.arg(2))
}
