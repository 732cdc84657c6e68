package httpwire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestAppendChunk(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "> "},
		{"a byte", "a", "> 1\r\na\r\n"},
		{"digits are hexadecimal", strings.Repeat("x", 0xabc), "> abc\r\n" + strings.Repeat("x", 0xabc) + "\r\n"},
		{"line ends are data", "\r\n0\r\n\r\n", "> 7\r\n\r\n0\r\n\r\n\r\n"},
	} {
		if got := AppendChunk([]byte("> "), []byte(c.data)); string(got) != c.want {
			t.Errorf("%s: got %q; want %q", c.name, got, c.want)
		}
	}
	if got, want := string(AppendChunkHead(nil, 1<<63-1)), "7fffffffffffffff\r\n"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestAppendChunkHeadOfNothingPanics(t *testing.T) {
	for _, n := range []int64{0, -1} {
		func() {
			defer func() {
				if got, want := recover(), "httpwire: AppendChunkHead of a chunk without data"; got != want {
					t.Errorf("%d: got panic %v; want %q", n, got, want)
				}
			}()
			AppendChunkHead(nil, n)
		}()
	}
}

func TestAppendLastChunk(t *testing.T) {
	for _, c := range []struct {
		name    string
		trailer Header
		want    string // the error, if it begins so
	}{
		{"no trailer", nil, "> 0\r\n\r\n"},
		{"trailer", Header{{"X-Sum", "1"}, {"x-empty", ""}, {"X-Sum", "2"}}, "> 0\r\nX-Sum: 1\r\nx-empty:\r\nX-Sum: 2\r\n\r\n"},
		{"framing", Header{{"X-Sum", "1"}, {"content-length", "5"}},
			`httpwire: request: trailer field "content-length": it is needed before the body: send it in the header`},
		{"a secret is not shown", Header{{"Authorization", "Basic c2VjcmV0"}},
			`httpwire: request: trailer field "Authorization": it is needed before the body: send it in the header`},
		{"name", Header{{"X Sum", "1"}}, `httpwire: request: field name "X Sum": byte " " may not stand in a field name`},
		{"no name", Header{{"", "1"}}, `httpwire: request: field name "": a field must have a name`},
		{"value", Header{{"X-Sum", "1\r\n\r\nGET"}}, `httpwire: request: X-Sum "\r": may not stand in a field value`},
	} {
		got, err := AppendLastChunk([]byte("> "), c.trailer)
		if !strings.HasPrefix(c.want, "httpwire: ") {
			if err != nil || string(got) != c.want {
				t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
			}
			continue
		}
		if err == nil || err.Error() != c.want || !errors.Is(err, ErrBadRequest) || string(got) != "> " {
			t.Errorf("%s: got %q, %v; want %q, %s", c.name, got, err, "> ", c.want)
		}
	}
}

// A streamed body costs no allocation.
func TestAppendChunkAllocs(t *testing.T) {
	r := &Request{Method: "PUT", Host: "a", Length: Chunked}
	long := &Request{Method: "PUT", Host: "a", Length: 1 << 40, HTTP10: true}
	data, trailer := make([]byte, 1000), Header{{"X-Sum", "1"}}
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := long.AppendHead(dst); err != nil {
			t.Fatal(err)
		}
		wire, err := r.AppendHead(dst)
		if err != nil {
			t.Fatal(err)
		}
		wire = AppendChunk(AppendChunk(wire, data), data[:10])
		if _, err = AppendLastChunk(wire, trailer); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("got %v allocations; want 0", n)
	}
}

// FuzzChunks: a body that is sent in chunks is read back by net/http, and by
// our own parser behind a head of a response, as it was; so is its trailer, or
// it is refused and dst is as it was.
func FuzzChunks(f *testing.F) {
	f.Add([]byte(nil), byte(1), "X-Sum", "1")
	f.Add([]byte("hello, world"), byte(5), "x-empty", "")
	f.Add([]byte("\r\n0\r\n\r\n"), byte(1), "Content-Length", "5")
	f.Add(bytes.Repeat([]byte("0\r\n\r\nGET / HTTP/1.1\r\n"), 100), byte(255), "If-Match", "*")
	f.Add([]byte("a"), byte(0), "X", "y\r\n\r\nGET / HTTP/1.1")
	f.Add([]byte("a"), byte(0), "Connection", "\xe4\xbd\xa0")
	f.Fuzz(func(t *testing.T, body []byte, size byte, name, value string) {
		var chunks []byte
		for piece := range slices.Chunk(body, int(size)+1) {
			chunks = AppendChunk(chunks, piece)
		}
		before := bytes.Clone(chunks)
		chunks, err := AppendLastChunk(chunks, Header{{name, value}})
		if err != nil {
			if _, ok := errors.AsType[*RequestError](err); !ok || !bytes.Equal(chunks, before) {
				t.Fatalf("error %v of type %T, dst %q; want a *RequestError and %q", err, err, chunks, before)
			}
			return
		}

		head, err := (&Request{Method: "POST", Host: "a", Length: Chunked}).AppendHead(nil)
		if err != nil {
			t.Fatal(err)
		}
		// net/http wants a trailer to be no longer than its buffer.
		br := bufio.NewReaderSize(bytes.NewReader(append(head, chunks...)), 4096+len(chunks))
		back, err := http.ReadRequest(br)
		if err != nil {
			t.Fatalf("net/http cannot read %q: %v", head, err)
		}
		got, err := io.ReadAll(back.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("net/http: got body %q, %v; want %q", got, err, body)
		}
		if v := back.Trailer[http.CanonicalHeaderKey(name)]; len(v) != 1 || v[0] != value {
			t.Errorf("net/http: got trailer %q; want %s: %q", back.Trailer, name, value)
		}
		if rest, _ := io.ReadAll(br); len(rest) > 0 {
			t.Errorf("net/http: %q stands behind the request", rest)
		}

		v := drive(&Parser{Limits: Limits{Trailer: maxBytes}}, false,
			[]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), chunks)
		if !v.ended || !bytes.Equal(v.body, body) || len(v.unread) > 0 || !v.reuse {
			t.Fatalf("our parser: got %v; want the body %q and a connection to be used again", v, body)
		}
		if want := fmt.Sprintf("trailer %q %s\n", name, short([]byte(value))); v.trailer != want {
			t.Errorf("our parser: got %q; want %q", v.trailer, want)
		}
	})
}
