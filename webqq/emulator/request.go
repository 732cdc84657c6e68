package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Request is one HTTP request, read whole. The service keeps nothing of it
// once Handle has returned.
type Request struct {
	Method   string
	TLS      bool   // it came over https
	Host     string // as in the Host field; a port is ignored
	Path     string // percent signs undone
	RawQuery string
	Header   http.Header
	Body     []byte
}

// A Reply is one HTTP response. Its driver owns it.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Drop   bool // close the connection instead, without a byte
}

// A call is a request on its way through the service.
type call struct {
	now     time.Time
	ticket  Ticket
	req     *Request
	route   *route
	query   values
	form    values
	r       map[string]any // the JSON of the field r; nil if there is none
	badR    bool           // there is an r, and it is no JSON object
	cookies values
	session *session // whose call it is, where the route wants to know
	grant   *grant   // of the session, or of the cookies
}

// values are the fields of a form, a query or a Cookie header; the first of
// each name comes first.
type values map[string][]string

func newCall(now time.Time, ticket Ticket, req *Request) *call {
	c := &call{now: now, ticket: ticket, req: req, query: parseForm(req.RawQuery), cookies: parseCookies(req.Header["Cookie"])}
	kind := strings.ToLower(req.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "multipart/") {
		c.form = parseForm(string(req.Body))
		c.readR(strings.HasPrefix(kind, "text/plain"))
	}
	return c
}

// readR finds the JSON in the field r. Clients wrote it in two ways: as a
// form, and bare behind "r=" with the type text/plain. The bare one would lose
// its text at '&', '+' and '%' if it were read as a form.
func (c *call) readR(bare bool) {
	rest, hasRest := bytes.CutPrefix(c.req.Body, []byte("r="))
	var texts []string
	for _, v := range []values{c.form, c.query} { // Mojo-Webqq sends one in the query
		texts = append(texts, v["r"]...)
	}
	if hasRest && bare {
		texts = append([]string{string(rest)}, texts...)
	} else if hasRest {
		texts = append(texts, string(rest))
	}
	for _, text := range texts {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var r map[string]any
		// Something may stand behind a bare r: "&clientid=...".
		if d.Decode(&r) != nil || r == nil {
			continue
		}
		if _, err := d.Token(); err == io.EOF || hasRest && text == string(rest) {
			c.r = r
			return
		}
	}
	c.badR = len(texts) > 0
}

// lookup finds a field in r, in the form or in the query, in this order: the
// classic calls carry some of them twice. It reports whether the field is
// there at all; many may be empty.
func (c *call) lookup(name string) (string, bool) {
	if v, ok := c.r[name]; ok {
		switch v := v.(type) {
		case string:
			return v, true
		case json.Number:
			return v.String(), true
		case nil:
			return "", true
		default:
			text, _ := json.Marshal(v) // it came out of JSON
			return string(text), true
		}
	}
	for _, v := range []values{c.form, c.query} {
		if all := v[name]; len(all) > 0 {
			if all[0] == "null" && name == "psessionid" { // as scripts print a null into a form
				return "", true
			}
			return all[0], true
		}
	}
	return "", false
}

func (c *call) field(name string) string {
	v, _ := c.lookup(name)
	return v
}

// proves reports whether the request carries a cookie of this name and value.
// An empty value proves nothing. A client with one jar for all hosts may send
// a name twice.
func (c *call) proves(name, value string) bool {
	for _, v := range c.cookies[name] {
		if v == value && v != "" {
			return true
		}
	}
	return false
}

// parseForm splits at '&' only and keeps what it cannot unescape.
func parseForm(s string) values {
	v := values{}
	for pair := range strings.SplitSeq(s, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		if u, err := url.QueryUnescape(name); err == nil {
			name = u
		}
		if u, err := url.QueryUnescape(value); err == nil {
			value = u
		}
		v[name] = append(v[name], value)
	}
	return v
}

func parseCookies(headers []string) values {
	v := values{}
	for _, h := range headers {
		for pair := range strings.SplitSeq(h, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
				v[name] = append(v[name], strings.Trim(value, `"`))
			}
		}
	}
	return v
}

const (
	typeScript = "application/x-javascript; charset=utf-8"
	typeJSON   = "text/plain; charset=utf-8" // as on S and D
	typeHTML   = "text/html; charset=utf-8"
)

func reply(status int, contentType string, body []byte) *Reply {
	r := &Reply{Status: status, Header: http.Header{}, Body: body}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func jsonReply(v any) *Reply { return reply(http.StatusOK, typeJSON, appendJSON(nil, v)) }

// ok is a reply of S, where the code is written first.
func ok(result any) *Reply { return jsonReply(object{"retcode", 0, "result", result}) }

// okLast is a reply of D, where it was mostly written last.
func okLast(result any) *Reply { return jsonReply(object{"result", result, "retcode", 0}) }

func redirect(to string) *Reply {
	r := reply(http.StatusFound, typeHTML, nil)
	r.Header.Set("Location", to)
	return r
}

// scriptCall writes ptuiCB('0','0',...): what the script of the login page
// was called with.
func scriptCall(name string, args ...string) *Reply {
	return reply(http.StatusOK, typeScript, []byte(name+"('"+strings.Join(args, "','")+"');\r\n"))
}

// setCookie hands out a cookie. The domain has no leading dot.
func (r *Reply) setCookie(name, value, domain string) {
	r.Header.Add("Set-Cookie", name+"="+value+"; Domain="+domain+"; Path=/")
}
