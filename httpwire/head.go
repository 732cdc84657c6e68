package httpwire

import (
	"bytes"
	"slices"
)

// Head is a status line and its header section. Reason and Fields are views,
// see Event; Clone keeps them.
type Head struct {
	Major, Minor int // Major is always 1
	Status       int // 100 to 999
	Reason       []byte
	Fields       Fields
}

// Clone returns a copy that owns its bytes and lives for ever.
func (h *Head) Clone() *Head {
	c := *h
	c.Reason = slices.Clone(h.Reason)
	c.Fields = h.Fields.Clone()
	return &c
}

// KeepAlive reports whether the version and the Connection fields let the
// connection live on (RFC 9112 section 9.3). The framing has a say of its own:
// ask Parser.Reusable.
func (h *Head) KeepAlive() bool {
	keep := h.Minor >= 1
	for value := range h.Fields.Values("Connection") {
		for more := true; more; {
			var option []byte
			option, value, more = bytes.Cut(value, []byte{','})
			switch option = trimSpace(option); {
			case equalFold(option, "close"):
				return false
			case equalFold(option, "keep-alive"):
				keep = true
			}
		}
	}
	return keep
}

// The shape of a status line, "HTTP/1.1 200 OK": everything but the reason
// phrase stands in a fixed place (RFC 9112 section 4).
const (
	protocol = "HTTP/1."
	minorAt  = len(protocol)
	statusAt = minorAt + 2
	statusTo = statusAt + 3
	reasonAt = statusTo + 1
)

// A fault is what is wrong with a line: where, why, and the bytes to show. Its
// zero value is a good line.
type fault struct {
	at     int // in the line
	reason string
	show   []byte
}

// statusLineFault examines a status line, or the beginning of one; its reason
// phrase only from byte seen on. What it answers for the beginning of a line
// holds for all lines that begin so: a verdict never waits for bytes that
// could not change it, and never depends on how the bytes were cut.
func statusLineFault(line []byte, whole bool, seen int) fault {
	for i := range min(len(line), reasonAt) {
		c := line[i]
		switch {
		case i < len("HTTP/"):
			if c != protocol[i] {
				return fault{0, "not an HTTP status line", line}
			}
		case i < minorAt:
			if c != protocol[i] {
				return fault{len("HTTP/"), "unsupported version", word(line[len("HTTP/"):])}
			}
		case i == minorAt:
			if !isDigit(c) {
				return fault{len("HTTP/"), "invalid version", word(line[len("HTTP/"):])}
			}
		case i == statusAt-1:
			if c != ' ' {
				return fault{i, "want one space behind the version, got", line[i : i+1]}
			}
		case i < statusTo:
			if !isDigit(c) {
				return fault{statusAt, "invalid status code", word(line[statusAt:])}
			}
			if i == statusAt && c == '0' {
				return fault{statusAt, "status code below 100:", word(line[statusAt:])}
			}
		default:
			// The space belongs to the reason phrase, which may be missing with
			// all that comes before it: many servers leave the space out too.
			if c != ' ' {
				return fault{statusAt, "invalid status code", word(line[statusAt:])}
			}
		}
	}
	if len(line) < statusTo {
		if whole {
			return fault{len(line), "the line ends before its status code:", line}
		}
		return fault{}
	}
	if from := max(seen, reasonAt); from < len(line) {
		if i := from + textPrefix(line[from:]); i < len(line) {
			return fault{i, notText(line[i], "reason phrase"), line[i : i+1]}
		}
	}
	return fault{}
}

// word returns b up to a space, but the first byte in any case.
func word(b []byte) []byte {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:max(i, 1)]
	}
	return b
}

func notText(c byte, where string) string {
	if c == '\r' {
		return "bare CR in " + where
	}
	return "control byte in " + where
}

// setStatusLine takes over a whole line without fault.
func (h *Head) setStatusLine(line []byte) {
	h.Major, h.Minor = 1, int(line[minorAt]-'0')
	h.Status = 0
	for _, c := range line[statusAt:statusTo] {
		h.Status = h.Status*10 + int(c-'0')
	}
}
