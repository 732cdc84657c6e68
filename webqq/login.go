package webqq

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// A rung is a way to log in. The ladder is climbed from the way that asks
// least of everybody to the one that asks a person.
type rung uint8

const (
	rungRelink rung = iota // login2 with all we have, psessionid too
	rungQuick              // pt4_auth: new cookies for supertoken (SmartQQ)
	rungResume             // login2 with the cookies alone
	rungFresh              // a QR code, or the password
)

func (r rung) String() string {
	return [...]string{"relink", "quick", "resume", "fresh"}[r]
}

// login is a login under way.
type login struct {
	done    func(error) // nil: supervised, it never gives up by itself
	first   rung        // where it began
	rung    rung
	refused [rungFresh]bool // the service said no to that way
	step    sched.Next      // what is being tried, for the next try

	// tries counts the failures of step in a row, rounds those of the ladder.
	tries, rounds int

	page    loginPage
	asked   time.Time // SmartQQ: when the code was shown
	check   checkReply
	text    string // the letters of the captcha, or the "!..." that stands for none
	captcha int    // counts captchas: an answer to an old one is void
	nick    string
}

// loginTries is how often a step is tried before the next way is. A service
// that cannot be reached at all is tried for ever: that says nothing about the
// way, and the next one may need a person.
const loginTries = 5

// newLogin returns a login that begins at a rung.
func newLogin(from rung, done func(error)) *login {
	return &login{first: from, rung: from, done: done}
}

// again puts the login on the lowest rung that the service has not said no to:
// one that merely failed, in an outage, may do now.
func (l *login) again() {
	for l.rung = l.first; l.rung < rungFresh && l.refused[l.rung]; l.rung++ {
	}
}

var (
	errFrozen       = errors.New("webqq: the account is frozen: see aq.qq.com")
	errWrongAccount = errors.New("webqq: another account than the configured one has logged in")
)

// firstRung is where a login begins: on the ladder's foot if there is an old
// session.
func (c *Client) firstRung() rung {
	if c.loadSession() || c.session.PSessionID != "" {
		return rungRelink
	}
	return rungFresh
}

// begin returns the first step of the present rung.
func (c *Client) begin() sched.Next {
	l := c.login
	l.tries = 0
	if l.rung == rungQuick && (c.o.Era == Classic || c.cookie("ptlogin2.qq.com", "supertoken") == "") {
		l.rung++
	}
	c.log.Debug("logging in", "by", l.rung.String())
	switch {
	case l.rung == rungQuick:
		return c.step(c.quickAuth(), c.readQuickAuth)
	case l.rung == rungFresh:
		return c.step(c.loginPage(), c.readLoginPage)
	case c.o.Era == Classic:
		return c.step(c.login2(), c.readLogin2)
	}
	return c.step(c.getVfwebqq(), c.readVfwebqq)
}

// step returns the next step of the login and remembers it.
func (c *Client) step(req *sched.Request, rb sched.Readback) sched.Next {
	return c.stepAfter(0, req, rb)
}

func (c *Client) stepAfter(d time.Duration, req *sched.Request, rb sched.Readback) sched.Next {
	c.login.step = sched.Next{Request: req, Readback: rb}
	c.login.tries = 0
	return sched.Next{Request: req, Readback: rb, Delay: d}
}

// loginFailed decides what a failed step leads to. It is called by each
// readback of a login that has no better idea.
func (c *Client) loginFailed(err error) sched.Next {
	l := c.login
	if c.gone(err) || l == nil {
		return sched.Next{}
	}
	act := callAction(err)
	c.log.Warn("a login step failed", "by", l.rung.String(), "err", err)
	l.tries++
	switch {
	case act == giveUp:
		return c.endLogin(err)
	case act == backOff && (l.tries < loginTries || l.done == nil && unreached(err)):
		n := l.step
		n.Delay = c.wait(l.tries, time.Minute)
		if l.tries > 1 {
			c.setState(Waiting, err, n.Delay)
		}
		return n
	case l.rung < rungFresh:
		l.refused[l.rung] = act != backOff
		l.rung++
		return c.begin()
	case l.done != nil:
		return c.endLogin(err)
	}
	// The last way has failed too. All over, more slowly each time: a service
	// that counts logins must not count many.
	l.rounds++
	l.again()
	n := c.begin()
	n.Delay = c.wait(l.rounds+1, 5*time.Minute)
	c.setState(Waiting, err, n.Delay)
	return n
}

// endLogin gives the login up.
func (c *Client) endLogin(err error) sched.Next {
	c.stop(err)
	return sched.Next{}
}

// loginPage asks for the page that a browser would show.
func (c *Client) loginPage() *sched.Request {
	return c.get(c.url(c.hosts.ui, c.hosts.page), "")
}

// loginPage is what the login page's script would know.
type loginPage struct{ sig, version string }

func (c *Client) readLoginPage(resp *sched.Response, err error) sched.Next {
	body, err := read("login page", resp, err)
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	c.setState(LoggingIn, nil, 0)
	c.login.page = scrapeLoginPage(body)
	if c.o.Era == Classic {
		return c.step(c.check(), c.readCheck)
	}
	return c.step(c.qrCode(), c.readQRCode)
}

// scrapeLoginPage finds the two values that later steps have to repeat. The
// service never minded their absence for long.
func scrapeLoginPage(page []byte) loginPage {
	p := loginPage{sig: scrape(page, "g_login_sig"), version: scrape(page, "g_pt_version")}
	if p.version == "" {
		p.version = "10141"
	}
	return p
}

// scrape returns VALUE of NAME=encodeURIComponent("VALUE").
func scrape(page []byte, name string) string {
	_, rest, ok := bytes.Cut(page, []byte(name+`=encodeURIComponent("`))
	value, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed {
		return ""
	}
	return string(value)
}

