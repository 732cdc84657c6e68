package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A grant is one login: the cookies that were handed out for it. Sessions are
// begun on it with login2, one after the other.
type grant struct {
	era        Era
	skey       string
	ptwebqq    string
	superuin   string
	supertoken string
	superkey   string
	ptcz       string
	pskey      string
	pt4token   string
	ptsigx     string // names the grant in its check_sig link
	target     string // where check_sig leads to
	signed     bool   // check_sig was called: until then the grant is good for nothing
	vfwebqq    string // as getvfwebqq told
	over       string // why it is good for nothing any more
	loggedOut  bool   // so thoroughly that pt4_auth will not renew it
	session    *session
}

// newGrant draws the cookies of a login. u1 is the page that the client wants
// to be led to.
func (s *Service) newGrant(era Era, u1 string) *grant {
	g := &grant{
		era:        era,
		skey:       "@" + s.draw(mixed, 9),
		superuin:   fmt.Sprintf("o%010d", s.scene.Account.QQ),
		ptwebqq:    s.draw(hexDigits, 64),
		supertoken: s.draw(digits, 10),
		superkey:   s.draw(tokenText, 43),
		ptcz:       s.draw(hexDigits, 64),
		pskey:      s.draw(tokenText, 43),
		pt4token:   s.draw(tokenText, 43),
		ptsigx:     s.draw(hexDigits, 96),
		vfwebqq:    s.draw(hexDigits, 80),
		target:     u1,
	}
	if refererProblem(u1) != "" { // only pages of qq.com were led to
		g.target = "http://w.qq.com/proxy.html?login2qq=1&webqq_type=10"
	}
	if s.scene.Behaviour.EmptyPtwebqq {
		g.ptwebqq = ""
	}
	s.grants = append(s.grants, g)
	if len(s.grants) > maxLogins {
		s.grants = slices.Delete(s.grants, 0, 1)
	}
	return g
}

// setCookies hands the grant out. Pandolia's client wants exactly one each of
// superuin, ptwebqq and skey, whatever the domain, so none is set twice.
func (s *Service) setCookies(r *Reply, g *grant) {
	r.setCookie("ptisp", "os", "qq.com")
	r.setCookie("RK", s.draw(mixed, 10), "qq.com")
	r.setCookie("ptcz", g.ptcz, "qq.com")
	r.setCookie("ptwebqq", g.ptwebqq, "qq.com")
	r.setCookie("pt2gguin", g.superuin, "qq.com")
	r.setCookie("uin", g.superuin, "qq.com")
	r.setCookie("skey", g.skey, "qq.com")
	r.setCookie("ptui_loginuin", fmt.Sprint(s.scene.Account.QQ), "qq.com")
	r.setCookie("superuin", g.superuin, "qq.com")
	r.setCookie("superkey", g.superkey, "ptlogin2.qq.com")
	r.setCookie("supertoken", g.supertoken, "ptlogin2.qq.com")
}

// checkSigURL is the link that a login ends with.
func (s *Service) checkSigURL(g *grant) string {
	host, service, tail := "ptlogin2.web2.qq.com", "ptqrlogin", "&pt_login_type=3&pt_aid=0&pt_aaid=16&pt_light=0&pt_3rd_aid=0"
	aid := smartAppID
	if g.era == WebQQ {
		host, service, aid, tail = "ptlogin4.web2.qq.com", "login", classicAppID, "&pt_login_type=1&pt_aid=0&pt_aaid=0&pt_light=0"
	}
	return fmt.Sprintf("http://%s/check_sig?pttype=1&uin=%d&service=%s&nodirect=0&ptsigx=%s&s_url=%s&f_url=&ptlang=2052&ptredirect=100&aid=%s&daid=164&j_later=0&low_login_hour=0&regmaster=0%s",
		host, s.scene.Account.QQ, service, g.ptsigx, url.QueryEscape(g.target), aid, tail)
}

