package httpwire

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// listen feeds s one piece after the other, each in a buffer of its own that
// is overwritten when s may not look at it any more, and renders all that a
// caller can learn.
func listen(s *EventStream, pieces ...[]byte) string {
	var b strings.Builder
	var err error
	for _, piece := range pieces {
		fed := bytes.Clone(piece)
		s.Feed(fed)
		for {
			var event ServerEvent
			var ok bool
			if event, ok, err = s.Next(); !ok {
				break
			}
			fmt.Fprintf(&b, "%q %q %q\n", event.Type, event.Data, event.ID)
		}
		copy(fed, bytes.Repeat([]byte("\n:\r"), len(fed)/3+1))
	}
	if _, ok, again := s.Next(); ok || again != err {
		panic(fmt.Sprintf("asked again: %v, %v", ok, again))
	}
	if s.LastID() != "" {
		fmt.Fprintf(&b, "last ID %q\n", s.LastID())
	}
	if ms, ok := s.Retry(); ok {
		fmt.Fprintf(&b, "retry %d\n", ms)
	}
	if err != nil {
		fmt.Fprintf(&b, "error %v\n", err)
	}
	return b.String()
}

var eventStreams = []struct {
	name, in string
	limit    int
	want     string // of listen
}{
	// Section 9.2.6 closes with four streams; these have their shape.
	{name: "one event of three lines", in: "data: QQ\ndata: +2\ndata: 10\n\n",
		want: `"message" "QQ\n+2\n10" ""` + "\n"},
	{name: "comment, ID, ID taken back, unfinished third", in: ": hello\n\ndata: one\nid: 1\n\ndata:two\nid\n\ndata:  three\n",
		want: `"message" "one" "1"` + "\n" + `"message" "two" ""` + "\n"},
	{name: "data without content", in: "data\n\ndata\ndata\n\ndata:",
		want: `"message" "" ""` + "\n" + `"message" "\n" ""` + "\n"},
	{name: "the space behind the colon is not data", in: "data:a\n\ndata: a\n\n",
		want: `"message" "a" ""` + "\n" + `"message" "a" ""` + "\n"},

	// Lines.
	{name: "LF", in: "data:a\ndata:b\n\n", want: `"message" "a\nb" ""` + "\n"},
	{name: "CR LF", in: "data:a\r\ndata:b\r\n\r\n", want: `"message" "a\nb" ""` + "\n"},
	{name: "CR", in: "data:a\rdata:b\r\r", want: `"message" "a\nb" ""` + "\n"},
	{name: "mixed", in: "data:a\r\ndata:b\rdata:c\n\r", want: `"message" "a\nb\nc" ""` + "\n"},
	{name: "CR LF ends one line, LF CR two", in: "data:a\r\ndata:b\n\rdata:c\n\n",
		want: `"message" "a\nb" ""` + "\n" + `"message" "c" ""` + "\n"},
	{name: "CR ends the event, with no byte behind it", in: "data:a\r\r", want: `"message" "a" ""` + "\n"},
	{name: "CR LF LF", in: "data:a\r\n\n", want: `"message" "a" ""` + "\n"},
	{name: "blank lines", in: "\n\r\n\r\r\n\ndata:a\n\n\n\n", want: `"message" "a" ""` + "\n"},
	{name: "U+2028 and the like end no line", in: "data:a\u2028b\u0085c\vd\fe\n\n",
		want: fmt.Sprintf("%q %q %q\n", "message", "a\u2028b\u0085c\vd\fe", "")},

	// The byte order mark.
	{name: "mark", in: "\xef\xbb\xbfdata:a\n\n", want: `"message" "a" ""` + "\n"},
	{name: "mark before a comment", in: "\xef\xbb\xbf:data:b\ndata:a\n\n", want: `"message" "a" ""` + "\n"},
	{name: "second mark", in: "\xef\xbb\xbf\xef\xbb\xbfdata:a\n\ndata:b\n\n", want: `"message" "b" ""` + "\n"},
	{name: "mark in the second line", in: ":\n\xef\xbb\xbfdata:a\n\ndata:b\n\n", want: `"message" "b" ""` + "\n"},
	{name: "mark in the data", in: "data:\xef\xbb\xbfa\n\n", want: `"message" "\ufeffa" ""` + "\n"},
	{name: "broken mark", in: "\xef\xbbdata:a\n\ndata:b\n\n", want: `"message" "b" ""` + "\n"},
	{name: "broken mark alone in its line", in: "data:z\n\n\xef\n\ndata:b\n\n",
		want: `"message" "z" ""` + "\n" + `"message" "b" ""` + "\n"},
	{name: "broken mark is no blank line", in: "\xef\xbb\ndata:b\n\n", want: `"message" "b" ""` + "\n"},
	{name: "mark and nothing else", in: "\xef\xbb\xbf"},
	{name: "mark and a blank line", in: "\xef\xbb\xbf\n\ndata:b\n\n", want: `"message" "b" ""` + "\n"},

	// Fields.
	{name: "type", in: "event: add\ndata: 7\n\ndata: 8\n\n", want: `"add" "7" ""` + "\n" + `"message" "8" ""` + "\n"},
	{name: "last type counts", in: "event:a\nevent:b\ndata\n\n", want: `"b" "" ""` + "\n"},
	{name: "empty type is none", in: "event:a\nevent\ndata:1\n\n", want: `"message" "1" ""` + "\n"},
	{name: "type of an event without data is forgotten", in: "event:a\n\ndata:1\n\n", want: `"message" "1" ""` + "\n"},
	{name: "names have case", in: "Data:a\nDATA:b\ndata:c\n\n", want: `"message" "c" ""` + "\n"},
	{name: "unknown names", in: "datum:a\ndat\ndata :b\n data:c\nx\n\n"},
	{name: "colons in the value", in: "data::a:b\n\n", want: `"message" ":a:b" ""` + "\n"},
	{name: "one space only, no TAB", in: "data:  a \n\ndata:\ta\n\n", want: `"message" " a " ""` + "\n" + `"message" "\ta" ""` + "\n"},
	{name: "comments between the fields", in: "data:a\n:\ndata:b\n:data:c\n\n", want: `"message" "a\nb" ""` + "\n"},
	{name: "empty stream", in: ""},

	// IDs.
	{name: "ID stays", in: "id:7\ndata:a\n\ndata:b\n\n", want: `"message" "a" "7"` + "\n" + `"message" "b" "7"` + "\nlast ID \"7\"\n"},
	{name: "ID without data counts", in: "id:7\n\n", want: "last ID \"7\"\n"},
	{name: "ID of an unfinished event does not", in: "id:7\n\nid:8\ndata:a\n", want: "last ID \"7\"\n"},
	{name: "ID with NUL", in: "id:7\nid:8\x00\ndata:a\n\n", want: `"message" "a" "7"` + "\nlast ID \"7\"\n"},
	{name: "data with NUL", in: "data:\x00\n\n", want: `"message" "\x00" ""` + "\n"},

	// Retry.
	{name: "retry", in: "retry: 1500\n", want: "retry 1500\n"},
	{name: "retry 0", in: "retry:0\n", want: "retry 0\n"},
	{name: "last retry counts", in: "retry:1\nretry:007\n", want: "retry 7\n"},
	{name: "retry is digits only", in: "retry:+1\nretry:-1\nretry:1s\nretry:1.5\nretry:  1\nretry: 1 \nretry\nretry:\nretry:\u0661\n"},
	{name: "retry that is too big", in: "retry:99999999999999999999999999\n", want: "retry 2147483647\n"},

	// UTF-8.
	{name: "UTF-8", in: "id:\u4f60\nevent:\u597d\ndata:\U0001f600\n\n", want: "\"\u597d\" \"\U0001f600\" \"\u4f60\"\nlast ID \"\u4f60\"\n"},
	{name: "no UTF-8", in: "id:\xff\nevent:\xe4\xbd\ndata:\xe4\xbd\ndata:\xf0\x9f\x98a\xc0\x80\xed\xa0\x80\n\n",
		want: fmt.Sprintf("%q %q %q\nlast ID %q\n", "\ufffd", "\ufffd\n\ufffda\ufffd\ufffd\ufffd\ufffd\ufffd", "\ufffd", "\ufffd")},

	// The limit: type, data, and the line that is being read.
	{name: "at the limit", limit: 10, in: "data:12345\n\n", want: `"message" "12345" ""` + "\n"},
	{name: "over the limit", limit: 10, in: "data:a\n\ndata:123456\n\n", want: `"message" "a" ""` + "\n" + limitError(10)},
	{name: "over the limit in a second line", limit: 10, in: "data:1234\ndata:12\n\n", want: limitError(10)},
	{name: "at the limit in a second line", limit: 10, in: "data:1234\ndata:1\n\n", want: `"message" "1234\n1" ""` + "\n"},
	{name: "over the limit in an unfinished line", limit: 10, in: "xxxxxxxxxxx", want: limitError(10)},
	{name: "over the limit by a type", limit: 10, in: "event:1234\ndata:12\n\n", want: limitError(10)},
	{name: "over the limit by empty data lines", limit: 10, in: strings.Repeat("data\n", 20), want: limitError(10)},
	{name: "each event has the whole limit", limit: 10, in: strings.Repeat("data:12345\n\n", 3), want: strings.Repeat(`"message" "12345" ""`+"\n", 3)},
	{name: "what is not held is not counted", limit: 10, in: strings.Repeat(":"+strings.Repeat("x", 100)+"\nretry:1\nx:y\nid:1\n", 10) + "data:a\n\n",
		want: `"message" "a" "1"` + "\nlast ID \"1\"\nretry 1\n"},
	{name: "nothing after the error", limit: 10, in: "data:123456\n\ndata:a\n\nretry:1\n", want: limitError(10)},
	{name: "broken mark over the limit", limit: 1, in: "\xef\xbb\n", want: limitError(1)},
	{name: "limit below zero means the default", limit: -1, in: "data:" + strings.Repeat("x", 1<<20-4), want: limitError(1 << 20)},
}

