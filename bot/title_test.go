package bot

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qqloop/qqloop/sim"
)

func TestTitle(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("<html><head><meta charset=gb2312><title>你好，世界</title>")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("长", 2*maxTitle)
	for _, test := range []struct {
		name, say   string
		contentType string
		status      int
		body        string
		header      http.Header
		moves       []string // where each request but the last is sent
		want        string
	}{
		{name: "plain", body: "<title>Hello</title>", want: "Hello"},
		{name: "no scheme", say: "title example.com/x", body: "<title>Hello</title>", want: "Hello"},
		{name: "Chinese alias", say: "标题 http://example.com/", body: "<title>Hello</title>", want: "Hello"},
		{name: "entities and white space", body: "<TITLE lang=en>\n a &amp;\t b&#33; </TITLE>", want: "a & b!"},
		{name: "in a picture", body: "<svg><title>circle</title></svg><title>page</title>", want: "page"},
		{name: "in a comment", body: "<!-- <title>no</title> --><title>yes</title>", want: "yes"},
		{name: "in a script", body: "<script>'<title>no</title>'</script><title>yes</title>", want: "yes"},
		{name: "tags are text inside", body: "<title>a <b>c</b></title>", want: "a <b>c</b>"},
		{name: "no end", body: "<title>Hello", want: "Hello"},
		{name: "GBK by header", contentType: "text/html; charset=GBK", body: gbk, want: "你好，世界"},
		{name: "GBK by meta", contentType: "text/html", body: gbk, want: "你好，世界"},
		{name: "header before meta", contentType: "text/html; charset=utf-8", body: "<meta charset=gbk><title>你好</title>", want: "你好"},
		{name: "characters that turn the line", body: "<title>a\u202eb\u200bc</title>", want: "abc"},
		{name: "long", body: "<title>" + long + "</title>", want: long[:3*maxTitle] + "…"},
		{name: "none", body: "<p>hi</p>", want: "the page has no title"},
		{name: "empty", body: "<title> </title>", want: "the page has no title"},
		{name: "page cut short", body: "<title>first</title>" + strings.Repeat("x", 2*maxPage), want: "first"},
		{name: "not html", contentType: "image/png", body: "PNG", want: "that is image/png, not a page with a title"},
		{name: "xhtml", contentType: "application/xhtml+xml", body: "<title>x</title>", want: "x"},
		{name: "missing page", status: 404, body: "<title>Oops</title>", want: "example.com answers 404 Not Found"},
		{name: "compressed unasked", header: http.Header{"Content-Encoding": {"gzip"}}, body: "x", want: `example.com sent its page in "gzip", which was not asked for`},
		{name: "moved", body: "<title>new</title>", moves: []string{"/new?a=b"}, want: "new"},
		{name: "moved five times", body: "<title>new</title>", moves: []string{"/1", "/2", "/3", "/4", "/5"}, want: "new"},
		{name: "moved too often", moves: []string{"/1", "/2", "/3", "/4", "/5", "/6"}, want: "cannot fetch example.com: it leads elsewhere, and that leads nowhere: more than 5 redirects; the next would be to http://example.com/6"},
		{name: "moved, and missing there", status: 404, moves: []string{"http://other.example/"}, want: "other.example answers 404 Not Found"},
		{name: "moved to another scheme, in Chinese", say: "标题 http://example.com/", moves: []string{"ftp://example.com/"}, want: `不能打开 example.com：转到别处，却走不通：the URL must begin with http:// or https://, not "ftp://example.com/"`},
		{name: "moved inside", moves: []string{"http://inside.example/"}, want: "cannot fetch example.com: 192.168.0.1 is a private address, and that is not for chats"},
		{name: "moved inside, over https", moves: []string{"/a", "https://127.0.0.1:8443/"}, want: "cannot fetch example.com: 127.0.0.1 is a loopback address, and that is not for chats"},
		{name: "https where nobody speaks it", say: "title https://example.com:82/", want: "cannot fetch example.com:82: no trust in its certificate, or no TLS: the server speaks plain HTTP on this port: use http"},
		{name: "another scheme", say: "title file:///etc/passwd", want: `cannot fetch "file:///etc/passwd": only http and https are spoken, not file`},
		{name: "password", say: "title http://a:b@example.com/", want: `cannot fetch "http://a:b@example.com/": an address with a password is not for chats`},
		{name: "nothing", say: "title", want: "title needs an address, as in: title http://example.com/"},
		{name: "no host", say: "title http:///x", want: `cannot fetch "http:///x": it names no host`},
		{name: "unknown host", say: "title http://nobody.example/", want: "cannot fetch nobody.example: no such host"},
		{name: "refused", say: "title http://example.com:81/", want: "cannot fetch example.com:81: the server cannot be reached"},
		{name: "loopback", say: "title http://127.0.0.1:8080/", want: "cannot fetch 127.0.0.1:8080: 127.0.0.1 is a loopback address, and that is not for chats"},
		{name: "a name that leads inside", say: "title http://inside.example/", want: "cannot fetch inside.example: 192.168.0.1 is a private address, and that is not for chats"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, Options{})
			s.world.Host("example.com", web.Addr())
			s.world.Host("other.example", web.Addr())
			s.world.Host("inside.example", netip.MustParseAddr("192.168.0.1"))
			s.world.Listen(netip.MustParseAddrPort("192.168.0.1:80"), func(*sim.Peer) { t.Error("the bot connected to a private address") })
			s.world.Listen(netip.AddrPortFrom(web.Addr(), 82), func(p *sim.Peer) {
				p.OnData = func([]byte) {
					p.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
					p.Close()
				}
			})
			s.world.Listen(web, sim.HTTP(func(x *sim.Exchange) {
				if x.Request.Header.Get("Cookie") != "" || x.Request.Header.Get("User-Agent") != "qqloop" {
					t.Errorf("got header %v; want no Cookie, and User-Agent qqloop", x.Request.Header)
				}
				if len(test.moves) > 0 {
					x.Reply(302, http.Header{"Location": test.moves[:1]}, nil)
					test.moves = test.moves[1:]
					return
				}
				h := http.Header{"Content-Type": {"text/html"}}
				if test.contentType != "" {
					h.Set("Content-Type", test.contentType)
				}
				for name, values := range test.header {
					h[name] = values
				}
				x.Reply(max(test.status, 200), h, []byte(test.body))
			}))
			say := test.say
			if say == "" {
				say = "title http://example.com/"
			}
			s.say(say)
			if got := s.answers(); !slices.Equal(got, []string{test.want}) {
				t.Errorf("got %q; want %q", got, test.want)
			}
		})
	}
}

