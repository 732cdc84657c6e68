package httpwire

import (
	"bytes"
	"cmp"
	"math"
	"unicode/utf8"
)

// ServerEvent is one event of an event stream. Its strings are the caller's
// for ever: an event waits for those who handle it longer than a read buffer
// waits for its next read, so views would only be copied one floor up.
type ServerEvent struct {
	Type string // "message" where the stream names none
	Data string // the data lines, joined by "\n"; may be ""
	ID   string // the last ID of the stream: this event's, or an earlier one's
}

// An EventStream turns the content of a text/event-stream response into
// events (WHATWG HTML section 9.2, "Server-sent events"). It does no I/O,
// starts no goroutine, knows no time, and must not be used by two goroutines
// at once. The zero value is ready for the first byte of a stream:
//
//	s.Feed(ev.Data) // of a GotData
//	for {
//		event, ok, err := s.Next()
//		if err != nil || !ok {
//			break
//		}
//		handle(event)
//	}
//
// How the bytes are cut changes nothing, and an event is there as soon as the
// byte is that ends it: a CR ends a line, whether an LF will follow or not.
// An event that the end of the stream cuts short is none, by the standard: the
// caller just stops.
//
// An event costs the strings that it brings anew; a comment, which is what
// servers send to show that they live, costs nothing.
type EventStream struct {
	// Limit is the most bytes that are held for one event: its type, its data
	// and the line that is being read. Comments are not held. Zero or less
	// means 1 MiB.
	Limit int

	in  []byte // the last Feed
	pos int    // in[pos:] is unread
	lf  int    // in[pos:lf] has no LF: where the next one is, or len(in)

	mark    int    // bytes of the byte order mark that have come, or all of it
	skipLF  bool   // the last line ended in CR: an LF that follows belongs to it
	comment bool   // the current line is a comment
	line    []byte // what earlier Feeds brought of the current line

	kind     []byte // of the event that is being read, as it came
	data     []byte
	hasData  bool // a data line has come, be it empty
	id       string
	lastID   string // id as of the last blank line
	lastType string // of the last event, to be used again

	retry    int
	hasRetry bool
	err      error
}

// byteOrderMark may stand before the first line, and is no part of it.
const byteOrderMark = "\xef\xbb\xbf"

// Feed hands s the next bytes of the stream. They are used in place and must
// not change until Next returns false.
//
// To feed while fed bytes are still unread is a bug of the caller, and panics;
// after an error, Feed does nothing.
func (s *EventStream) Feed(data []byte) {
	if s.err != nil {
		return
	}
	if s.pos < len(s.in) {
		panic("httpwire: Feed before Next returned false")
	}
	s.in, s.pos, s.lf = data, 0, -1
}

// Next returns the next event. Without one it returns false: all fed bytes are
// used up, and it is time to Feed more. The only error is an
// *EventTooLargeError; it is final and returned again and again.
func (s *EventStream) Next() (event ServerEvent, ok bool, err error) {
	s.skipMark()
	for s.err == nil {
		more, whole := s.readLine()
		switch {
		case s.comment || len(s.line) == 0 && len(more) > 0 && more[0] == ':':
			s.comment = !whole
		case s.overLimit(len(s.line) + len(more)):
		case !whole:
			s.line = append(s.line, more...)
		default:
			line := more
			if len(s.line) > 0 {
				line = append(s.line, more...)
				s.line = line[:0]
			}
			if len(line) > 0 {
				s.setField(line)
			} else if event, ok = s.endEvent(); ok {
				return event, true, nil
			}
		}
		if !whole {
			break
		}
	}
	s.in, s.pos, s.lf = nil, 0, 0
	return ServerEvent{}, false, s.err
}

// LastID returns the last ID that the stream has given, "" if none or if it
// was taken back: what a client that connects again sends as Last-Event-ID,
// unless it is "". It is the server's text: a Request refuses one that cannot
// stand in a field.
func (s *EventStream) LastID() string { return s.lastID }

// Retry returns how many milliseconds the server wants a client to wait before
// it connects again, at most 2^31-1, and false if it has not said.
func (s *EventStream) Retry() (ms int, ok bool) { return s.retry, s.hasRetry }

