package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// A failer is a *testing.T, or a property's.
type failer interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A talker talks to a service as a client would, with a jar, in virtual time.
type talker struct {
	t       failer
	s       *Service
	now     time.Time
	jar     *cookiejar.Jar
	referer string
	kind    string
	cookies bool
	last    string // check_sig link
	events  []Event
}

func newTalker(t failer) *talker {
	scene, err := ParseScene("full", []byte(`
account = {qq = 10001, nick = "bot", password = "password", signature = "在线"}
friends = [
	{qq = 20002, nick = "friend"},
	{qq = 20003, nick = "小明", markname = "备注", category = "同学", status = "away", client_type = 21},
	{qq = 20004, nick = "gone", status = "offline"},
]
strangers = [{qq = 30005, nick = "路人"}]
groups = [{number = 900, name = "测试群", owner = 20002, members = [10001, 20002, 20003, 30005], admins = [20003], cards = {20003 = "群名片"}}]
discussions = [{number = 700, name = "讨论组", members = [20002, 10001, 20003]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return talkTo(t, New(scene, Options{Rand: rand.New(rand.NewPCG(1, 2))}))
}

func talkTo(t failer, s *Service) *talker {
	jar, _ := cookiejar.New(nil)
	return &talker{t: t, s: s, jar: jar, cookies: true, kind: "application/x-www-form-urlencoded",
		now:     time.Date(2016, 4, 23, 9, 0, 0, 0, time.UTC),
		referer: "http://d1.web2.qq.com/proxy.html?v=20151105001&callback=1&id=2"}
}

// play runs the blocks of a transcript and returns it with fresh answers.
func (k *talker) play(text string) string {
	var out, in strings.Builder
	skip := false
	for line := range strings.Lines(text) {
		switch {
		case skip && line != "\n":
		case skip:
			skip = false
			out.WriteString(line)
		case line == "----\n":
			out.WriteString(line)
			for _, l := range k.run(strings.Split(strings.TrimSuffix(in.String(), "\n"), "\n")) {
				out.WriteString(l + "\n")
			}
			in.Reset()
			skip = true
		default:
			out.WriteString(line)
			if line != "\n" && !strings.HasPrefix(line, "#") {
				in.WriteString(line)
			}
		}
	}
	return out.String()
}

// run carries out one block.
func (k *talker) run(lines []string) (out []string) {
	for i, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "GET", "POST":
			ticket, reply := k.request(word, k.expand(rest), lines[i+1:])
			if reply == nil {
				out = append(out, fmt.Sprintf("parked %d", ticket))
			} else {
				out = append(out, k.show(reply)...)
				k.s.Delivered(ticket, !reply.Drop)
			}
			return append(out, k.settle()...)
		case ">":
			if err := k.s.Command(k.now, rest); err != nil {
				out = append(out, "error: "+err.Error())
			}
		case "wait":
			d, err := time.ParseDuration(rest)
			if err != nil {
				k.t.Fatal(err)
			}
			k.now = k.now.Add(d)
			k.s.Advance(k.now)
		case "referer":
			k.referer = strings.TrimPrefix(rest, "none")
		case "type":
			k.kind = strings.TrimPrefix(rest, "none")
		case "cookies":
			k.cookies = rest == "on"
		case "scan-after":
			k.s.scanAfter, _ = time.ParseDuration(rest)
		case "set":
			k.set(rest)
		default:
			k.t.Fatalf("%q is no line of a transcript", line)
		}
		out = append(out, k.settle()...)
	}
	return out
}

func (k *talker) set(name string) {
	b := &k.s.scene.Behaviour
	name, value, _ := strings.Cut(name, " ")
	switch name {
	case "lenient":
		k.s.lenient = true
	case "buddies_first":
		b.BuddiesFirst = true
	case "friend_uin_closed":
		b.FriendUinClosed = true
	case "empty_ptwebqq":
		b.EmptyPtwebqq = true
	case "echo":
		b.Echo = true
	case "captcha":
		b.Captcha = true
	case "quiet":
		b.Quiet = value
	case "send_reply":
		b.SendReply = value
	default:
		k.t.Fatalf("%q cannot be set", name)
	}
}

func (k *talker) request(method, target string, fields []string) (Ticket, *Reply) {
	u, err := url.Parse(target)
	if err != nil {
		k.t.Fatal(err)
	}
	req := &Request{Method: method, TLS: u.Scheme == "https", Host: u.Host, Path: u.Path, RawQuery: u.RawQuery, Header: http.Header{}}
	var pairs []string
	for _, f := range fields {
		if raw, ok := strings.CutPrefix(f, "raw "); ok {
			pairs = []string{k.expand(raw)}
			break
		}
		name, value, _ := strings.Cut(f, "=")
		pairs = append(pairs, name+"="+url.QueryEscape(k.expand(value)))
	}
	req.Body = []byte(strings.Join(pairs, "&"))
	if k.referer != "" {
		req.Header.Set("Referer", k.referer)
	}
	if method == "POST" && k.kind != "" {
		req.Header.Set("Content-Type", k.kind)
	}
	if k.cookies {
		var all []string
		for _, c := range k.jar.Cookies(u) {
			all = append(all, c.Name+"="+c.Value)
		}
		req.Header.Set("Cookie", strings.Join(all, "; "))
	}
	ticket, reply := k.s.Handle(k.now, req)
	if reply != nil && !reply.Drop {
		k.jar.SetCookies(u, (&http.Response{Header: reply.Header}).Cookies())
		if m := regexp.MustCompile(`http://[^']*check_sig[^']*`).Find(reply.Body); m != nil {
			k.last = string(m)
		}
	}
	return ticket, reply
}