func TestTitleOfBrokenServers(t *testing.T) {
	for _, test := range []struct{ name, reply, want string }{
		{"empty reply", "", "cannot fetch example.com: the server hung up"},
		{"cut in the head", "HTTP/1.1 200 OK\r\nA:", "cannot fetch example.com: the server hung up"},
		{"not HTTP", "220 smtp.example ESMTP\r\n", "cannot fetch example.com: the server does not speak proper HTTP"},
	} {
		s := newStage(t, Options{})
		s.world.Host("example.com", web.Addr())
		s.world.Listen(web, func(p *sim.Peer) {
			p.OnData = func([]byte) {
				p.Write([]byte(test.reply))
				p.Close()
			}
		})
		s.say("title example.com")
		if got := s.answers(); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: got %q; want %q", test.name, got, test.want)
		}
	}
}

func TestTitleTakesTooLong(t *testing.T) {
	s := newStage(t, Options{})
	s.world.Host("example.com", web.Addr())
	s.world.Listen(web, func(*sim.Peer) {})
	s.say("title example.com")
	want := []string{"15s friend 20002: cannot fetch example.com: it took too long"}
	if !slices.Equal(s.lines, want) {
		t.Errorf("got %q; want %q", s.lines, want)
	}
}

func TestTitlesAtOnceAreBounded(t *testing.T) {
	s := newStage(t, Options{})
	s.world.Host("example.com", web.Addr())
	s.world.Listen(web, sim.HTTP(func(x *sim.Exchange) { x.Reply(200, nil, []byte("<title>ok</title>")) }))
	s.say(slices.Repeat([]string{"title example.com"}, maxFetches+1)...)
	got := s.answers()
	if want := "8 pages are being fetched already: try again in a moment"; got[0] != want || len(got) != maxFetches+1 {
		t.Errorf("got %q; want %q and then %d titles", got, want, maxFetches)
	}
}

func TestPublicAddr(t *testing.T) {
	for addr, what := range map[string]string{
		"8.8.8.8": "", "93.184.215.14": "", "2606:4700::1111": "", "172.32.0.1": "", "100.128.0.1": "",
		"127.0.0.1": "loopback", "127.1.2.3": "loopback", "::1": "loopback",
		"0.0.0.0": "unspecified", "::": "unspecified", "0.1.2.3": "this-network",
		"10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private", "fd00::1": "private",
		"169.254.169.254": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local",
		"224.0.0.1": "multicast", "ff02::1": "multicast",
		"100.64.0.1": "carrier-grade NAT", "255.255.255.255": "reserved", "240.0.0.1": "reserved",
		"::ffff:127.0.0.1": "IPv4-mapped", "::ffff:8.8.8.8": "IPv4-mapped", "::7f00:1": "IPv4-compatible",
		"64:ff9b::7f00:1": "NAT64", "2002:7f00:1::": "6to4", "2001:0:1::": "Teredo", "fec0::1": "site-local",
	} {
		err := PublicAddr(netip.MustParseAddr(addr), nil)
		got := ""
		if forbidden, ok := errors.AsType[*ForbiddenAddr](err); ok {
			got = forbidden.What
		}
		if got != what {
			t.Errorf("%s: got %q; want %q", addr, got, what)
		}
	}
}

func TestPublicAddrAllowed(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}
	for addr, ok := range map[string]bool{
		"127.0.0.1": true, "fe80::1%eth0": true, "10.0.0.1": false, "::ffff:127.0.0.1": false,
	} {
		if err := PublicAddr(netip.MustParseAddr(addr), allowed); (err == nil) != ok {
			t.Errorf("%s: got %v; want allowed %v", addr, err, ok)
		}
	}
}

func FuzzHTMLTitle(f *testing.F) {
	f.Add([]byte("<title>a</title>"), "text/html")
	f.Add([]byte("\xff\xfe<\x00t\x00i\x00t\x00l\x00e\x00>\x00"), "")
	f.Add([]byte("<svg><title>"), "text/html; charset=gbk")
	f.Fuzz(func(t *testing.T, page []byte, contentType string) {
		title, ok := htmlTitle(page, contentType)
		if ok != (title != "") || strings.ContainsAny(title, "\r\n\x1b") || len([]rune(title)) > maxTitle+1 {
			t.Errorf("got %q, %v; want one bounded line, or none", title, ok)
		}
	})
}
