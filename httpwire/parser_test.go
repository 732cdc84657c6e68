package httpwire

import (
	"bytes"
	"strings"
	"testing"
)

// next wants an event of this kind from p.
func next(t *testing.T, p *Parser, want Kind) Event {
	t.Helper()
	ev, err := p.NextEvent()
	if err != nil {
		t.Fatalf("got error %v; want %v", err, want)
	}
	if ev.Kind != want {
		t.Fatalf("got %v; want %v", ev.Kind, want)
	}
	return ev
}

func TestHeadOfOneFeedIsAView(t *testing.T) {
	var p Parser
	fed := []byte("HTTP/1.1 200 OK\r\nX: abc\r\nContent-Length: 0\r\n\r\n")
	p.Feed(fed)
	head := next(t, &p, GotHead).Head
	value := head.Fields.Peek("x")
	if i := bytes.Index(fed, []byte("abc")); &value[0] != &fed[i] {
		t.Error("the value is a copy")
	}
	if &head.Reason[0] != &fed[13] {
		t.Error("the reason is a copy")
	}
	next(t, &p, GotEnd)
}

func TestHeadOutlivesItsFeed(t *testing.T) {
	var p Parser
	fed := []byte("HTTP/1.1 200 OK\r\nX: abc\r\nContent-Length: 4\r\n\r\nab")
	p.Feed(fed)
	head := next(t, &p, GotHead).Head
	fields := head.Fields
	if data := next(t, &p, GotData).Data; string(data) != "ab" || &data[0] != &fed[len(fed)-2] {
		t.Errorf("got data %q, or a copy; want a view of %q", data, "ab")
	}
	next(t, &p, NeedData)
	clear(fed)
	p.Feed([]byte("cd"))
	next(t, &p, GotData)
	next(t, &p, GotEnd)
	if string(head.Reason) != "OK" || fields.Get("X") != "abc" || head.Fields.Get("X") != "abc" {
		t.Errorf("got reason %q, X %q and %q; want OK, abc and abc", head.Reason, fields.Get("X"), head.Fields.Get("X"))
	}
}

// A view must not let its holder grow into the bytes behind it.
func TestViewsAreClipped(t *testing.T) {
	for _, framing := range []string{"X: abc\r\nContent-Length: 2\r\n", "X: abc\r\n"} {
		var p Parser
		buf := append(make([]byte, 0, 200), "HTTP/1.1 200 OK\r\n"+framing+"\r\nhello"...)
		p.Feed(buf)
		head := next(t, &p, GotHead).Head
		data := next(t, &p, GotData).Data
		for name, view := range map[string][]byte{
			"reason": head.Reason, "value": head.Fields.Peek("X"), "data": data, "unread": p.Unread(),
		} {
			if cap(view) != len(view) {
				t.Errorf("%s: got capacity %d; want %d", name, cap(view), len(view))
			}
		}
	}
}

func TestFeedBeforeNeedDataPanics(t *testing.T) {
	var p Parser
	p.Feed([]byte("HTTP/1.1 200 OK\r\n"))
	defer func() {
		if got, want := recover(), "httpwire: Feed before NextEvent returned NeedData"; got != want {
			t.Errorf("got panic %v; want %q", got, want)
		}
	}()
	p.Feed([]byte("\r\n"))
}

