package webqq

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// session is what a login leaves behind, and what the next one begins with.
type session struct {
	Era        string                       `json:"era"`
	UIN        QQ                           `json:"uin"`
	Nick       string                       `json:"nick,omitempty"`
	PTWebQQ    string                       `json:"ptwebqq"`
	VFWebQQ    string                       `json:"vfwebqq"`
	PSessionID string                       `json:"psessionid"`
	ClientID   string                       `json:"clientid"`
	Cookies    map[string]map[string]string `json:"cookies"` // domain -> name -> value
	Chats      []savedChats                 `json:"chats,omitempty"`
}

// cookieDomains are those whose cookies make a login, parents first. A jar
// cannot be listed, only asked what it would send, so what it would send to
// the parent is subtracted from what it would send to the child.
var cookieDomains = [...]string{"qq.com", "ptlogin2.qq.com", "web2.qq.com", "w.qq.com"}

func (c *Client) freshSession() session {
	s := session{Era: c.o.Era.String(), UIN: c.o.Account, ClientID: "53999199"}
	if c.o.Era == Classic {
		s.ClientID = strconv.FormatUint(10_000_000+c.rand.Uint64N(80_000_000), 10)
	}
	return s
}

// clientID is a number in SmartQQ's JSON and a string in the classic one's.
func (c *Client) clientID() any {
	if c.o.Era == Classic {
		return c.session.ClientID
	}
	return json.Number(c.session.ClientID)
}

// saveSession hands the session to whoever keeps it.
func (c *Client) saveSession() {
	if c.o.SaveSession == nil {
		return
	}
	s := c.session
	s.Cookies = exportCookies(c.o.Jar)
	s.Chats = c.savedRosters()
	text := append(appendJSON(nil, s), '\n')
	c.o.Soon(func() { c.o.SaveSession(text) })
}

// forgetSession drops what a logout has made worthless.
func (c *Client) forgetSession() {
	c.session = c.freshSession()
	if c.o.SaveSession != nil {
		c.o.Soon(func() { c.o.SaveSession(nil) })
	}
}

// loadSession takes over Options.Session and its cookies. It reports whether
// there was a usable one.
func (c *Client) loadSession() bool {
	if len(c.o.Session) == 0 {
		return false
	}
	s, err := decodeSession(c.o.Session)
	c.o.Session = nil
	switch {
	case err != nil:
	case s.Era != c.o.Era.String():
		err = fmt.Errorf("it is of the era %q, the client of %q", s.Era, c.o.Era)
	case c.o.Account != 0 && s.UIN != c.o.Account:
		err = fmt.Errorf("it is of the account %d, the client of %d", s.UIN, c.o.Account)
	}
	if err != nil {
		c.log.Warn("the saved session is of no use", "err", err)
		return false
	}
	importCookies(c.o.Jar, s.Cookies)
	for _, chats := range s.Chats[:min(len(s.Chats), pastRosters)] {
		c.past = append(c.past, chats.roster())
	}
	s.Cookies, s.Chats = nil, nil
	c.session = s
	return true
}

func decodeSession(text []byte) (session, error) {
	var s session
	if err := json.Unmarshal(text, &s); err != nil {
		return s, badFormat("the session is damaged", text)
	}
	if s.UIN == 0 || s.ClientID == "" || s.PSessionID == "" {
		return s, badFormat("the session lacks uin, clientid or psessionid", text)
	}
	if _, err := strconv.ParseUint(s.ClientID, 10, 64); err != nil {
		return s, badFormat("the session's clientid is no number", text)
	}
	return s, nil
}

func exportCookies(jar http.CookieJar) map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, domain := range cookieDomains {
		own := make(map[string]string)
		for _, k := range jar.Cookies(&url.URL{Scheme: "https", Host: domain, Path: "/"}) {
			if domain != "qq.com" && all["qq.com"][k.Name] == k.Value {
				continue
			}
			own[k.Name] = k.Value
		}
		all[domain] = own
	}
	return all
}

func importCookies(jar http.CookieJar, all map[string]map[string]string) {
	for _, domain := range cookieDomains {
		for name, value := range all[domain] {
			setCookie(jar, domain, name, value)
		}
	}
}

func setCookie(jar http.CookieJar, domain, name, value string) {
	jar.SetCookies(&url.URL{Scheme: "http", Host: domain, Path: "/"},
		[]*http.Cookie{{Name: name, Value: value, Domain: domain, Path: "/"}})
}

// cookie returns the value of the cookie that would be sent to host, or "".
func (c *Client) cookie(host, name string) string {
	for _, k := range c.o.Jar.Cookies(&url.URL{Scheme: c.schemeOf(host), Host: host, Path: "/"}) {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

// takeCookies reads what a login step has left in the jar: ptwebqq, which the
// service gave in one domain or the other over the years, and the account's
// number, "o0012345678".
func (c *Client) takeCookies() {
	for _, host := range []string{c.hosts.d, c.hosts.ptlogin} {
		if v := c.cookie(host, "ptwebqq"); v != "" {
			c.session.PTWebQQ = v
			break
		}
	}
	if n, err := strconv.ParseUint(strings.TrimLeft(c.cookie(c.hosts.ptlogin, "uin"), "o"), 10, 64); err == nil && n != 0 {
		c.session.UIN = QQ(n)
	}
}
