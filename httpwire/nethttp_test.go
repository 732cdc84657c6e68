package httpwire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// TestAgainstNetHTTP reads every vector with net/http, too. The two agree on
// acceptance, status and body, but where testdata/nethttp.txt says what differs
// and why. A line of it that is no longer true fails the test.
func TestAgainstNetHTTP(t *testing.T) {
	reasons := loadDifferences(t)
	for _, v := range loadVectors(t) {
		if v.open || v.upgrade || v.parser.Limits != (Limits{}) || v.parser.Lenient != (Lenient{}) || v.parser.Strict != (Strict{}) {
			continue // net/http knows neither a peer that stays nor our settings
		}
		ours := summary(drive(v.newParser(), true, v.input))
		theirs := netHTTPSummary(v)
		why, listed := reasons[v.name]
		delete(reasons, v.name)
		switch {
		case ours != theirs && !listed:
			t.Errorf("%s: we say %s; net/http says %s", v.name, ours, theirs)
		case ours == theirs && listed:
			t.Errorf("%s: both say %s; the list says %q", v.name, ours, why)
		}
	}
	for name, why := range reasons {
		t.Errorf("the list names %q (%s), which is no vector that is compared", name, why)
	}
}

func loadDifferences(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/nethttp.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	why := ""
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimRight(line, "\n"); {
		case line == "" || line[0] == '#':
		case line[0] != '\t':
			why = line
		default:
			reasons[line[1:]] = why
		}
	}
	return reasons
}

func summary(v verdict) string {
	if v.err != nil {
		return "refused"
	}
	last := v.heads[len(v.heads)-1]
	return fmt.Sprintf("%s with %s", last[len("GotHead HTTP/1.x "):][:3], short(v.body))
}

func netHTTPSummary(v *vector) string {
	method := or(v.method, "GET")
	br := bufio.NewReader(bytes.NewReader(v.input))
	for {
		resp, err := http.ReadResponse(br, &http.Request{Method: method, URL: &url.URL{}})
		if err != nil {
			return "refused"
		}
		// Interim responses are net/http.Transport's business, one floor up.
		if resp.StatusCode/100 == 1 && resp.StatusCode != 101 {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return "refused"
		}
		return fmt.Sprintf("%d with %s", resp.StatusCode, short(body))
	}
}

// TestStreamedBodyAgainstNetHTTP: net/http reads a body that was written
// behind its head in pieces as it was meant.
func TestStreamedBodyAgainstNetHTTP(t *testing.T) {
	lastChunk := func(trailer Header) string {
		wire, err := AppendLastChunk(nil, trailer)
		if err != nil {
			t.Fatal(err)
		}
		return string(wire)
	}
	chunk := func(data string) string { return string(AppendChunk(nil, []byte(data))) }
	for _, c := range []struct {
		name string
		r    Request
		body string // as it is written
		want string
	}{
		{"length", Request{Method: "PUT", Length: 12}, "hello, world",
			`HTTP/1.1, length 12, coding [], "hello, world", trailer map[], close false`},
		{"length of nothing", Request{Method: "PUT"}, "", `HTTP/1.1, length 0, coding [], "", trailer map[], close false`},
		{"chunked", Request{Method: "POST", Length: Chunked}, chunk("hello") + chunk("") + chunk(", world") + lastChunk(nil),
			`HTTP/1.1, length -1, coding [chunked], "hello, world", trailer map[], close false`},
		{"chunks of nothing", Request{Method: "POST", Length: Chunked}, lastChunk(nil),
			`HTTP/1.1, length -1, coding [chunked], "", trailer map[], close false`},
		{"chunked with a trailer", Request{Method: "POST", Length: Chunked, Header: Header{{"Trailer", "X-Sum"}}},
			chunk("hello") + lastChunk(Header{{"X-Sum", "1"}, {"X-More", "2"}}),
			`HTTP/1.1, length -1, coding [chunked], "hello", trailer map[X-More:[2] X-Sum:[1]], close false`},
		{"a head and its data", Request{Method: "POST", Length: Chunked},
			string(AppendChunkHead(nil, 5)) + "hello" + "\r\n" + lastChunk(nil),
			`HTTP/1.1, length -1, coding [chunked], "hello", trailer map[], close false`},
		{"HTTP/1.0", Request{Method: "POST", Length: 5, HTTP10: true}, "hello",
			`HTTP/1.0, length 5, coding [], "hello", trailer map[], close true`},
		{"HTTP/1.0 kept alive", Request{Method: "POST", HTTP10: true, Header: Header{{"Connection", "keep-alive"}}}, "",
			`HTTP/1.0, length 0, coding [], "", trailer map[], close false`},
	} {
		c.r.Host = "a.example"
		wire, err := c.r.AppendHead(nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		const next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
		br := bufio.NewReader(strings.NewReader(string(wire) + c.body + next))
		r, err := http.ReadRequest(br)
		if err != nil {
			t.Errorf("%s: net/http cannot read %q: %v", c.name, wire, err)
			continue
		}
		body, err := io.ReadAll(r.Body)
		got := fmt.Sprintf("%s, length %d, coding %v, %q, trailer %v, close %v", r.Proto, r.ContentLength, r.TransferEncoding, body, r.Trailer, r.Close)
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
		if rest, _ := io.ReadAll(br); string(rest) != next {
			t.Errorf("%s: %q stands behind the request; want %q", c.name, rest, next)
		}
	}
}

// knownRequestDifference reports whether net/http refuses r for a reason that
// is its own.
func knownRequestDifference(r *Request, err error) bool {
	text := err.Error()
	switch {
	case strings.Contains(text, "parse "), strings.Contains(text, "invalid URI"):
		// It parses the target as a URL; a bad escape is no matter of framing.
		return true
	case strings.Contains(text, "malformed Host"):
		return true
	}
	return false
}

// knownResponseDifference reports whether net/http reads a response that we
// accept in another way for a reason of testdata/differential.txt.
func knownResponseDifference(response []byte, theirs string) bool {
	lower := bytes.ToLower(response)
	switch {
	case bytes.HasPrefix(lower, []byte("http/1.0")) && bytes.Contains(lower, []byte("transfer-encoding")):
		return true // coding-in-1.0
	case theirs != "refused":
		return false
	case bytes.Contains(lower, []byte("content-length")) && bytes.ContainsAny(lower, ","):
		return true // equal-lengths
	case bytes.HasPrefix(lower, []byte("http/1.")) && len(lower) > 9 && lower[9] == '1':
		return true // interim-length
	case bytes.Contains(lower, []byte("transfer-encoding")):
		// chunk-blank, and net/http's own bound on what is framing in a body
		return true
	}
	return false
}