// quickAuth asks for a new login by what the last one left.
func (c *Client) quickAuth() *sched.Request {
	token := time33(c.cookie("ptlogin2.qq.com", "supertoken"))
	return c.loginGet(c.hosts.ptlogin, "/pt4_auth", "daid", "164", "appid", c.hosts.appid, "auth_token", utoa(token))
}

func (c *Client) readQuickAuth(resp *sched.Response, err error) sched.Next {
	p, err := readPtui("pt4_auth", "ptui_auth_CB", resp, err)
	if err == nil && p.code() != 0 {
		err = loginError("pt4_auth", p, "")
	}
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	return c.followCheckSig("pt4_auth", p.arg(1))
}

// followCheckSig takes the address that a login host gave, after a look at
// where it leads: cookies go with it.
func (c *Client) followCheckSig(call, rawURL string) sched.Next {
	u, err := url.Parse(rawURL)
	switch {
	case err == nil && u.Hostname() == "aq.qq.com":
		return c.loginFailed(errFrozen)
	case err != nil || !strings.HasSuffix(u.Hostname(), ".qq.com"):
		return c.loginFailed(named(call, badFormat("the address to go to is not one of qq.com", []byte(rawURL))))
	}
	if c.o.Plain {
		u.Scheme = "http"
	}
	c.takeCookies()
	return c.step(c.get(u.String(), c.url(c.hosts.ui, c.hosts.page)), c.readCheckSig)
}

// readCheckSig has got the cookies of web2.qq.com. The reply is a redirect to
// a page that nobody needs.
func (c *Client) readCheckSig(resp *sched.Response, err error) sched.Next {
	if err == nil && resp.Status != 302 {
		_, err = read("check_sig", resp, nil)
	} else if err != nil {
		_, err = read("check_sig", resp, err)
	}
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	c.takeCookies()
	c.session.PSessionID = ""
	if c.o.Era == Classic {
		return c.step(c.login2(), c.readLogin2)
	}
	return c.step(c.getVfwebqq(), c.readVfwebqq)
}

// getVfwebqq asks SmartQQ for the token of the S host. The one in the reply to
// login2 is of no use there.
func (c *Client) getVfwebqq() *sched.Request {
	return c.sGet("getvfwebqq", "ptwebqq", c.session.PTWebQQ, "clientid", c.session.ClientID, "psessionid", "", "t", c.ms())
}

func (c *Client) readVfwebqq(resp *sched.Response, err error) sched.Next {
	reply, err := readResult("getvfwebqq", resp, err, decodeLogin2)
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	c.session.VFWebQQ = reply.VFWebQQ
	return c.step(c.login2(), c.readLogin2)
}

// login2 asks for a session of the channel.
func (c *Client) login2() *sched.Request {
	type common struct {
		Status  string `json:"status"`
		PTWebQQ string `json:"ptwebqq"`
	}
	if c.login.rung == rungResume {
		c.session.PSessionID = ""
	}
	head := common{"online", c.session.PTWebQQ}
	var r any
	switch {
	case c.login.rung == rungRelink:
		r = struct {
			common
			ClientID   any    `json:"clientid"`
			PSessionID string `json:"psessionid"`
			Key        string `json:"key"`
			State      string `json:"state"`
		}{head, c.clientID(), c.session.PSessionID, "", "online"}
	case c.o.Era == Classic:
		r = struct {
			common
			Signature  string  `json:"passwd_sig"`
			ClientID   any     `json:"clientid"`
			PSessionID *string `json:"psessionid"`
		}{head, "", c.clientID(), nil}
	default:
		r = struct {
			common
			ClientID   any    `json:"clientid"`
			PSessionID string `json:"psessionid"`
		}{head, c.clientID(), ""}
	}
	req := c.dPost("login2", r)
	req.Replayable = true // two sessions are one too many, and the older is forgotten
	return req
}

func decodeLogin2(body []byte) (loginReply, envelope, error) {
	var r loginReply
	e, err := decodeResult(body, &r)
	return r, e, err
}

// readLogin2 has a session: the login is done.
func (c *Client) readLogin2(resp *sched.Response, err error) sched.Next {
	reply, err := readResult("login2", resp, err, decodeLogin2)
	if err == nil && (reply.PSessionID == "" || reply.UIN == 0) {
		err = named("login2", badFormat("the reply lacks psessionid or uin", resp.Body))
	}
	if err == nil && c.o.Account != 0 && QQ(reply.UIN) != c.o.Account {
		err = errWrongAccount
	}
	if err != nil || c.login == nil {
		return c.loginFailed(err)
	}
	c.session.PSessionID = reply.PSessionID
	c.session.UIN = QQ(reply.UIN)
	if c.o.Era == Classic {
		c.session.VFWebQQ = reply.VFWebQQ
	}
	l := c.login
	if l.nick != "" {
		c.session.Nick = l.nick
	}
	c.login = nil
	c.healed.at, c.healed.rung = c.o.Now(), l.rung
	c.newEpoch()
	c.saveSession()
	c.log.Info("logged in", "account", uint64(c.session.UIN), "by", l.rung.String())
	if l.done != nil {
		c.setState(LoadingContacts, nil, 0)
		l.done(nil)
		return sched.Next{}
	}
	return c.listen()
}

// newEpoch begins a session: chains of the one before end, and its numbers go
// to the past.
func (c *Client) newEpoch() {
	c.epoch++
	c.endSides()
	c.hash = 0
	c.echoes.self = 0
	if len(c.roster.friends)+len(c.roster.groups)+len(c.roster.discusses) > 0 {
		c.past = append([]*roster{c.roster}, c.past[:min(len(c.past), pastRosters-1)]...)
	}
	c.roster = newRoster()
}
