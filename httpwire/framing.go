package httpwire

import "math"

// framing says where the content of a message ends.
type framing struct {
	kind   bodyKind
	length int64 // of a bodyLength
	// suspect: the head says two things about the length, or says it in a way
	// that its version does not know. The message can be read; the connection
	// must not be used again.
	suspect bool
}

type bodyKind uint8

const (
	bodyNone    bodyKind = iota // the message ends with its head
	bodyInterim                 // so does the head of a 1xx, but the message goes on
	bodyLength                  // Content-Length
	bodyChunked                 // Transfer-Encoding: chunked
	bodyClose                   // everything up to the end of the connection
	bodyTunnel                  // none, and what follows is not HTTP
)

// isFraming reports whether a field decides where a message ends.
func isFraming(name []byte) bool {
	return equalFold(name, "Content-Length") || equalFold(name, "Transfer-Encoding")
}

// bodyFraming decides how the content of a response to method is framed. It
// follows RFC 9112 section 6.3 step by step. A fault's at is from the start of
// the head.
func bodyFraming(method string, h *Head, strict bool) (framing, fault) {
	// 1. An interim response ends with its head, whatever its fields say; so
	// does a 101, and what follows that is another protocol.
	if h.Status == 101 {
		return framing{kind: bodyTunnel}, fault{}
	}
	if h.Status/100 == 1 {
		return framing{kind: bodyInterim}, fault{}
	}
	// 2. So does an affirmative answer to CONNECT: its length and coding are to
	// be ignored, and a tunnel begins.
	if method == "CONNECT" && h.Status/100 == 2 {
		return framing{kind: bodyTunnel}, fault{}
	}

	// The fields are read before the rest of step 1 is done, so that one that
	// cannot be understood is refused where it does no harm, too: its sender
	// is not to be trusted with the next message.
	said, bad := framingFields(h)
	if bad.reason != "" {
		return framing{}, bad
	}
	if strict && said.chunked && said.hasLength {
		return framing{}, fault{said.lengthAt, "both Transfer-Encoding and Content-Length", nil}
	}
	f := framing{
		// 3. With both, the coding overrides the length, and the connection is
		// closed after the message: somebody may be smuggling. (The same goes
		// for a coding in a message of HTTP/1.0, section 6.1.)
		suspect: said.chunked && (said.hasLength || h.Minor == 0),
	}
	switch {
	// 1. HEAD, 204 and 304: nothing follows, whatever the fields say.
	case method == "HEAD" || h.Status == 204 || h.Status == 304:
		f.kind = bodyNone
	// 4. Chunked is the last coding. It must also be the only one: we never
	// send TE, so that no other coding is ours to expect; framingFields has
	// refused the others.
	case said.chunked:
		f.kind = bodyChunked
	// 5. An invalid length cannot be recovered from: framingFields again.
	// 6. A valid one is the number of bytes.
	case said.hasLength && said.length > 0:
		f.kind, f.length = bodyLength, said.length
	case said.hasLength:
		f.kind = bodyNone
	// 7. is about requests.
	// 8. Otherwise the content ends where the connection does.
	default:
		f.kind = bodyClose
	}
	return f, fault{}
}

// lengthSaid is what a head says about the length of its content.
type lengthSaid struct {
	chunked   bool
	hasLength bool
	length    int64
	lengthAt  int // of the field, from the start of the head
}

// framingFields reads all Transfer-Encoding and Content-Length fields of h.
func framingFields(h *Head) (said lengthSaid, bad fault) {
	s := h.Fields.s
	for _, sp := range h.Fields.all() {
		// The length of its name alone tells most fields from these two.
		switch sp.colon - sp.name {
		case uint32(len("Transfer-Encoding")):
			value := s.value(sp)
			switch {
			case !equalFold(s.name(sp), "Transfer-Encoding"):
			case said.chunked:
				return said, fault{int(sp.at), "second Transfer-Encoding", value}
			case !equalFold(value, "chunked"):
				return said, fault{int(sp.at), "unsupported Transfer-Encoding", value}
			default:
				said.chunked = true
			}
		case uint32(len("Content-Length")):
			if !equalFold(s.name(sp), "Content-Length") {
				continue
			}
			value := s.value(sp)
			n, ok := parseLength(value)
			switch {
			case !ok:
				return said, fault{int(sp.at), "invalid Content-Length", value}
			case said.hasLength && said.length != n:
				return said, fault{int(sp.at), "a different second Content-Length", value}
			}
			said.hasLength, said.length, said.lengthAt = true, n, int(sp.at)
		}
	}
	return said, fault{}
}

// parseLength reads a Content-Length: digits, or a list of the same number
// over and over, which RFC 9110 section 8.6 lets us take for one.
func parseLength(value []byte) (n int64, ok bool) {
	first := true
	for {
		m, rest, good := digits(value)
		if !good || !first && m != n {
			return 0, false
		}
		n, first = m, false
		rest = trimSpace(rest)
		if len(rest) == 0 {
			return n, true
		}
		if rest[0] != ',' {
			return 0, false
		}
		value = trimSpace(rest[1:])
	}
}

// digits reads a decimal number up to 2^63-1 from the front of b.
func digits(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && isDigit(b[i]); i++ {
		d := int64(b[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, nil, false
		}
		n = n*10 + d
	}
	return n, b[i:], i > 0
}
