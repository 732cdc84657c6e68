package httpwire

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestAppendTo(t *testing.T) {
	r := &Request{
		Method: "POST", Target: "/a?b=\xe4\xbd\xa0", Host: "a.example",
		Header: Header{{"X-One", "1"}, {"x-ONE", "\t2"[1:]}, {"Empty", ""}},
		Body:   []byte("hello"),
	}
	const head = "POST /a?b=\xe4\xbd\xa0 HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\nx-ONE: 2\r\nEmpty:\r\nContent-Length: 5\r\n\r\n"
	if got, err := r.AppendTo([]byte("> ")); err != nil || string(got) != "> "+head+"hello" {
		t.Errorf("AppendTo: got %q, %v; want %q", got, err, "> "+head+"hello")
	}
	if got, err := r.AppendHead([]byte("> ")); err != nil || string(got) != "> "+head {
		t.Errorf("AppendHead: got %q, %v; want %q", got, err, "> "+head)
	}
}

// The body is somewhere else, and the head says how it is framed.
func TestAppendHeadOfAStreamedBody(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Request
		want string
	}{
		{"length", Request{Method: "PUT", Length: 1 << 40}, "PUT / HTTP/1.1\r\nHost:\r\nContent-Length: 1099511627776\r\n\r\n"},
		{"length of a GET", Request{Length: 5}, "GET / HTTP/1.1\r\nHost:\r\nContent-Length: 5\r\n\r\n"},
		{"length in the header", Request{Length: 5, Header: Header{{"content-length", "5"}, {"X", "y"}}},
			"GET / HTTP/1.1\r\nHost:\r\ncontent-length: 5\r\nX: y\r\n\r\n"},
		{"length of Body", Request{Length: 5, Body: []byte("hello")}, "GET / HTTP/1.1\r\nHost:\r\nContent-Length: 5\r\n\r\n"},
		{"chunked", Request{Method: "POST", Length: Chunked, Header: Header{{"Expect", "100-continue"}, {"Trailer", "X-Sum"}}},
			"POST / HTTP/1.1\r\nHost:\r\nExpect: 100-continue\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"chunked in the header", Request{Length: Chunked, Header: Header{{"transfer-encoding", "Chunked"}, {"X", "y"}}},
			"GET / HTTP/1.1\r\nHost:\r\ntransfer-encoding: Chunked\r\nX: y\r\n\r\n"},
		{"HTTP/1.0", Request{Method: "POST", Host: "a", HTTP10: true, Length: 5}, "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\n"},
	} {
		got, err := c.r.AppendHead([]byte("> "))
		if err != nil || string(got) != "> "+c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, "> "+c.want)
		}
		// AppendTo writes whole requests: it has a body or refuses.
		got, err = c.r.AppendTo([]byte("> "))
		switch whole := len(c.r.Body) > 0; {
		case whole && (err != nil || string(got) != "> "+c.want+string(c.r.Body)):
			t.Errorf("%s: AppendTo gives %q, %v; want %q", c.name, got, err, "> "+c.want+string(c.r.Body))
		case !whole && (!errors.Is(err, ErrBadRequest) || string(got) != "> "):
			t.Errorf("%s: AppendTo gives %q, %v; want %q and a RequestError", c.name, got, err, "> ")
		}
	}
}

// The texts of all errors of Request, in testdata/request_errors.txt.
func TestRequestErrors(t *testing.T) {
	field := func(name, value string) *Request { return &Request{Header: Header{{name, value}}} }
	var texts strings.Builder
	for _, r := range []*Request{
		{Method: "GE T"},
		{Method: "G\xc3\x89T"},
		{Target: "/a b"},
		{Target: "/a\r\nX: y"},
		{Target: "/a#b"},
		{Target: "a"},
		{Target: "*"},
		{Method: "CONNECT", Target: "/"},
		{Method: "CONNECT", Target: "a:x"},
		{Method: "CONNECT", Target: "::1:443"},
		{Method: "TRACE", Body: []byte("a")},
		{Method: "TRACE", Length: 1},
		{Method: "CONNECT", Target: "a:1", Length: Chunked},
		{Length: -2},
		{Length: 4, Body: []byte("hello")},
		{Length: Chunked, Body: []byte("hello")},
		{Length: Chunked, HTTP10: true},
		{Host: "a b"},
		{Host: "u@a"},
		{Host: "a\x7f"},
		field("", "a"),
		field("A B", "c"),
		field("A:", "c"),
		field("A\x00", "c"),
		field("A", "b\r\nC: d"),
		field("A", "b\x00"),
		field("A", "\x7f"),
		field("A", " b"),
		field("A", "b\t"),
		field("Host", "a/b"),
		field("Transfer-Encoding", "chunked"),
		field("Content-Length", "5"),
		{Length: 6, Header: Header{{"Content-Length", "5"}}},
		{Length: 5, Header: Header{{"Transfer-Encoding", "chunked"}}},
		{Length: 5, Header: Header{{"Content-Length", "5"}, {"Content-Length", "5"}}},
		{Length: Chunked, Header: Header{{"Content-Length", "5"}}},
		{Length: Chunked, Header: Header{{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}},
		{Length: Chunked, Header: Header{{"Transfer-Encoding", "chunked"}, {"transfer-encoding", "chunked"}}},
		{Length: Chunked, Header: Header{{"Transfer-Encoding", "gzip, chunked"}}},
		{HTTP10: true, Header: Header{{"Transfer-Encoding", "chunked"}}, Body: []byte("hello")},
		{Header: Header{{"Host", "a"}, {"HOST", "a"}}},
		{Header: Header{{"Content-Length", "0"}, {"Content-length", "0"}}},
	} {
		got, err := r.AppendTo([]byte("kept"))
		if err == nil || !errors.Is(err, ErrBadRequest) || string(got) != "kept" {
			t.Errorf("%+v: got %q, %v; want %q and a RequestError", r, got, err, "kept")
			continue
		}
		if head, headErr := r.AppendHead([]byte("kept")); headErr == nil || headErr.Error() != err.Error() || string(head) != "kept" {
			t.Errorf("%+v: AppendHead gives %q, %v; want %q, %v", r, head, headErr, "kept", err)
		}
		texts.WriteString(err.Error() + "\n")
	}
	const golden = "testdata/request_errors.txt"
	if *rewrite {
		if err := os.WriteFile(golden, []byte(texts.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts.String(); got != string(want) {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}
