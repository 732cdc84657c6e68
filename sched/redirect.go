package sched

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// redirected returns the request that resp, a redirect, asks for; or nil where
// resp is not one, or is not to be followed. It changes no request: the one it
// returns is a copy.
func (x *exchange) redirected(resp *Response) (*Request, error) {
	r := x.req
	if !x.follows(resp.Status) {
		return nil, nil
	}
	to, err := location(r.URL, resp)
	if err != nil {
		return nil, err
	}
	d := x.aside()
	if d.hops++; r.MaxRedirects > 0 && d.hops > r.MaxRedirects {
		return nil, fmt.Errorf("more than %d redirects; the next would be to %s", r.MaxRedirects, to.Redacted())
	}
	n := *r
	n.URL, n.Target, n.Header = to, "", slices.Clone(r.Header)
	if method := redirectedMethod(r.method(), resp.Status); method != r.method() {
		if !r.KeepMethod {
			n.Method = method
		}
		n.Body, n.Upload = nil, nil
		for _, f := range bodyFields {
			n.Header.Del(f)
		}
	}
	if n.Upload != nil && x.spent() {
		return nil, errNotAgain
	}
	if r.Refer {
		n.Header.Del("Referer")
		if !x.secure || strings.EqualFold(to.Scheme, "https") { // RFC 9110 section 10.1.3
			from := *r.URL
			from.User, from.Fragment, from.RawFragment = nil, "", ""
			n.Header.Add("Referer", from.String())
		}
	}
	if keyOf(to) != keyOf(r.URL) {
		n.Host, n.Auth = "", nil
		for _, f := range secretFields {
			n.Header.Del(f)
		}
	}
	// The same request with the same cookies gets the same answer.
	step := n.method() + " " + to.String() + " " + n.cookieLine(x.stream)
	if slices.Contains(x.visited, step) {
		return nil, fmt.Errorf("the redirects go in a circle: %s again", to.Redacted())
	}
	d.visited = append(d.visited, step)
	d.answers, d.unasked = 0, false
	return &n, nil
}

// bodyFields describe a body that a redirect to GET leaves behind (RFC 9110
// section 15.4), secretFields are for the origin they were written for.
var (
	bodyFields = []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Language",
		"Content-Location", "Transfer-Encoding", "Digest", "Last-Modified", "Expect"}
	secretFields = []string{"Authorization", "Cookie", "Proxy-Authorization", "Host"}
)

// redirectedMethod is what becomes of a method: as RFC 9110 section 15.4 has
// it, and with a POST that a 301 or 302 turns into a GET, as everybody does.
func redirectedMethod(method string, status int) string {
	switch {
	case status == 303 && method != "HEAD", status <= 302 && method == "POST":
		return "GET"
	}
	return method
}

// location is where a redirect leads.
func location(base *url.URL, resp *Response) (*url.URL, error) {
	var where string
	n := 0
	for v := range resp.Header.Values("Location") {
		if s := string(v); n == 0 || s != where {
			where = s
			n++
		}
	}
	switch n {
	case 0:
		return nil, fmt.Errorf("status %d has no Location", resp.Status)
	case 1:
	default:
		return nil, fmt.Errorf("status %d has several different Locations", resp.Status)
	}
	to, err := base.Parse(where)
	if err != nil {
		return nil, fmt.Errorf("the Location %.80q is no URL", withoutPassword(where))
	}
	if to.Fragment == "" {
		to.Fragment, to.RawFragment = base.Fragment, base.RawFragment
	}
	to.RawQuery = encodeQuery(to.RawQuery)
	if reason := (&Request{URL: to}).unusable(); reason != "" {
		return nil, errors.New(reason)
	}
	return to, nil
}

// encodeQuery encodes what a request line cannot hold and servers send
// nevertheless. url.Parse has done it for the path.
func encodeQuery(q string) string {
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// cookieLine is what the Cookie field of r will be.
func (r *Request) cookieLine(s *Stream) string {
	var all []string
	for v := range s.cookies(r).Values("Cookie") {
		all = append(all, v)
	}
	return strings.Join(all, "; ")
}

// tellRedirect tells OnRedirect, and reports whether x goes on after that.
func (x *exchange) tellRedirect(resp *Response) bool {
	generation := x.generation
	x.phase = seeking
	if x.req.OnRedirect != nil {
		x.req.OnRedirect(resp)
	}
	return x.generation == generation && x.phase == seeking
}
