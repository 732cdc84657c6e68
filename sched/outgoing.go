package sched

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/qqloop/qqloop/httpwire"
)

// This file makes a Request of an http.Request: what stands on the wire is, byte
// for byte, what http.Transport writes.

// defaultUserAgent is that of net/http: servers that know it treat us alike.
const defaultUserAgent = "Go-http-client/1.1"

// usable says what is wrong with req, or nil. What the stream finds itself is
// left to it.
func usable(req *http.Request) error {
	switch {
	case req.URL == nil:
		return errors.New("the request has no URL")
	case req.Header == nil:
		return errors.New("the request has no Header: make an empty one")
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return fmt.Errorf("the URL's scheme must be http or https, not %.40q", req.URL.Scheme)
	case req.URL.Host == "":
		return errors.New("the URL names no host")
	case req.Method != "" && !httpguts.ValidHeaderFieldName(req.Method): // both are tokens
		return fmt.Errorf("%.40q is no method", req.Method)
	case req.ContentLength != 0 && req.Body == nil:
		return fmt.Errorf("the request has a ContentLength of %d and no Body", req.ContentLength)
	}
	if err := usableFields("header", req.Header); err != nil {
		return err
	}
	return usableFields("trailer", req.Trailer)
}

// usableFields looks at fields. It shows no values: they may be secrets.
func usableFields(where string, h http.Header) error {
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("%.80q cannot be the name of a field in the %s", name, where)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return fmt.Errorf("the value of %s in the %s has bytes that no field may have", name, where)
			}
		}
	}
	return nil
}

// make makes the request of c.
func (c *call) make(req *http.Request) error {
	o := &c.station.options
	u := req.URL
	var proxy *url.URL
	if o.Proxy != nil {
		var err error
		if proxy, err = o.Proxy(req); err != nil {
			return err
		}
	}
	r := &c.request
	r.Method, r.URL, r.Proxy = req.Method, u, toldNames(proxy)
	r.Upgrade = switches(req.Header)
	r.AllowAddr = o.AllowAddr
	c.method = r.method()
	host, err := hostField(req, proxy != nil && u.Scheme == "http")
	if err != nil {
		return err
	}
	switch {
	case req.Method == "CONNECT" && req.URL.Path == "":
		r.Target = req.URL.Opaque
		if r.Target == "" {
			r.Target = host
		}
	case proxy != nil && u.Scheme == "http" && strings.HasPrefix(proxy.Scheme, "http") && req.URL.Opaque == "":
		r.Target = "http://" + host + req.URL.RequestURI()
	}
	if err := c.makeBody(req); err != nil {
		return err
	}
	c.makeHeader(req, host)
	if c.hooks = hooksOf(req); c.hooks != nil {
		c.hooks.expects = r.ExpectContinue > 0
		c.hooks.hostPort = hostPort(cmp.Or(r.Proxy, u))
		r.Trace = c.hooks.hear
	}
	return nil
}

// hostPort is where u leads, with the port that is meant where none is said.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5h": "1080"}[u.Scheme]
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// toldNames returns the proxy as the stream knows it: net/http's socks5 is told
// names, which others call socks5h.
func toldNames(proxy *url.URL) *url.URL {
	if proxy == nil || proxy.Scheme != "socks5" && proxy.Scheme != "" {
		return proxy
	}
	p := *proxy
	if p.Scheme = "socks5h"; proxy.Scheme == "" {
		p.Scheme = "http"
	}
	return &p
}

// hostField is the value of the Host field. One that cannot be sent is sent
// empty, which every server takes for no name of its own; a proxy could do
// nothing with that.
func hostField(req *http.Request, forwarded bool) (string, error) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	if !isASCII(host) {
		var err error
		if host, err = httpguts.PunycodeHostPort(host); err != nil {
			return "", fmt.Errorf("the host %.80q: %w", host, err)
		}
	}
	if !httpguts.ValidHostHeader(host) {
		if forwarded {
			return "", fmt.Errorf("%.80q cannot be a Host, and the proxy needs one", host)
		}
		return "", nil
	}
	// A zone is this machine's own business (RFC 6874 section 4).
	if end := strings.LastIndexByte(host, ']'); end > 0 && host[0] == '[' {
		if zone := strings.LastIndexByte(host[:end], '%'); zone >= 0 {
			host = host[:zone] + host[end:]
		}
	}
	return host, nil
}

// connectHeader is what is sent with a CONNECT to a proxy.
func connectHeader(h http.Header) (fields httpwire.Header) {
	if _, set := h["User-Agent"]; !set {
		fields.Add("User-Agent", defaultUserAgent)
	} else if agent := h.Get("User-Agent"); agent != "" {
		fields.Add("User-Agent", agent)
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if !ours(name) {
			for _, v := range h[name] {
				fields.Add(name, textproto.TrimString(v))
			}
		}
	}
	return fields
}

// ours are the fields that are made here, whatever the caller's header says.
func ours(name string) bool {
	switch name {
	case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer":
		return true
	}
	return false
}

// makeHeader writes the header in net/http's order.
func (c *call) makeHeader(req *http.Request, host string) {
	o := &c.station.options
	h := append(c.sent[:0], httpwire.Field{Name: "Host", Value: host})
	agent := defaultUserAgent
	if values, set := req.Header["User-Agent"]; set {
		if agent = ""; len(values) > 0 {
			agent = textproto.TrimString(values[0])
		}
	}
	if agent != "" {
		h.Add("User-Agent", agent)
	}
	if req.Close && !says(req.Header["Connection"], "close") {
		h.Add("Connection", "close")
	}
	h = c.framingFields(h, req)

	c.names = c.names[:0]
	for name := range req.Header {
		if !ours(name) {
			c.names = append(c.names, name)
		}
	}
	slices.Sort(c.names)
	for _, name := range c.names {
		for _, v := range req.Header[name] {
			h.Add(name, textproto.TrimString(v))
		}
	}

	if !o.DisableCompression && req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") == "" && c.method != "HEAD" {
		h.Add("Accept-Encoding", "gzip")
		c.asksGzip = true
	}
	if o.DisableKeepAlives && !req.Close && !says(req.Header["Connection"], "close") && !switches(req.Header) {
		h.Add("Connection", "close")
	}
	c.sent, c.request.Header = h, h
	for _, key := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if _, set := req.Header[key]; set {
			c.request.Replayable = true
		}
	}
}

// switches reports whether a header asks for, or agrees to, another protocol.
func switches(h http.Header) bool {
	return h.Get("Upgrade") != "" && says(h["Connection"], "Upgrade")
}

// says reports whether values, which are lists of tokens, hold this one.
func says(values []string, token string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(textproto.TrimString(part), token) {
				return true
			}
		}
	}
	return false
}