func TestFeedAfterAnErrorDoesNothing(t *testing.T) {
	var p Parser
	p.Feed([]byte("x"))
	_, first := p.NextEvent()
	p.Feed([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	if _, err := p.NextEvent(); err != first || err == nil {
		t.Errorf("got %v; want %v", err, first)
	}
	if p.Reusable() {
		t.Error("reusable after an error")
	}
}

func TestReusableNeedsAnOpenConnection(t *testing.T) {
	var p Parser
	p.Feed([]byte("HTTP/1.1 204 X\r\n\r\n"))
	if p.Reusable() {
		t.Error("reusable before the message was read")
	}
	next(t, &p, GotHead)
	next(t, &p, GotEnd)
	next(t, &p, GotEnd)
	if !p.Reusable() {
		t.Error("not reusable after the end")
	}
	p.FeedEOF()
	if next(t, &p, GotEnd); p.Reusable() {
		t.Error("reusable after the peer closed")
	}
}

// Bytes that come between two responses belong to neither.
func TestBytesBehindTheEndInTheirOwnFeed(t *testing.T) {
	var p Parser
	p.Feed([]byte("HTTP/1.1 204 X\r\n\r\n"))
	next(t, &p, GotHead)
	next(t, &p, GotEnd)
	p.Feed([]byte("junk"))
	if next(t, &p, GotEnd); p.Reusable() || string(p.Unread()) != "junk" {
		t.Errorf("got reusable %v, unread %q; want false, %q", p.Reusable(), p.Unread(), "junk")
	}
}

// What the framing says, not what a field says.
func TestContentLength(t *testing.T) {
	for _, c := range []struct {
		name, method, wire string
		want               int64
		known              bool
	}{
		{"nothing", "", "", 0, false},
		{"inside the head", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 0, false},
		{"after an interim", "", "HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n", 0, false},
		{"length", "", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", 5, true},
		{"inside the content", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 5, true},
		{"after the end", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5, true},
		{"length 0", "", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, true},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0, true},
		{"304", "", "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", 0, true},
		{"tunnel", "CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0, true},
		{"chunked", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, false},
		{"chunked and length", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 0, false},
		{"close", "", "HTTP/1.1 200 OK\r\n\r\nhello", 0, false},
		{"malformed", "", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 0, false},
	} {
		var p Parser
		p.Expect(c.method)
		drive(&p, false, []byte(c.wire))
		if got, known := p.ContentLength(); got != c.want || known != c.known {
			t.Errorf("%s: got %d, %v; want %d, %v", c.name, got, known, c.want, c.known)
		}
	}
}

func TestStarted(t *testing.T) {
	var p Parser
	steps := []struct {
		what string
		do   func()
		want bool
	}{
		{"new", func() {}, false},
		{"fed nothing", func() { p.Feed(nil) }, false},
		{"fed CR", func() { p.Feed([]byte("\r")) }, true},
		{"read", func() { next(t, &p, NeedData) }, true},
		{"expecting", func() { p.Expect("GET") }, false},
		{"closed", p.FeedEOF, false},
	}
	for _, step := range steps {
		step.do()
		if got := p.Started(); got != step.want {
			t.Errorf("%s: got %v; want %v", step.what, got, step.want)
		}
	}
}

func TestExpectForgets(t *testing.T) {
	p := Parser{Lenient: Lenient{LeadingEmptyLine: true}}
	p.Expect("HEAD")
	p.ExpectUpgrade()
	p.Feed([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello"))
	next(t, &p, GotHead)
	p.FeedEOF()
	p.Expect("")
	p.Feed([]byte("\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	if n := next(t, &p, GotHead).Head.Fields.Len(); n != 1 {
		t.Errorf("got %d fields; want 1", n)
	}
	next(t, &p, GotData)
	if next(t, &p, GotEnd); !p.Reusable() {
		t.Error("not reusable")
	}
	p.Expect("")
	p.Feed([]byte("HTTP/1.1 101 X\r\n\r\n"))
	if _, err := p.NextEvent(); err == nil {
		t.Error("an upgrade that was asked for long ago is welcome")
	}
}

func TestReleaseGivesUpBigBuffers(t *testing.T) {
	for _, c := range []struct {
		name string
		head string
		kept bool
	}{
		{"small", "X: a\r\n", true},
		{"long", "X: " + strings.Repeat("a", 40<<10) + "\r\n", false},
		{"many fields", strings.Repeat("X: a\r\n", 900), false},
	} {
		var p Parser
		wire := []byte("HTTP/1.1 200 OK\r\n" + c.head + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: b\r\n\r\n")
		if v := drive(&p, false, bytewise(wire)...); v.err != nil || !v.ended {
			t.Fatalf("%s: %v", c.name, v)
		}
		p.Release()
		if p.Started() || len(p.Unread()) > 0 || p.in != nil {
			t.Errorf("%s: the message is still there", c.name)
		}
		if got := cap(p.block.own) > 0 && cap(p.block.spans) > 0; got != c.kept {
			t.Errorf("%s: got buffers kept %v; want %v", c.name, got, c.kept)
		}
		if cap(p.trailer.own) == 0 {
			t.Errorf("%s: the small buffer of the trailer is gone", c.name)
		}
	}
}

func TestLimitDefaults(t *testing.T) {
	got := Limits{Line: 1 << 20, Head: 2000, Interim: -1, Trailer: 1<<31 - 1}.orDefaults()
	want := Limits{
		Line: 2000, Head: 2000, Fields: 1000, Interim: 100,
		ChunkLine: 4096, ChunkOverhead: 16384, Trailer: maxBytes,
	}
	if got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
}

// A peer that sends one byte at a time must not make us look at all the others
// again.
func TestFragmentsAreNotRescanned(t *testing.T) {
	var p Parser
	for _, beginning := range []string{"HTTP/1.1 200 ", "\r\nX: "} {
		p.Feed([]byte(beginning))
		next(t, &p, NeedData)
		for range 1000 {
			before := p.block.seen
			p.Feed([]byte("a"))
			next(t, &p, NeedData)
			if got, want := p.block.seen, before+1; got != want || got < 4 {
				t.Fatalf("%q: got %d bytes of the line examined; want %d", beginning, got, want)
			}
		}
	}
}

func TestHints(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range loadVectors(t) {
		if v := drive(v.newParser(), true, v.input); v.err != nil {
			seen[v.err.Hint] = true
			if v.err.Hint != "" && v.err.State != StatusLine {
				t.Errorf("a hint in state %v", v.err.State)
			}
		}
	}
	for _, h := range hints {
		if !seen[h.hint] {
			t.Errorf("no vector brings the hint %q", h.hint)
		}
	}
}