// settle shows what came of the last step besides its reply.
func (k *talker) settle() (out []string) {
	for _, c := range k.s.Completed() {
		out = append(out, fmt.Sprintf("reply to %d:", c.Ticket))
		out = append(out, k.show(c.Reply)...)
		k.s.Delivered(c.Ticket, !c.Reply.Drop)
	}
	events := k.s.Events()
	k.events = append(k.events, events...)
	for _, e := range events {
		out = append(out, k.hide(string(e.AppendJSON(nil))))
	}
	return out
}

func (k *talker) show(r *Reply) []string {
	if r.Drop {
		return []string{"closed without a byte"}
	}
	head := fmt.Sprint(r.Status, " ", r.Header.Get("Content-Type"))
	var out []string
	if l := r.Header.Get("Location"); l != "" {
		head += " -> " + l
	}
	out = append(out, strings.TrimSpace(head))
	byDomain := map[string][]string{}
	for _, c := range r.Header["Set-Cookie"] {
		name, attributes, _ := strings.Cut(c, "; ")
		name, value, _ := strings.Cut(name, "=")
		if value == "" {
			name += "(empty)"
		}
		byDomain[attributes] = append(byDomain[attributes], name)
	}
	for _, attributes := range slices.Sorted(mapKeys(byDomain)) {
		out = append(out, "cookies "+strings.Join(byDomain[attributes], " ")+"; "+attributes)
	}
	return append(out, k.body(r)...)
}

func mapKeys(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

func (k *talker) body(r *Reply) []string {
	switch kind := r.Header.Get("Content-Type"); {
	case kind == "image/png":
		return []string{"a code: " + readCode(k.t, r.Body)}
	case kind == "image/jpeg":
		p, form, err := image.Decode(bytes.NewReader(r.Body))
		if err != nil {
			k.t.Fatal(err)
		}
		return []string{fmt.Sprintf("%s of %v", form, p.Bounds().Size())}
	case strings.HasPrefix(kind, "text/html"):
		return []string{fmt.Sprintf("a page of %d bytes", len(r.Body))}
	}
	if len(r.Body) == 0 {
		return nil
	}
	return []string{k.hide(strings.TrimSpace(string(r.Body)))}
}

var longText = regexp.MustCompile(`[0-9a-f]{32,}`)

// hide puts names in the place of drawn numbers, so that a reader sees what
// is what. A number that the scene knows is left: it may not be in a reply.
func (k *talker) hide(text string) string {
	if ses := k.session(); ses != nil {
		var pairs []string
		for _, n := range []struct {
			name string
			numbers
		}{{"uin", ses.people}, {"gid", ses.gids}, {"code", ses.codes}, {"did", ses.dids}} {
			for scene, drawn := range n.toSession {
				if scene != drawn {
					pairs = append(pairs, fmt.Sprint(drawn), fmt.Sprintf("${%s:%d}", n.name, scene))
				}
			}
		}
		text = strings.NewReplacer(pairs...).Replace(text)
	}
	return longText.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("<%d hex>", len(s)) })
}

func (k *talker) session() *session {
	if len(k.s.sessions) == 0 {
		return nil
	}
	return k.s.sessions[len(k.s.sessions)-1]
}

var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

func (k *talker) expand(text string) string {
	return variable.ReplaceAllStringFunc(text, func(s string) string { return k.value(s[2 : len(s)-1]) })
}

// value is what a client would have read from earlier replies.
func (k *talker) value(name string) string {
	name, arg, _ := strings.Cut(name, ":")
	cookie := func(host, name string) string {
		for _, c := range k.jar.Cookies(&url.URL{Scheme: "https", Host: host, Path: "/"}) {
			if c.Name == name {
				return c.Value
			}
		}
		return ""
	}
	ses := k.session()
	number := func(n func(*session) numbers) string {
		var scene int64
		fmt.Sscan(arg, &scene)
		return fmt.Sprint(n(ses).session(scene))
	}
	switch name {
	case "ptqrtoken":
		return fmt.Sprint(hash33(cookie("ssl.ptlogin2.qq.com", "qrsig")))
	case "ptwebqq":
		return cookie("w.qq.com", "ptwebqq")
	case "auth_token":
		return fmt.Sprint(time33(cookie("ssl.ptlogin2.qq.com", "supertoken")))
	case "bkn":
		return fmt.Sprint(bkn(cookie("qun.qq.com", "skey")))
	case "check_sig":
		return k.last
	case "vfwebqq":
		if ses != nil {
			return ses.vf()
		}
		return k.s.grants[len(k.s.grants)-1].vfwebqq
	case "login2_vfwebqq":
		return ses.vfwebqq
	case "psessionid":
		return ses.psessionid
	case "hash":
		return hashP(10001, cookie("w.qq.com", "ptwebqq"))
	case "hashO":
		return hashO(10001, cookie("w.qq.com", "ptwebqq"))
	case "code_md5":
		return md5Chain(arg, 10001, k.s.classic.code)
	case "code_tea":
		return sealTEA(arg, 10001, k.s.classic.code)
	case "verifycode":
		return strings.ToLower(k.s.classic.code)
	case "sig":
		for sig := range ses.sigs {
			return sig[len(sig)-96:]
		}
		return "none"
	case "uin":
		return number(func(s *session) numbers { return s.people })
	case "gid":
		return number(func(s *session) numbers { return s.gids })
	case "code":
		return number(func(s *session) numbers { return s.codes })
	case "did":
		return number(func(s *session) numbers { return s.dids })
	}
	k.t.Fatalf("nobody knows ${%s}", name)
	return ""
}

// readCode reads a QR code as a phone would, and checks that the picture is
// white all around for four modules.
func readCode(t failer, data []byte) string {
	p, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(p)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatal(errors.Join(errors.New("the QR code cannot be read"), err))
	}
	return result.GetText()
}