func limitError(n int) string {
	return fmt.Sprintf("error httpwire: event stream: an event is over EventStream.Limit of %d\n", n)
}

// TestEventStream feeds each stream whole, byte by byte, with empty Feeds
// between, and cut in two and three at each place.
func TestEventStream(t *testing.T) {
	for _, c := range eventStreams {
		t.Run(c.name, func(t *testing.T) {
			in := []byte(c.in)
			check := func(how string, pieces ...[]byte) {
				if got := listen(&EventStream{Limit: c.limit}, pieces...); got != c.want {
					t.Fatalf("%s, got:\n%swant:\n%s", how, got, c.want)
				}
			}
			check("whole", in)
			if len(in) > 10_000 {
				return
			}
			check("byte by byte", bytewise(in)...)
			var gaps [][]byte
			for _, b := range bytewise(in) {
				gaps = append(gaps, nil, b)
			}
			check("with empty feeds", gaps...)
			for i := range in {
				check(fmt.Sprintf("cut at %d", i), in[:i], in[i:])
				if len(in) < 100 {
					for j := range i {
						check(fmt.Sprintf("cut at %d and %d", j, i), in[:j], in[j:i], in[i:])
					}
				}
			}
		})
	}
}

func TestEventTooLargeError(t *testing.T) {
	s := EventStream{Limit: 10}
	s.Feed([]byte("data: this is too long\n\n"))
	_, _, first := s.Next()
	e, ok := errors.AsType[*EventTooLargeError](first)
	if !ok || e.Limit != 10 {
		t.Fatalf("got %#v; want an *EventTooLargeError with the limit 10", first)
	}
	s.Feed([]byte("data:a\n\n"))
	s.Feed([]byte("data:b\n\n"))
	if event, ok, err := s.Next(); ok || err != first {
		t.Errorf("after the error: got %v, %v, %v; want the same error", event, ok, err)
	}
}