// checkSig makes the grant good, on the cookies of web2.qq.com. It may be
// fetched again: a client whose connection broke does.
func (s *Service) checkSig(c *call) *Reply {
	i := slices.IndexFunc(s.grants, func(g *grant) bool { return g.ptsigx == c.field("ptsigx") })
	if i < 0 || c.field("uin") != fmt.Sprint(s.scene.Account.QQ) {
		return s.refuse(c, 0, "uin and ptsigx are of no login; want the link that the login was answered with")
	}
	g := s.grants[i]
	g.signed = true
	r := redirect(g.target)
	r.setCookie("p_uin", g.superuin, "web2.qq.com")
	r.setCookie("p_skey", g.pskey, "web2.qq.com")
	r.setCookie("pt4_token", g.pt4token, "web2.qq.com")
	return r
}

// provesGrant reports whether one of the cookies is of this login.
func (c *call) provesGrant(g *grant) bool {
	return c.proves("skey", g.skey) || c.proves("p_skey", g.pskey) || c.proves("ptwebqq", g.ptwebqq)
}

// admitLogin finds the grant by what the caller carries of it: skey, p_skey or
// ptwebqq as a cookie, or ptwebqq as a field. A client that tries login2 with
// nothing at hand must fail, or it believes that it is logged in.
func (s *Service) admitLogin(c *call) *Reply {
	var found *grant
	for _, g := range s.grants {
		if c.provesGrant(g) || g.ptwebqq != "" && c.field("ptwebqq") == g.ptwebqq {
			found = g
		}
	}
	code := c.route.denied
	if code == 0 {
		code = 100000
	}
	why := "none of skey, p_skey and ptwebqq is of a login"
	if found == nil && len(c.cookies) == 0 && c.field("ptwebqq") == "" {
		why = "the cookies of a login are missing: skey, p_skey or ptwebqq"
		if len(s.grants) > 0 && s.forgive(c, why) {
			found = s.grants[len(s.grants)-1]
		}
	}
	switch {
	case found == nil:
	case found.over != "":
		why = found.over
	case !found.signed && !s.forgive(c, "check_sig was not called"):
		why = "check_sig was not called after the login"
	default:
		c.grant = found
		return nil
	}
	return s.refuse(c, code, why)
}

// pt4Auth renews a login without a scan, for who still has its supertoken.
func (s *Service) pt4Auth(c *call) *Reply {
	i := slices.IndexFunc(s.grants, func(g *grant) bool {
		return !g.loggedOut && c.field("auth_token") == fmt.Sprint(time33(g.supertoken)) && c.proves("supertoken", g.supertoken)
	})
	if i < 0 {
		return scriptCall("ptui_auth_CB", "1", "")
	}
	g := s.newGrant(SmartQQ, "http://w.qq.com/proxy.html?login2qq=1&webqq_type=10")
	r := scriptCall("ptui_auth_CB", "0", s.checkSigURL(g))
	s.setCookies(r, g)
	return r
}

// ptLogout ends the login whose pt4_token or skey the caller shows, and the
// session on it.
func (s *Service) ptLogout(c *call) *Reply {
	for _, g := range s.grants {
		if g.loggedOut || !(c.proves("skey", g.skey) || c.field("pt4_token") == g.pt4token) {
			continue
		}
		g.loggedOut = true
		g.over = "the login was ended by logout"
		if g.session != nil && g.session.over == "" {
			s.logOut(g.session)
		}
	}
	r := reply(http.StatusOK, typeHTML, nil)
	for _, name := range strings.Fields("ptwebqq skey uin superuin superkey supertoken") {
		domain := "qq.com"
		if strings.HasPrefix(name, "superk") || strings.HasPrefix(name, "supert") {
			domain = "ptlogin2.qq.com"
		}
		r.Header.Add("Set-Cookie", name+"=; Domain="+domain+"; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	}
	return r
}
