package httpwire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A response as a server might send it, and what a client should see of it.
type generated struct {
	method string
	wire   []byte
	eof    bool
	want   string // of verdict.String
}

var (
	fieldNames  = rapid.StringMatching("X-[!#$%&'*+.^_`|~0-9A-Za-z-]{0,20}")
	fieldValues = rapid.StringMatching("([!-~\u0080-\u00ff]([ -~\u4e00-\u4eff\t]{0,60}[!-~])?)?")
	lineEnds    = rapid.SampledFrom([]string{"\r\n", "\r\n", "\n"})
	spaces      = rapid.StringMatching("[ \t]{0,3}")
)

// genFields writes fields to wire, as some server might, and renders them to
// want. Folded ones are joined with one space.
func genFields(t *rapid.T, what string, wire, want *bytes.Buffer, eol func() string) {
	for range rapid.IntRange(0, 6).Draw(t, what+"s") {
		name := fieldNames.Draw(t, "name")
		value := fieldValues.Draw(t, "value")
		fmt.Fprintf(wire, "%s:%s%s", name, spaces.Draw(t, "before"), value)
		for range rapid.IntRange(0, 2).Draw(t, "folds") {
			more := fieldValues.Draw(t, "folded")
			fmt.Fprintf(wire, "%s%s %s%s", spaces.Draw(t, "behind"), eol(), spaces.Draw(t, "before"), more)
			if value != "" && more != "" {
				value += " "
			}
			value += more
		}
		wire.WriteString(spaces.Draw(t, "behind") + eol())
		fmt.Fprintf(want, "%s %q %s\n", what, name, short([]byte(value)))
	}
}

func genResponse(t *rapid.T) generated {
	var wire, want bytes.Buffer
	eol := func() string { return lineEnds.Draw(t, "line end") }
	crlf := func() string { return "\r\n" }

	last := ""
	for range rapid.IntRange(0, 2).Draw(t, "interims") {
		// Each interim differs from the one before, as equal ones are rendered
		// together.
		status := rapid.IntRange(102, 199).Filter(func(s int) bool { return fmt.Sprint(s) != last }).Draw(t, "interim")
		last = fmt.Sprint(status)
		fmt.Fprintf(&wire, "HTTP/1.1 %d Wait%s", status, eol())
		fmt.Fprintf(&want, "GotInterim HTTP/1.1 %d \"Wait\"\n", status)
		genFields(t, "field", &wire, &want, eol)
		wire.WriteString(eol())
	}

	g := generated{
		method: rapid.SampledFrom([]string{"GET", "POST", "HEAD"}).Draw(t, "method"),
		eof:    rapid.Bool().Draw(t, "eof"),
	}
	minor := rapid.IntRange(0, 9).Draw(t, "minor")
	status := rapid.IntRange(200, 999).Draw(t, "status")
	fmt.Fprintf(&wire, "HTTP/1.%d %d Fine%s", minor, status, eol())
	fmt.Fprintf(&want, "GotHead HTTP/1.%d %d \"Fine\"\n", minor, status)
	genFields(t, "field", &wire, &want, eol)

	reusable := minor > 0
	connection := rapid.SampledFrom([]string{"", "close", "keep-alive", "x, Keep-Alive"}).Draw(t, "connection")
	if connection != "" {
		fmt.Fprintf(&wire, "Connection: %s%s", connection, eol())
		fmt.Fprintf(&want, "field \"Connection\" %q\n", connection)
		reusable = connection != "close"
	}

	body := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "body")
	content := g.method != "HEAD" && status != 204 && status != 304
	wantBody := func() {
		if content && len(body) > 0 {
			fmt.Fprintf(&want, "body %d %s\n", len(body), short(body))
		}
	}
	framing := rapid.SampledFrom([]string{"length", "chunked", "close"}).Draw(t, "framing")
	switch framing {
	case "length":
		fmt.Fprintf(&wire, "Content-Length: %d%s", len(body), eol())
		fmt.Fprintf(&want, "field \"Content-Length\" \"%d\"\n", len(body))
		wire.WriteString(eol())
		if content {
			wire.Write(body)
		}
		wantBody()
	case "chunked":
		fmt.Fprintf(&wire, "Transfer-Encoding: chunked%s", eol())
		want.WriteString("field \"Transfer-Encoding\" \"chunked\"\n")
		wire.WriteString(eol())
		wantBody()
		reusable = reusable && minor > 0
		for rest := body; content; {
			n := min(rapid.IntRange(0, 50).Draw(t, "chunk"), len(rest))
			if n == 0 && len(rest) > 0 {
				continue
			}
			ext := rapid.SampledFrom([]string{"", " ", ";a=b", " \t;c=\"d;e\""}).Draw(t, "extension")
			fmt.Fprintf(&wire, "%s%x%s\r\n", strings.Repeat("0", rapid.IntRange(0, 3).Draw(t, "zeros")), n, ext)
			if n == 0 {
				genFields(t, "trailer", &wire, &want, crlf)
				wire.WriteString("\r\n")
				break
			}
			wire.Write(rest[:n])
			wire.WriteString("\r\n")
			rest = rest[n:]
		}
	case "close":
		wire.WriteString(eol())
		if content {
			wire.Write(body)
			g.eof, reusable = true, false
		}
		wantBody()
	}
	fmt.Fprintf(&want, "end, reusable %v", reusable)
	if framing != "close" || !content {
		if junk := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "junk"); len(junk) > 0 {
			want.Truncate(bytes.LastIndex(want.Bytes(), []byte("end,")))
			fmt.Fprintf(&want, "end, reusable false, unread %s", short(junk))
			wire.Write(junk)
		}
	}
	g.wire, g.want = wire.Bytes(), want.String()+"\n"
	return g
}

// TestResponseProperty: a valid response, sent in any pieces, is read as it was
// meant; and cut short anywhere, it is never taken for a whole one.
func TestResponseProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := genResponse(t)
		var pieces [][]byte
		for rest := g.wire; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		p := &Parser{}
		p.Expect(g.method)
		whole := drive(p, g.eof, pieces...)
		if got := whole.String(); got != g.want {
			t.Fatalf("%q\ngot:\n%swant:\n%s", g.wire, got, g.want)
		}

		if cut := len(g.wire) - len(whole.unread); cut > 0 && whole.state == Done && !strings.Contains(g.want, "reusable false\n") {
			at := rapid.IntRange(0, cut-1).Draw(t, "cut")
			p.Expect(g.method)
			if v := drive(p, true, g.wire[:at]); v.err == nil {
				t.Fatalf("%q, cut at %d, is whole:\n%s", g.wire, at, v)
			}
		}
	})
}

// TestTextPrefixProperty: eight bytes at a time or one by one, it is the same.
func TestTextPrefixProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.OneOf(
			rapid.ByteRange(0x20, 0x7e), rapid.ByteRange(0x20, 0x7e), rapid.ByteRange(0x20, 0x7e),
			rapid.ByteRange(0x80, 0xff), rapid.Just(byte('\t')), rapid.Byte(),
		), 0, 40).Draw(t, "b")
		want := 0
		for want < len(b) && isText(b[want]) {
			want++
		}
		if got := textPrefix(b); got != want {
			t.Fatalf("%q: got %d; want %d", b, got, want)
		}
	})
	for c := range 256 {
		for at := range 9 {
			b := []byte("abcdefghi")
			b[at] = byte(c)
			want := len(b)
			if !isText(byte(c)) {
				want = at
			}
			if got := textPrefix(b); got != want {
				t.Errorf("%q: got %d; want %d", b, got, want)
			}
		}
	}
}
