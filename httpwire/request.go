package httpwire

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Chunked as the Length of a Request says that nobody knows yet how long the
// body will be: it is sent with AppendChunk and AppendLastChunk.
const Chunked = -1

// Request is a request as it goes on the wire, as HTTP/1.1 if it does not say
// otherwise. Encoding does not change it and keeps nothing of it.
type Request struct {
	// Method is a token, with case: "get" is not GET. "" means GET.
	Method string

	// Target is what stands on the request line, as it stands there: a path
	// with its query, an absolute URL (to a proxy), "*" (OPTIONS), or host and
	// port (CONNECT). "" means "/".
	Target string

	// Host is written as the first field, unless Header has a Host of its own:
	// then that one is written where it stands. "" is written as an empty
	// Host, which is right where the target has no authority (RFC 9112 section
	// 3.2).
	Host string

	// Header is written in this order and spelling.
	Header Header

	// Body is written behind the head. Content-Length is written as the last
	// field, unless Header has it: then it must be the length of Body. Without
	// a body only POST, PUT and PATCH say so with a Content-Length of 0 (RFC
	// 9110 section 8.6).
	Body []byte

	// Length is for a body that is not in memory: Body is empty, the caller
	// writes Length bytes behind AppendHead, no more and no less, and
	// Content-Length says so as for a Body. Zero means the length of Body.
	//
	// Chunked means that the caller writes chunks behind AppendHead.
	// Transfer-Encoding is written as the last field, unless Header has it:
	// then it must be "chunked". A client sends it only to a server that it
	// knows to read HTTP/1.1 (RFC 9112 section 6.1); one that does not read it
	// takes the chunks for another request.
	Length int64

	// HTTP10 sends the request as HTTP/1.0, to servers that cannot do better.
	// It cannot be Chunked. Host is written as in HTTP/1.1: servers of many
	// names want it. After the response the server closes, unless both sides
	// have sent "Connection: keep-alive".
	HTTP10 bool
}

// AppendTo appends the encoded request to dst. It refuses, with a
// *RequestError, what could not be read back as it is written here; dst is
// then returned as it was. It allocates only if dst is too small.
func (r *Request) AppendTo(dst []byte) ([]byte, error) {
	out, err := r.AppendHead(dst)
	if err != nil {
		return dst, err
	}
	if r.Length != 0 && len(r.Body) == 0 {
		return dst, r.badLength("the body is not in Body: write it behind AppendHead")
	}
	return append(out, r.Body...), nil
}

// AppendHead appends the request without its body, for a caller that writes
// the body from where it is.
func (r *Request) AppendHead(dst []byte) ([]byte, error) {
	out, err := r.appendHead(dst)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (r *Request) appendHead(dst []byte) ([]byte, error) {
	method, target := r.Method, r.Target
	if method == "" {
		method = "GET"
	}
	if target == "" {
		target = "/"
	}
	if i := tokenPrefix(method); i < len(method) {
		return nil, &RequestError{"method", method, fmt.Sprintf("byte %q may not stand in a method", method[i:i+1])}
	}
	if reason := badTarget(method, target); reason != "" {
		return nil, &RequestError{"target", target, reason}
	}
	length, err := r.bodyLength(method)
	if err != nil {
		return nil, err
	}
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	if r.HTTP10 {
		dst = append(dst, " HTTP/1.0\r\n"...)
	} else {
		dst = append(dst, " HTTP/1.1\r\n"...)
	}

	if !r.Header.Has("Host") {
		if reason := badHost(r.Host); reason != "" {
			return nil, &RequestError{"host", r.Host, reason}
		}
		dst = appendField(dst, "Host", r.Host)
	}
	host, framed := false, false
	for _, f := range r.Header {
		if err := checkField(f); err != nil {
			return nil, err
		}
		reason := ""
		switch {
		case equalFold(f.Name, "Host"):
			reason = badHost(f.Value)
			if host {
				reason = "there is a Host already"
			}
			host = true
		case equalFold(f.Name, "Transfer-Encoding"):
			switch {
			case length != Chunked:
				reason = "the body is sent with its length: leave this field out"
			case framed:
				reason = "there is a Transfer-Encoding already"
			case !equalFold(f.Value, "chunked"):
				reason = `the body is sent in chunks: write "chunked"`
			}
			framed = true
		case equalFold(f.Name, "Content-Length"):
			var room [20]byte
			want := strconv.AppendInt(room[:0], length, 10)
			switch {
			case length == Chunked:
				reason = "the body is sent in chunks: leave this field out"
			case framed:
				reason = "there is a Content-Length already"
			case f.Value != string(want):
				reason = "the body has " + string(want) + " bytes"
			}
			framed = true
		}
		if reason != "" {
			return nil, &RequestError{f.Name, f.Value, reason}
		}
		dst = appendField(dst, f.Name, f.Value)
	}
	switch {
	case framed:
	case length == Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case length > 0 || method == "POST" || method == "PUT" || method == "PATCH":
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, length, 10)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...), nil
}

