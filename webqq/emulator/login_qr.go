package emulator

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rsc.io/qr"
)

const (
	smartAppID   = "501004106"
	classicAppID = "1003903"
)

// codeLife is how long a QR code can be scanned.
const codeLife = 120 * time.Second

// A code is a QR code that was shown. Its qrsig is the client's, its key is
// what a phone reads.
type code struct {
	qrsig   string
	key     string
	shown   time.Time
	told66  bool
	scanned bool
	told67  bool
	refused bool
	used    bool
}

// ptqrshow draws a new code. The codes before it stay good: only qrsig tells
// them apart.
func (s *Service) ptqrshow(c *call) *Reply {
	s.codes = slices.DeleteFunc(s.codes, func(k *code) bool { return s.dead(k) })
	k := &code{qrsig: s.draw(tokenText, 64), key: s.draw(tokenText, 32), shown: s.now}
	s.codes = append(s.codes, k)
	if len(s.codes) > maxLogins {
		s.codes = slices.Delete(s.codes, 0, 1)
	}
	level := map[string]qr.Level{"L": qr.L, "M": qr.M, "Q": qr.Q, "H": qr.H}[c.field("l")]
	scale, err := strconv.Atoi(c.field("s"))
	if err != nil || scale < 1 || scale > 20 {
		scale = 3
	}
	picture, err := qrPicture(s.codeURL(k, c.field("appid")), level, scale)
	if err != nil {
		return s.refuse(c, 0, err.Error())
	}
	r := reply(http.StatusOK, "image/png", picture)
	r.Header.Set("Cache-Control", "no-cache, no-store")
	r.setCookie("qrsig", k.qrsig, "ptlogin2.qq.com")
	return r
}

// codeURL is what a phone reads from the code.
func (s *Service) codeURL(k *code, appid string) string {
	if len(appid) > 20 {
		appid = appid[:20]
	}
	return "https://txz.qq.com/p?k=" + k.key + "&f=" + appid
}

// qrPicture encodes a text, each module scale pixels wide, with the four white
// modules around it that a reader needs.
func qrPicture(text string, level qr.Level, scale int) ([]byte, error) {
	k, err := qr.Encode(text, level)
	if err != nil {
		return nil, fmt.Errorf("no QR code for %q: %w", text, err)
	}
	const quiet = 4
	picture := newGray((k.Size+2*quiet)*scale, (k.Size+2*quiet)*scale)
	for y := range k.Size {
		for x := range k.Size {
			if k.Black(x, y) {
				fill(picture, (x+quiet)*scale, (y+quiet)*scale, scale, scale, 0)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (s *Service) dead(k *code) bool { return k.used || s.now.Sub(k.shown) >= codeLife }

// ptqrlogin tells how far the code of the caller's qrsig has come. A token
// that fits no code changes nothing.
func (s *Service) ptqrlogin(c *call) *Reply {
	var k *code
	token, hasToken := c.lookup("ptqrtoken")
	for _, shown := range s.codes {
		switch {
		case hasToken && token != fmt.Sprint(hash33(shown.qrsig)):
		case c.proves("qrsig", shown.qrsig), hasToken && len(c.cookies["qrsig"]) == 0 && s.forgive(c, "the cookie qrsig is missing"):
			k = shown // without a token: a client of before 2017, let pass
		}
	}
	if k == nil {
		s.report(c, "the ptqrtoken, or the cookie qrsig that it must be made of, is of no code that was shown")
		return s.qrState("65", "二维码已失效。")
	}
	if s.scanAfter >= 0 && (s.scanAfter == 0 && k.told66 || s.scanAfter > 0 && s.now.Sub(k.shown) >= s.scanAfter) {
		k.scanned = true
	}
	switch {
	case s.dead(k):
		return s.qrState("65", "二维码已失效。")
	case k.refused:
		k.used = true
		return ptuiCB("68", "", "本次登录已被拒绝。", "")
	case !k.scanned:
		k.told66 = true
		return s.qrState("66", "二维码未失效。")
	case !k.told67:
		k.told67 = true
		return s.qrState("67", "二维码认证中。")
	}
	k.used = true
	g := s.newGrant(SmartQQ, c.field("u1"))
	r := ptuiCB("0", s.checkSigURL(g), "登录成功！", nick(s.scene.Account.Nick, s.scene.Account.QQ))
	s.setCookies(r, g)
	return r
}

// qrState is a reply without a login: its text ends in a number of the
// service's own.
func (s *Service) qrState(code, text string) *Reply {
	return ptuiCB(code, "", fmt.Sprintf("%s(%d)", text, s.rand.Uint32()), "")
}

// ptuiCB has a blank before its last argument, as the real one had.
func ptuiCB(code, url, text, nick string) *Reply {
	return reply(http.StatusOK, typeScript, fmt.Appendf(nil, "ptuiCB('%s','0','%s','0','%s', '%s');\r\n", code, url, text, scriptText(nick)))
}

// newestCode is the one that a person with a phone would scan.
func (s *Service) newestCode() *code {
	for _, k := range slices.Backward(s.codes) {
		if !s.dead(k) && !k.refused {
			return k
		}
	}
	return nil
}
