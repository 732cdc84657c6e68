package bot

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// A stranger chooses the page, so all of it is bounded: a title that has not
// come within the first 256 KiB, 15 s and five redirects is not worth more.
const (
	maxPage      = 256 << 10
	titleTimeout = 15 * time.Second
	maxRedirects = 5
)

// errEnough ends a fetch: the title stands at the beginning of a page, and that
// is here.
var errEnough = errors.New("the rest of the page is not wanted")

// title fetches a page and answers with its title. The address of each redirect
// is looked at as the first one was.
func (c *Call) title() string {
	b := c.bot
	raw := strings.TrimSpace(c.args)
	if raw == "" {
		return c.say(phrase{"title needs an address, as in: title http://example.com/", "“标题”后面要有网址，例如：标题 http://example.com/"})
	}
	u, err := pageURL(raw)
	if err != nil {
		return c.say(phrase{"cannot fetch %q: %v", "不能打开“%s”：%v"}, raw, err)
	}
	if b.fetches >= maxFetches {
		return c.say(phrase{"%d pages are being fetched already: try again in a moment", "已经在打开 %d 个网页：请稍后再试"}, b.fetches)
	}
	b.fetches++
	c.Hold()
	var page []byte // its beginning: how long it says that it is does not matter
	b.o.Fetch.Add(&sched.Request{
		URL: u,
		Header: httpwire.Header{
			{Name: "User-Agent", Value: b.o.UserAgent},
			{Name: "Accept", Value: "text/html, application/xhtml+xml"},
		},
		Timeouts:     sched.Timeouts{Total: titleTimeout},
		MaxRedirects: maxRedirects,
		OnBody: func(_ *sched.Response, piece []byte) error {
			page = append(page, piece[:min(len(piece), maxPage-len(page))]...)
			if len(page) == maxPage {
				return errEnough
			}
			return nil
		},
		AllowAddr: func(a netip.Addr) error { return PublicAddr(a, b.o.FetchAllow) },
	}, func(resp *sched.Response, err error) sched.Next {
		b.fetches--
		c.Reply(Text(c.pageAnswer(u, page, resp, err)))
		c.Release()
		return sched.Next{}
	})
	return ""
}

// pageURL reads an address as people type it.
func pageURL(raw string) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if cause, ok := errors.AsType[*url.Error](err); ok {
		return nil, cause.Err
	}
	switch {
	case err != nil:
		return nil, err
	case !strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https"):
		return nil, fmt.Errorf("only http and https are spoken, not %s", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("it names no host")
	case u.User != nil:
		return nil, errors.New("an address with a password is not for chats")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// pageAnswer says in one line what came back.
func (c *Call) pageAnswer(u *url.URL, page []byte, resp *sched.Response, err error) string {
	if failed, ok := errors.AsType[*sched.Error](err); ok {
		if errors.Is(err, errEnough) && failed.Response != nil {
			return c.pageAnswer(u, page, failed.Response, nil)
		}
		return c.say(phrase{"cannot fetch %s: %s", "不能打开 %s：%s"}, u.Host, c.failure(failed))
	}
	if err != nil {
		return c.say(phrase{"cannot fetch %s: %v", "不能打开 %s：%v"}, u.Host, err)
	}
	if resp.Status < 200 || resp.Status > 299 {
		return c.say(phrase{"%s answers %d %s", "%s 回答 %d %s"}, resp.Request.URL.Host, resp.Status, http.StatusText(resp.Status))
	}
	contentType := resp.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(contentType); err == nil && media != "text/html" && media != "application/xhtml+xml" {
		return c.say(phrase{"that is %s, not a page with a title", "这是 %s，不是有标题的网页"}, clean(media))
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return c.say(phrase{"%s sent its page in %q, which was not asked for", "%s 用没有请求过的“%s”编码发来网页"}, u.Host, clean(coding))
	}
	title, ok := htmlTitle(page, contentType)
	if !ok {
		return c.say(phrase{"the page has no title", "这个网页没有标题"})
	}
	return title
}

// failure puts an error into words for somebody who asked for a title and
// knows nothing of sockets.
func (c *Call) failure(e *sched.Error) string {
	if forbidden, ok := errors.AsType[*ForbiddenAddr](e); ok {
		return c.say(phrase{"%v, and that is not for chats", "%v，不在公网上"}, forbidden)
	}
	switch e.Kind {
	case sched.Resolve:
		return c.say(phrase{"no such host", "没有这个主机"})
	case sched.Connect:
		return c.say(phrase{"the server cannot be reached", "连不上服务器"})
	case sched.TLS:
		return c.say(phrase{"no trust in its certificate, or no TLS: %v", "证书不可信，或不能建立 TLS：%v"}, e.Err)
	case sched.Redirect:
		return c.say(phrase{"it leads elsewhere, and that leads nowhere: %v", "转到别处，却走不通：%v"}, e.Err)
	case sched.EmptyReply, sched.Reset, sched.TruncatedHead, sched.TruncatedBody:
		return c.say(phrase{"the server hung up", "服务器中途断开"})
	case sched.MalformedHead, sched.MalformedBody, sched.HeadTooLarge:
		return c.say(phrase{"the server does not speak proper HTTP", "服务器的回答不是正确的 HTTP"})
	}
	if e.Timeout() {
		return c.say(phrase{"it took too long", "等太久了"})
	}
	return e.Err.Error()
}