// Reset makes s ready for the stream of the next connection: an unfinished
// event, an error and the fed bytes are forgotten; LastID, Retry and buffers
// are kept. Events of the next stream that bring no ID have LastID, as in
// browsers.
func (s *EventStream) Reset() {
	*s = EventStream{
		Limit:    s.Limit,
		line:     s.line[:0],
		kind:     s.kind[:0],
		data:     s.data[:0],
		id:       s.lastID,
		lastID:   s.lastID,
		lastType: s.lastType,
		retry:    s.retry,
		hasRetry: s.hasRetry,
	}
}

// skipMark passes over a byte order mark at the start of the stream. What
// began like one and went on otherwise is the beginning of the first line.
func (s *EventStream) skipMark() {
	for s.mark < len(byteOrderMark) && s.pos < len(s.in) {
		if s.in[s.pos] != byteOrderMark[s.mark] {
			s.line = append(s.line, byteOrderMark[:s.mark]...)
			s.mark = len(byteOrderMark)
			return
		}
		s.mark++
		s.pos++
	}
}

// readLine reads on to the end of the current line. It returns what the fed
// bytes hold of it, without its end.
//
// The place of the next LF is remembered, since a stream may end its lines
// with CR and have none: to look for it again in each line would take a time
// that grows with the square of what was fed.
func (s *EventStream) readLine() (more []byte, whole bool) {
	if s.skipLF && s.pos < len(s.in) {
		s.skipLF = false
		if s.in[s.pos] == '\n' {
			s.pos++
		}
	}
	if s.lf < s.pos {
		s.lf = len(s.in)
		if i := bytes.IndexByte(s.in[s.pos:], '\n'); i >= 0 {
			s.lf = s.pos + i
		}
	}
	end := s.lf
	if i := bytes.IndexByte(s.in[s.pos:s.lf], '\r'); i >= 0 {
		end = s.pos + i
		s.skipLF = true
	}
	more = s.in[s.pos:end]
	s.pos = min(end+1, len(s.in))
	return more, end < len(s.in)
}

// overLimit reports whether n bytes of the current line are too many, and
// fails if so.
func (s *EventStream) overLimit(n int) bool {
	limit := cmp.Or(max(s.Limit, 0), 1<<20)
	if len(s.kind)+len(s.data)+n <= limit {
		return false
	}
	s.err = &EventTooLargeError{limit}
	return true
}

// setField takes over a line that is neither blank nor a comment.
func (s *EventStream) setField(line []byte) {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '}) // one space, not all
	switch string(name) {
	case "event":
		s.kind = append(s.kind[:0], value...)
	case "data":
		if s.hasData {
			s.data = append(s.data, '\n')
		}
		s.data = append(s.data, value...)
		s.hasData = true
	case "id":
		if bytes.IndexByte(value, 0) < 0 && string(value) != s.id {
			s.id = decodeUTF8(value)
		}
	case "retry":
		if ms, ok := milliseconds(value); ok {
			s.retry, s.hasRetry = ms, true
		}
	}
}

// endEvent is called at a blank line. An event without a data line is none,
// but its ID counts.
func (s *EventStream) endEvent() (event ServerEvent, ok bool) {
	s.lastID = s.id
	if ok = s.hasData; ok {
		kind := s.kind
		if len(kind) == 0 {
			kind = []byte("message")
		}
		if string(kind) != s.lastType {
			s.lastType = decodeUTF8(kind)
		}
		event = ServerEvent{Type: s.lastType, Data: decodeUTF8(s.data), ID: s.id}
	}
	s.kind, s.data, s.hasData = s.kind[:0], s.data[:0], false
	return event, ok
}

// milliseconds reads a number made of digits and nothing else. One that is too
// big to be meant is cut down: the wish to be left alone is clear.
func milliseconds(value []byte) (ms int, ok bool) {
	n := int64(0)
	for _, c := range value {
		if !isDigit(c) {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), math.MaxInt32)
	}
	return int(n), len(value) > 0
}

// decodeUTF8 puts U+FFFD in the place of what is no UTF-8, as the Encoding
// Standard does: one for each beginning of a character that breaks off, one
// for each other byte. bytes.ToValidUTF8 puts one for a whole run, a range
// loop one for each byte.
//
// The parts of a line may be decoded one by one: a character that breaks off
// ends before the colon, CR or LF behind it and swallows none.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out []byte
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			for n < len(b) && !utf8.FullRune(b[:n+1]) {
				n++
			}
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return string(out)
}
