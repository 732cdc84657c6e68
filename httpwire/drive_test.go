package httpwire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// A verdict is all that a caller can learn from a response, in a form that
// must not depend on how its bytes were cut into Feeds.
type verdict struct {
	heads   []string // interim ones first, rendered
	body    []byte
	ended   bool
	trailer string
	unread  []byte
	reuse   bool
	state   State
	err     *ProtocolError
}

// String leaves out what may depend on the cut: the length of the quotation
// in an error, and the hint.
func (v verdict) String() string {
	var b strings.Builder
	for i := 0; i < len(v.heads); {
		n := 1
		for i+n < len(v.heads) && v.heads[i+n] == v.heads[i] {
			n++
		}
		if n > 1 {
			fmt.Fprintf(&b, "%d times ", n)
		}
		b.WriteString(v.heads[i])
		i += n
	}
	if len(v.body) > 0 {
		fmt.Fprintf(&b, "body %d %s\n", len(v.body), short(v.body))
	}
	b.WriteString(v.trailer)
	switch {
	case v.err != nil:
		e := v.err
		fmt.Fprintf(&b, "error %v, %v, offset %d, %s", e.Err, e.State, e.Offset, e.Reason)
		if e.Limit != "" {
			fmt.Fprintf(&b, " limit %s", e.Limit)
		}
		b.WriteString("\n")
	case v.ended:
		fmt.Fprintf(&b, "end, reusable %v", v.reuse)
		if len(v.unread) > 0 {
			fmt.Fprintf(&b, ", unread %s", short(v.unread))
		}
		b.WriteString("\n")
	default:
		fmt.Fprintf(&b, "more, in %v\n", v.state)
	}
	return b.String()
}

func short(b []byte) string {
	if len(b) > 60 {
		return fmt.Sprintf("%q... %d bytes, sum %d", b[:40], len(b), sum(b))
	}
	return fmt.Sprintf("%q", b)
}

func sum(b []byte) (s uint32) {
	for _, c := range b {
		s = s*31 + uint32(c)
	}
	return s
}

func renderHead(kind Kind, h *Head) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v HTTP/%d.%d %d %q\n", kind, h.Major, h.Minor, h.Status, h.Reason)
	b.WriteString(renderFields("field", h.Fields))
	return b.String()
}

func renderFields(what string, f Fields) string {
	var b strings.Builder
	if f.Len() > 20 {
		return fmt.Sprintf("%s: %d of them\n", what, f.Len())
	}
	for name, value := range f.All() {
		fmt.Fprintf(&b, "%s %q %s\n", what, name, short(value))
	}
	return b.String()
}

// drive feeds p one piece after the other, each in a buffer of its own, which
// is overwritten as soon as the parser may not look at it any more. If eof, the
// peer closes after the last piece. The head is rendered again at the end,
// from the pointer and from the Fields handle that came with GotHead.
func drive(p *Parser, eof bool, pieces ...[]byte) verdict {
	var v verdict
	var head *Head
	var handle Fields
	var fed []byte
	for {
		ev, err := p.NextEvent()
		if err != nil {
			if !errors.As(err, &v.err) {
				panic(fmt.Sprintf("error of type %T", err))
			}
			if _, again := p.NextEvent(); again != err {
				panic("the error does not stick")
			}
			break
		}
		switch ev.Kind {
		case GotInterim, GotHead:
			v.heads = append(v.heads, renderHead(ev.Kind, ev.Head))
			if ev.Kind == GotHead {
				head, handle = ev.Head, ev.Head.Fields
			}
		case GotData:
			if len(ev.Data) == 0 {
				panic("GotData without data")
			}
			v.body = append(v.body, ev.Data...)
		case GotEnd:
			v.ended = true
			v.trailer = renderFields("trailer", ev.Trailer)
		}
		if v.ended {
			// What is left to feed is seen to have come behind the end.
			rest := bytes.Join(pieces, nil)
			v.unread = append(bytes.Clone(p.Unread()), rest...)
			v.reuse = p.Reusable() && len(rest) == 0
			break
		}
		if ev.Kind != NeedData {
			continue
		}
		copy(fed, bytes.Repeat([]byte("\xff\r\n"), len(fed)/3+1))
		if len(pieces) == 0 {
			if !eof {
				break
			}
			p.FeedEOF()
			eof = false
			continue
		}
		fed = bytes.Clone(pieces[0])
		pieces = pieces[1:]
		p.Feed(fed)
	}
	v.state = p.State()
	if head != nil {
		at := len(v.heads) - 1
		if again := renderHead(GotHead, head); again != v.heads[at] {
			panic(fmt.Sprintf("the head changed from\n%sto\n%s", v.heads[at], again))
		}
		if a, b := renderFields("", handle), renderFields("", head.Fields); a != b {
			panic(fmt.Sprintf("the Fields changed from\n%sto\n%s", b, a))
		}
	}
	return v
}

// bytewise cuts b into single bytes.
func bytewise(b []byte) [][]byte {
	pieces := make([][]byte, len(b))
	for i := range b {
		pieces[i] = b[i : i+1]
	}
	return pieces
}