// A new connection continues with what the last one said, and with nothing of
// what it left unsaid.
func TestEventStream_Reset(t *testing.T) {
	for _, left := range []string{
		"", "\xef", "\xef\xbb", "data:b", ":comment", "data:b\nevent:c\nid:8\n", "data:b\r", "data:b\ndata:far too long for the limit\n",
	} {
		s := &EventStream{Limit: 20}
		first := listen(s, []byte("retry:5\nid:7\ndata:a\n\n"+left))
		if want := `"message" "a" "7"` + "\nlast ID \"7\"\nretry 5\n"; !strings.HasPrefix(first, want) {
			t.Errorf("%q: got:\n%swant:\n%s", left, first, want)
		}
		s.Reset()
		got := listen(s, []byte("\xef\xbb\xbf\ndata:d\n\n"))
		if want := `"message" "d" "7"` + "\nlast ID \"7\"\nretry 5\n"; got != want {
			t.Errorf("after %q, got:\n%swant:\n%s", left, got, want)
		}
	}
}

func TestEventStream_FeedBeforeFalsePanics(t *testing.T) {
	var s EventStream
	s.Feed([]byte("data:a\n\ndata:b\n\n"))
	if _, ok, _ := s.Next(); !ok {
		t.Fatal("got no event")
	}
	defer func() {
		if got, want := recover(), "httpwire: Feed before Next returned false"; got != want {
			t.Errorf("got panic %v; want %q", got, want)
		}
	}()
	s.Feed([]byte("x"))
}

