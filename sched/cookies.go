package sched

import (
	"net/http"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/coding"
)

// header returns the header of r with what the stream adds to it.
func (s *Stream) header(r *Request) httpwire.Header {
	h := s.cookies(r)
	if r.Decode && !h.Has("Accept-Encoding") {
		h = append(slices.Clip(h), httpwire.Field{Name: "Accept-Encoding", Value: coding.AcceptEncoding})
	}
	return h
}

// cookies returns the header of r with what the jar has for its URL, unless r
// brings a Cookie field of its own.
func (s *Stream) cookies(r *Request) httpwire.Header {
	if s.options.Jar == nil || r.Header.Has("Cookie") {
		return r.Header
	}
	cookies := s.options.Jar.Cookies(r.URL)
	if len(cookies) == 0 {
		return r.Header
	}
	var b strings.Builder
	for i, c := range cookies {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Name + "=")
		if c.Quoted { // a server that sent quotes wants them back
			b.WriteString(`"` + c.Value + `"`)
		} else {
			b.WriteString(c.Value)
		}
	}
	return append(slices.Clip(r.Header), httpwire.Field{Name: "Cookie", Value: b.String()})
}

// takeCookies puts the cookies of a response into the jar. One that cannot be
// read is passed over, as every browser does (RFC 6265 section 5.2).
func (s *Stream) takeCookies(r *Request, resp *Response) {
	var cookies []*http.Cookie
	for line := range resp.Header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(string(line)); err == nil {
			cookies = append(cookies, c)
		}
	}
	if len(cookies) > 0 {
		s.options.Jar.SetCookies(r.URL, cookies)
	}
}

// hasToken reports whether a field that is a list of tokens holds this one.
func hasToken(h httpwire.Header, name, token string) bool {
	for value := range h.Values(name) {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
