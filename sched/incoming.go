package sched

import (
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/qqloop/qqloop/httpwire"
)

// This file makes an http.Response of a head, as net/http does.

// A reply is what the loop makes of the head of a response, and the response
// that the caller makes of that.
type reply struct {
	http.Response
	spool spool

	minor  int
	reason string
	fields httpwire.Header // the call's memory
	empty  bool            // there is no body
	length int64           // of the body; negative: nobody knows
}

// takeHead makes a reply of a head.
func (c *call) takeHead(x *exchange) {
	h, p := x.reader.head, &x.reader.parser
	r := &reply{minor: h.Minor, reason: string(h.Reason), length: -1}
	r.StatusCode = h.Status
	c.got = h.Fields.AppendTo(c.got[:0])
	r.fields = c.got
	r.empty = p.State() == httpwire.Done
	if n, known := p.ContentLength(); known {
		r.length = n
	}
	if x.conn.tls != nil {
		r.TLS = x.conn.tls.State()
	}
	r.spool.init(c, r.length)
	c.reply = r
	c.engine.note(c)
}

// finish makes the response to req.
func (r *reply) finish(req *http.Request, c *call) {
	r.Request = req
	r.Status = statusText(r.StatusCode, r.reason)
	r.ProtoMajor, r.ProtoMinor = 1, r.minor
	r.Proto = proto(r.minor)
	h := headerOf(r.fields)
	r.fields = nil
	r.Header = h
	if len(h["Pragma"]) > 0 && h["Pragma"][0] == "no-cache" && h["Cache-Control"] == nil {
		h["Cache-Control"] = []string{"no-cache"}
	}

	closes := says(h["Connection"], "close")
	switch {
	case r.minor == 0:
		r.Close = closes || !says(h["Connection"], "keep-alive")
	case closes:
		r.Close = true
		delete(h, "Connection")
	}
	if h["Transfer-Encoding"] != nil {
		delete(h, "Transfer-Encoding")
		r.TransferEncoding = []string{"chunked"}
		delete(h, "Content-Length")
		r.announceTrailer(h)
	}
	if said := h["Content-Length"]; len(said) > 0 {
		first, _, _ := strings.Cut(said[0], ",")
		h["Content-Length"] = append(said[:0], textproto.TrimString(first))
	}
	r.ContentLength = r.length
	switch {
	case c.method == "HEAD":
		r.ContentLength = -1
		if said := h["Content-Length"]; len(said) > 0 {
			r.ContentLength, _ = strconv.ParseInt(said[0], 10, 64) // the parser has looked at it
		}
	case r.length < 0 && r.TransferEncoding == nil:
		r.Close = true // the body ends with the connection
	}

	r.Body = &r.spool
	switch {
	case c.duplex != nil:
		r.Body = c.duplex
		if c.method == "CONNECT" {
			r.ContentLength = -1
			if c.source != nil {
				body, _ := c.source.open()
				go c.duplex.send(body)
			}
		}
	case r.empty:
		r.Body = http.NoBody
	case c.asksGzip && strings.EqualFold(h.Get("Content-Encoding"), "gzip"):
		r.Body = &unzipped{spool: &r.spool}
		delete(h, "Content-Encoding")
		delete(h, "Content-Length")
		r.ContentLength = -1
		r.Uncompressed = true
	}
	r.spool.response = &r.Response
}

// announceTrailer makes room for the fields that the head says will come.
func (r *reply) announceTrailer(h http.Header) {
	for _, v := range h["Trailer"] {
		for name := range strings.SplitSeq(v, ",") {
			if name = http.CanonicalHeaderKey(textproto.TrimString(name)); name != "" {
				if r.Trailer == nil {
					r.Trailer = http.Header{}
				}
				r.Trailer[name] = nil
			}
		}
	}
	delete(h, "Trailer")
}

// headerOf makes a header of fields.
func headerOf(fields httpwire.Header) http.Header {
	h := make(http.Header, len(fields))
	values := make([]string, len(fields)) // one piece of memory for all
	for i, f := range fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		values[i] = f.Value
		if had := h[name]; had == nil {
			h[name] = values[i : i+1 : i+1]
		} else {
			h[name] = append(had, f.Value)
		}
	}
	return h
}

// trailerOf makes a header of a trailer; nil of none.
func trailerOf(f httpwire.Fields) http.Header {
	if f.Len() == 0 {
		return nil
	}
	return headerOf(f.Header())
}

// statusText is the Status of a response: of the commonest without a copy.
func statusText(code int, reason string) string {
	switch {
	case code == 200 && reason == "OK":
		return "200 OK"
	case reason == "":
		return strconv.Itoa(code)
	}
	return strconv.Itoa(code) + " " + reason
}

func proto(minor int) string {
	switch minor {
	case 0:
		return "HTTP/1.0"
	case 1:
		return "HTTP/1.1"
	}
	return fmt.Sprintf("HTTP/1.%d", minor)
}
