package webqq

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/sched"
)

// Era says which of the two services is spoken.
type Era uint8

// The eras.
const (
	SmartQQ Era = iota // w.qq.com, 2014 to 2018: a QR code
	Classic            // web2.qq.com, to 2015: account, password, captcha
)

// String returns "smartqq" or "webqq".
func (e Era) String() string {
	if e == Classic {
		return "webqq"
	}
	return "smartqq"
}

// hosts is what differs between the eras before a word is spoken: who is
// asked, and what the asking page calls itself.
type hosts struct {
	ui      string // login page
	check   string // ptlogin2: does this account need a captcha?
	ptlogin string // ptlogin2: login, QR codes
	captcha string
	s, d    string // contact data; channel
	beat    string // heartbeat

	appid    string
	page     string // path and query of the login page
	target   string // u1: where a login leads to
	refererS string // the proxy page that the page's script calls from
	refererD string
}

func hostsOf(e Era) hosts {
	h := hosts{
		ui:      "ui.ptlogin2.qq.com",
		check:   "check.ptlogin2.qq.com",
		ptlogin: "ssl.ptlogin2.qq.com",
		captcha: "ssl.captcha.qq.com",
		s:       "s.web2.qq.com",
		beat:    "web.qq.com",
	}
	if e == Classic {
		h.d = "d.web2.qq.com"
		h.appid = "1003903"
		h.page = "/cgi-bin/login?" + query("daid", "164", "target", "self", "style", "5",
			"mibao_css", "m_webqq", "appid", h.appid, "enable_qlogin", "0", "no_verifyimg", "1",
			"s_url", "http://web2.qq.com/loginproxy.html", "f_url", "loginerroralert",
			"strong_login", "1", "login_state", "10", "t", "20130723001")
		h.target = "http://web2.qq.com/loginproxy.html?login2qq=1&webqq_type=10"
		h.refererS = "/proxy.html?v=20110412001&callback=1&id=3"
		h.refererD = "/proxy.html?v=20110331002&callback=1&id=2"
		return h
	}
	h.d = "d1.web2.qq.com"
	h.appid = "501004106"
	h.page = "/cgi-bin/login?" + query("daid", "164", "target", "self", "style", "16",
		"mibao_css", "m_webqq", "appid", h.appid, "enable_qlogin", "0", "no_verifyimg", "1",
		"s_url", "http://w.qq.com/proxy.html", "f_url", "loginerroralert",
		"strong_login", "1", "login_state", "10", "t", "20131024001")
	h.target = "http://w.qq.com/proxy.html?login2qq=1&webqq_type=10"
	h.refererS = "/proxy.html?v=20130916001&callback=1&id=1"
	h.refererD = "/proxy.html?v=20151105001&callback=1&id=2"
	return h
}

// secure lists the hosts that are spoken to over https: those that show or
// take a password, a code or a captcha, as the pages had it. The others are
// spoken to over http. S and D answered on both, but the pages at w.qq.com and
// web2.qq.com were http for most of their time, and so were the Referers that S
// and D looked at. Of the login hosts the page asked check alone over http.
var secure = [...]string{
	"ui.ptlogin2.qq.com",
	"ssl.ptlogin2.qq.com",
	"ptlogin2.qq.com", // logout: what it is sent is as good as a password
	"ssl.captcha.qq.com",
}

// schemeOf returns "https" or "http".
func (c *Client) schemeOf(host string) string {
	if !c.o.Plain && slices.Contains(secure[:], host) {
		return "https"
	}
	return "http"
}

// query encodes pairs in the order they are given, as the page's script did:
// a trace then reads like the reference.
func query(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pairs[i] + "=" + url.QueryEscape(pairs[i+1]))
	}
	return b.String()
}

// url returns the address of path on host.
func (c *Client) url(host, path string) string { return c.schemeOf(host) + "://" + host + path }

// get builds a GET as the page would make it.
func (c *Client) get(rawURL, referer string) *sched.Request {
	req := sched.Get(rawURL)
	c.dress(req, referer)
	req.Timeouts.Total = callTimeout
	return req
}

// loginGet is a GET of the login hosts, whose Referer is the login page.
func (c *Client) loginGet(host, path string, pairs ...string) *sched.Request {
	return c.get(c.url(host, path+"?"+query(pairs...)), c.url(c.hosts.ui, c.hosts.page))
}

// sGet and dGet are calls of the S and D hosts: each has its own proxy page.
func (c *Client) sGet(call string, pairs ...string) *sched.Request {
	return c.get(c.url(c.hosts.s, "/api/"+call+"?"+query(pairs...)), c.url(c.hosts.s, c.hosts.refererS))
}

func (c *Client) dGet(call string, pairs ...string) *sched.Request {
	return c.get(c.url(c.hosts.d, "/channel/"+call+"?"+query(pairs...)), c.url(c.hosts.d, c.hosts.refererD))
}

// sPost posts r as JSON to the S host. All that is posted there is a question,
// which may be asked twice.
func (c *Client) sPost(call string, r any) *sched.Request {
	req := c.post(c.url(c.hosts.s, "/api/"+call), c.url(c.hosts.s, c.hosts.refererS),
		url.Values{"r": {string(appendJSON(nil, r))}})
	req.Replayable = true
	return req
}

// dPost posts r as JSON to the D host. The classic page said clientid and
// psessionid twice.
func (c *Client) dPost(call string, r any) *sched.Request {
	form := url.Values{"r": {string(appendJSON(nil, r))}}
	if c.o.Era == Classic {
		form.Set("clientid", c.session.ClientID)
		form.Set("psessionid", cmp.Or(c.session.PSessionID, "null"))
	}
	return c.post(c.url(c.hosts.d, "/channel/"+call), c.url(c.hosts.d, c.hosts.refererD), form)
}

func (c *Client) post(rawURL, referer string, form url.Values) *sched.Request {
	req := sched.PostForm(rawURL, form)
	c.dress(req, referer)
	if u, err := url.Parse(rawURL); err == nil {
		req.Header.Add("Origin", u.Scheme+"://"+u.Host)
	}
	req.Timeouts.Total = callTimeout
	return req
}

func (c *Client) dress(req *sched.Request, referer string) {
	req.Header.Add("User-Agent", c.o.UserAgent)
	req.Header.Add("Accept", "*/*")
	if referer != "" {
		req.Header.Add("Referer", referer)
	}
}
