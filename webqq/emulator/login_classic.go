package emulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// captchaLife is how long the letters of a picture are good for.
const captchaLife = 900 * time.Second

// A check is the classic login between its steps: the verify code that is due.
type check struct {
	code    string    // "!PTH", or the letters in the picture; empty: none was given yet
	session string    // verifysession
	born    time.Time // of a captcha; zero: no captcha
}

// check tells which verify code the login wants. A client of 2015, which says
// pt_tea=1, gets two arguments more; later pages said pt_tea=2.
func (s *Service) check(c *call) *Reply {
	uin, err := strconv.ParseInt(c.field("uin"), 10, 64)
	if err != nil || uin <= 0 {
		return s.refuse(c, 0, fmt.Sprintf("the uin is %q; want a number", c.field("uin")))
	}
	k := &check{session: s.draw(hexDigits, 64)}
	s.classic = k
	need, second := "0", "!"+s.draw(letters, 3)
	if s.scene.Behaviour.Captcha {
		need, second = "1", s.draw(tokenText, 48)
	} else {
		k.code = second
	}
	args := []string{need, second, escapedSalt(uin)}
	if tea := c.field("pt_tea"); tea == "1" || tea == "2" {
		args = append(args, k.session, "0")
	}
	r := scriptCall("ptui_checkVC", args...)
	r.setCookie("confirmuin", fmt.Sprint(uin), "ptlogin2.qq.com")
	r.setCookie("ptvfsession", k.session, "ptlogin2.qq.com")
	r.setCookie("ptisp", "os", "qq.com")
	return r
}

// escapedSalt is \x00\x00...: a string of the script's, not of ours.
func escapedSalt(uin int64) string {
	var b strings.Builder
	for _, x := range salt(uin) {
		fmt.Fprintf(&b, `\x%02x`, x)
	}
	return b.String()
}

// getimage draws four letters. Each fetch draws new ones.
func (s *Service) getimage(c *call) *Reply {
	s.classic = &check{code: s.draw(captchaLetters, 4), session: s.draw(hexDigits, 64), born: s.now}
	r := reply(http.StatusOK, "image/jpeg", s.captchaPicture(s.classic.code))
	r.Header.Set("Cache-Control", "no-cache, no-store")
	r.setCookie("verifysession", s.classic.session, "qq.com")
	return r
}

// Captcha returns the letters in the picture that was drawn last, for who
// cannot read it: a test, or a demonstration. It is empty if none was drawn.
func (s *Service) Captcha() string {
	if s.classic == nil || s.classic.born.IsZero() {
		return ""
	}
	return s.classic.code
}

// login compares the password field. The verify code stays good after a
// success: a client whose connection broke asks again.
func (s *Service) login(c *call) *Reply {
	k := s.classic
	switch {
	case k == nil || k.code == "" || !strings.EqualFold(c.field("verifycode"), k.code) ||
		!k.born.IsZero() && s.now.Sub(k.born) >= captchaLife:
		if k != nil && !k.born.IsZero() {
			s.classic = nil
		}
		s.report(c, "the verify code is wrong or too old; want the one of check, or the letters of the last picture")
		return ptuiCB("4", "", "页面过期，请重试。", "")
	case c.field("u") != fmt.Sprint(s.scene.Account.QQ) ||
		!checkPassword(c.field("p"), s.scene.Account.Password, s.scene.Account.QQ, k.code):
		s.report(c, "the account or the password is wrong")
		return ptuiCB("3", "", "您输入的帐号或密码不正确，请重新输入。", "")
	}
	g := s.newGrant(WebQQ, c.field("u1"))
	r := ptuiCB("0", s.checkSigURL(g), "登录成功！", nick(s.scene.Account.Nick, s.scene.Account.QQ))
	s.setCookies(r, g)
	return r
}

// scriptText makes a text fit between the quotes of a script.
func scriptText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "<", `\x3C`).Replace(text)
}