// bodyLength returns how many bytes the body has, or Chunked.
func (r *Request) bodyLength(method string) (int64, error) {
	inMemory := int64(len(r.Body))
	n := cmp.Or(r.Length, inMemory)
	switch {
	case n < Chunked:
		return 0, r.badLength("want a number of bytes, or Chunked")
	case inMemory > 0 && n != inMemory:
		return 0, r.badLength(fmt.Sprintf("the body has %d bytes", inMemory))
	case n != 0 && (method == "TRACE" || method == "CONNECT"):
		return 0, &RequestError{"body", "", "a " + method + " request has none"}
	case n == Chunked && r.HTTP10:
		return 0, r.badLength("HTTP/1.0 has no chunks: send the body with its length")
	}
	return n, nil
}

func (r *Request) badLength(reason string) *RequestError {
	return &RequestError{"length", strconv.FormatInt(r.Length, 10), reason}
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ':')
	if value != "" {
		dst = append(dst, ' ')
		dst = append(dst, value...)
	}
	return append(dst, "\r\n"...)
}

func tokenPrefix(s string) int {
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return i
		}
	}
	return len(s)
}

// checkField checks a field but for what its name means.
func checkField(f Field) error {
	if reason := badName(f.Name); reason != "" {
		return &RequestError{"field name", f.Name, reason}
	}
	if shown, reason := badValue(f.Value); reason != "" {
		return &RequestError{f.Name, shown, reason}
	}
	return nil
}

func badName(name string) string {
	if name == "" {
		return "a field must have a name"
	}
	if i := tokenPrefix(name); i < len(name) {
		return fmt.Sprintf("byte %q may not stand in a field name", name[i:i+1])
	}
	return ""
}

// badValue shows no more than the byte that is wrong: the value may be a secret.
func badValue(value string) (shown, reason string) {
	for i := range len(value) {
		if !isText(value[i]) {
			return value[i : i+1], "may not stand in a field value"
		}
	}
	if value != "" && isSpace(value[0]) {
		return value[:1], "white space before a value is lost on the way: leave it out"
	}
	if value != "" && isSpace(value[len(value)-1]) {
		return value[len(value)-1:], "white space behind a value is lost on the way: leave it out"
	}
	return "", ""
}

// badHost lets pass a name or address with an optional port, and nothing that
// could be taken for more than that.
func badHost(host string) string {
	for i := range len(host) {
		switch c := host[i]; {
		case c <= ' ', c == 0x7f, c == '/', c == '?', c == '#', c == '@', c == '\\', c == ',':
			return fmt.Sprintf("byte %q may not stand in a host", host[i:i+1])
		}
	}
	return ""
}

// badTarget checks the four forms of a target (RFC 9112 section 3.2). Bytes
// from 0x80 on pass, as they do with curl: servers read them, and a caller who
// was given such a path has to send it.
func badTarget(method, target string) string {
	for i := range len(target) {
		switch c := target[i]; {
		case c == ' ':
			return "a space would end it: write %20"
		case c < ' ' || c == 0x7f:
			return fmt.Sprintf("byte %q may not stand in a target", target[i:i+1])
		case c == '#':
			return "a fragment is not sent: leave it out, or write %23"
		}
	}
	switch {
	case method == "CONNECT":
		return badAuthority(target)
	case target == "*":
		if method != "OPTIONS" {
			return "only OPTIONS may ask for the server as a whole"
		}
	case target[0] != '/' && !strings.Contains(target, "://"):
		return `want a path that begins with "/", or an absolute URL`
	}
	return ""
}

// badAuthority checks the target of a CONNECT: host and port, both of them.
func badAuthority(target string) string {
	colon := strings.LastIndexByte(target, ':')
	if colon <= 0 || colon == len(target)-1 || badHost(target) != "" {
		return "CONNECT wants host:port"
	}
	for _, c := range []byte(target[colon+1:]) {
		if !isDigit(c) {
			return "CONNECT wants host:port"
		}
	}
	host, not := target[:colon], "[]:"
	if host[0] == '[' && host[len(host)-1] == ']' {
		host, not = host[1:max(1, len(host)-1)], "[]"
	}
	if strings.ContainsAny(host, not) {
		return "CONNECT wants host:port, and an IPv6 address in brackets"
	}
	return ""
}