// Events outlive the fed bytes and the stream's own buffers.
func TestEventsAreNoViews(t *testing.T) {
	var s EventStream
	fed := []byte("id:1\nevent:a\ndata:b\n\n")
	s.Feed(fed)
	event, _, _ := s.Next()
	s.Next()
	clear(fed)
	listen(&s, []byte("id:2\nevent:x\ndata:y\n\n"))
	if want := (ServerEvent{"a", "b", "1"}); event != want {
		t.Errorf("got %q; want %q", event, want)
	}
}

// TestEventStreamAllocs: comments and what is ignored cost nothing, an event
// costs the strings that it brings anew.
func TestEventStreamAllocs(t *testing.T) {
	for _, c := range []struct {
		name, in string
		events   int
		want     float64
	}{
		{"comment", ":\n\n", 0, 0},
		{"long comment", ":" + strings.Repeat("x", 5000) + "\r\n\r\n", 0, 0},
		{"ID, retry and unknown field again", "id:1364214535\nretry:5\nx:y\n\n", 0, 0},
		{"data", "data:a long line of data\n\n", 1, 1},
		{"data, same type and ID", "event:add\nid:1364214535\ndata:a\ndata:bcd\n\n", 1, 1},
		{"empty data", "data\n\n", 1, 0},
	} {
		for _, size := range []int{len(c.in), 1} {
			var s EventStream
			wire := []byte(c.in)
			n := testing.AllocsPerRun(100, func() {
				events := 0
				for piece := range slices.Chunk(wire, size) {
					s.Feed(piece)
					for {
						_, ok, err := s.Next()
						if err != nil {
							t.Fatal(err)
						}
						if !ok {
							break
						}
						events++
					}
				}
				if events != c.events {
					t.Fatalf("%s: got %d events; want %d", c.name, events, c.events)
				}
			})
			if n != c.want {
				t.Errorf("%s in pieces of %d: got %v allocations; want %v", c.name, size, n, c.want)
			}
			if cap(s.line) > 1000 {
				t.Errorf("%s in pieces of %d: %d bytes are kept for a line", c.name, size, cap(s.line))
			}
		}
	}
}

// A broken character becomes as many U+FFFD as the Encoding Standard says.
func TestDecodeUTF8(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"a\u4f60":              "a\u4f60",
		"\ufffd":               "\ufffd",
		"\xff\xff":             "\ufffd\ufffd",
		"\x80":                 "\ufffd",
		"\xe4":                 "\ufffd",
		"\xe4\xbd":             "\ufffd",
		"\xe4\xbdx":            "\ufffdx",
		"\xe4\xe4\xbd\xa0":     "\ufffd\u4f60",
		"\xc0\x80":             "\ufffd\ufffd",       // overlong
		"\xe0\x80\x80":         "\ufffd\ufffd\ufffd", // overlong
		"\xed\xa0\x80":         "\ufffd\ufffd\ufffd", // a surrogate
		"\xf0\x9f\x98":         "\ufffd",
		"\xf0\x9f\x98\xf0\x9f": "\ufffd\ufffd",
		"\xf4\x90\x80\x80":     "\ufffd\ufffd\ufffd\ufffd", // above U+10FFFF
		"\xf8\x88\x80\x80\x80": "\ufffd\ufffd\ufffd\ufffd\ufffd",
	} {
		if got := decodeUTF8([]byte(in)); got != want {
			t.Errorf("%q: got %+q; want %+q", in, got, want)
		}
	}
}
