package httpwire

import (
	"strings"
	"testing"
)

// One test for each sentence of RFC 9112 that binds a client in what it sends.

func encode(t *testing.T, r *Request) string {
	t.Helper()
	wire, err := r.AppendTo(nil)
	if err != nil {
		t.Fatalf("got error %v", err)
	}
	return string(wire)
}

func wantRefused(t *testing.T, r *Request) {
	t.Helper()
	if wire, err := r.AppendTo(nil); err == nil {
		t.Errorf("got %q; want an error", wire)
	}
}

func wantRefusedHead(t *testing.T, r *Request) {
	t.Helper()
	if wire, err := r.AppendHead(nil); err == nil {
		t.Errorf("got %q; want an error", wire)
	}
}

// Section 2.2: a sender puts no bare CR into anything but content.
func TestRFC9112_2_2_SendNoBareCR(t *testing.T) {
	wantRefused(t, &Request{Method: "GE\rT"})
	wantRefused(t, &Request{Target: "/\r"})
	wantRefused(t, &Request{Host: "a\r"})
	wantRefused(t, &Request{Header: Header{{"X\r", "a"}}})
	wantRefused(t, &Request{Header: Header{{"X", "a\rb"}}})
}

// Section 2.2: a user agent puts no CR LF before a request or behind it.
func TestRFC9112_2_2_SendNoExtraCRLF(t *testing.T) {
	got := encode(t, &Request{Method: "POST", Host: "a", Body: []byte("b")})
	if want := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nb"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Section 3.2: there is no white space in a request target.
func TestRFC9112_3_2_NoSpaceInTarget(t *testing.T) {
	wantRefused(t, &Request{Target: "/a b"})
	wantRefused(t, &Request{Target: "/a\tb"})
}

// Section 3.2: a client sends a Host field in all requests of HTTP/1.1, an
// empty one if the target has no authority, and one only.
func TestRFC9112_3_2_Host(t *testing.T) {
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Host: "a.example:80"}, "Host: a.example:80\r\n"},
		{Request{}, "Host:\r\n"},
		{Request{Host: "a", Header: Header{{"X", "y"}, {"hOST", "b"}}}, "X: y\r\nhOST: b\r\n"},
	} {
		got := encode(t, &c.r)
		if want := "GET / HTTP/1.1\r\n" + c.want + "\r\n"; got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
	wantRefused(t, &Request{Header: Header{{"Host", "a"}, {"host", "a"}}})
}

// Section 3.2: userinfo is no part of Host.
func TestRFC9112_3_2_NoUserinfoInHost(t *testing.T) {
	wantRefused(t, &Request{Host: "user:secret@a.example"})
}

// Section 3.2.1: an empty path is sent as "/".
func TestRFC9112_3_2_1_EmptyPath(t *testing.T) {
	if got, want := encode(t, &Request{}), "GET / HTTP/1.1\r\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q; want the prefix %q", got, want)
	}
	wantRefused(t, &Request{Target: "?a=b"})
}

// Section 3.2.2: to a proxy the target is an absolute URL, and Host is sent all
// the same.
func TestRFC9112_3_2_2_AbsoluteForm(t *testing.T) {
	got := encode(t, &Request{Target: "http://a.example/b", Host: "a.example"})
	if want := "GET http://a.example/b HTTP/1.1\r\nHost: a.example\r\n\r\n"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Section 3.2.3: CONNECT, and nothing else, has host and port as its target.
func TestRFC9112_3_2_3_AuthorityForm(t *testing.T) {
	for _, authority := range []string{"a.example:443", "192.0.2.1:80", "[::1]:443", "[fe80::1%25eth0]:1"} {
		got := encode(t, &Request{Method: "CONNECT", Target: authority, Host: authority})
		if want := "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n"; got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
	for _, target := range []string{"", "/", "a.example", "a.example:", ":443", "a.example:https", "http://a.example:443/", "u@a.example:443",
		"::1:443", "[::1:443", "::1]:443", "[[::1]]:443", "[:443", "]:443", "[::1]]:443", "[a:443"} {
		wantRefused(t, &Request{Method: "CONNECT", Target: target})
	}
	wantRefused(t, &Request{Target: "a.example:443"})
}

// Section 3.2.4: the asterisk is for OPTIONS only.
func TestRFC9112_3_2_4_AsteriskForm(t *testing.T) {
	encode(t, &Request{Method: "OPTIONS", Target: "*"})
	wantRefused(t, &Request{Target: "*"})
}

// Section 5.1: no white space stands between a field's name and its colon.
func TestRFC9112_5_1_SendNoSpaceBeforeColon(t *testing.T) {
	wantRefused(t, &Request{Header: Header{{"X ", "a"}}})
}

// Section 5.2: a sender folds no line.
func TestRFC9112_5_2_SendNoFold(t *testing.T) {
	wantRefused(t, &Request{Header: Header{{"X", "a\r\n b"}}})
	wantRefused(t, &Request{Header: Header{{"X", "a\n b"}}})
}

// Section 6.1: a client sends chunks only to a server that it knows to read
// HTTP/1.1, so never unless told to, and not in HTTP/1.0.
func TestRFC9112_6_1_NoTransferEncodingUnasked(t *testing.T) {
	wantRefused(t, &Request{Method: "POST", Header: Header{{"Transfer-Encoding", "chunked"}}, Body: []byte("a")})
	wantRefusedHead(t, &Request{Method: "POST", Length: Chunked, HTTP10: true})
}

// Section 6.1: a sender applies chunked once.
func TestRFC9112_6_1_ChunkedOnce(t *testing.T) {
	for _, value := range []string{"chunked, chunked", "gzip", "gzip, chunked", "identity", ""} {
		wantRefusedHead(t, &Request{Method: "POST", Length: Chunked, Header: Header{{"Transfer-Encoding", value}}})
	}
	wantRefusedHead(t, &Request{Method: "POST", Length: Chunked, Header: Header{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}})
}

// Section 6.2: a message with Transfer-Encoding has no Content-Length.
func TestRFC9112_6_2_NotBoth(t *testing.T) {
	wantRefused(t, &Request{Method: "POST", Header: Header{{"Content-Length", "1"}, {"transfer-encoding", "chunked"}}, Body: []byte("a")})
	wantRefusedHead(t, &Request{Method: "POST", Length: Chunked, Header: Header{{"Content-Length", "1"}}})
	wantRefusedHead(t, &Request{Method: "POST", Length: 1, Header: Header{{"Transfer-Encoding", "chunked"}}})
}

// Section 6.5.1 of RFC 9110: a trailer holds no field that is needed for the
// framing, routing, authentication or reading of the content.
func TestRFC9110_6_5_1_NotInATrailer(t *testing.T) {
	for _, name := range neverInTrailer {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if wire, err := AppendLastChunk(nil, Header{{"X-Sum", "1"}, {spelled, "a"}}); err == nil {
				t.Errorf("%s: got %q; want an error", spelled, wire)
			}
		}
	}
}

// Section 6.2 (RFC 9110 section 8.6): Content-Length is the length of the
// content. It is sent with a method that gives a meaning to content though
// there is none, and not with one that does not.
func TestRFC9112_6_2_ContentLength(t *testing.T) {
	for _, c := range []struct {
		method, body string
		want         bool
	}{
		{"GET", "", false}, {"HEAD", "", false}, {"DELETE", "", false}, {"OPTIONS", "", false},
		{"POST", "", true}, {"PUT", "", true}, {"PATCH", "", true},
		{"GET", "a", true}, {"DELETE", "a", true},
	} {
		got := encode(t, &Request{Method: c.method, Body: []byte(c.body)})
		if has := strings.Contains(got, "Content-Length: "); has != c.want {
			t.Errorf("%s with body %q: got %q; want a Content-Length: %v", c.method, c.body, got, c.want)
		}
	}
	for _, wrong := range []string{"", "4", "6", "05", "+5", "5 ", "5, 5"} {
		wantRefused(t, &Request{Method: "POST", Header: Header{{"Content-Length", wrong}}, Body: []byte("hello")})
	}
	wantRefused(t, &Request{Method: "POST", Header: Header{{"Content-Length", "5"}, {"Content-Length", "5"}}, Body: []byte("hello")})
	got := encode(t, &Request{Method: "POST", Header: Header{{"content-length", "5"}, {"X", "y"}}, Body: []byte("hello")})
	if want := "POST / HTTP/1.1\r\nHost:\r\ncontent-length: 5\r\nX: y\r\n\r\nhello"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// RFC 9110 sections 9.3.6 and 9.3.8: CONNECT and TRACE have no content.
func TestRFC9110_9_3_NoContent(t *testing.T) {
	wantRefused(t, &Request{Method: "TRACE", Body: []byte("a")})
	wantRefused(t, &Request{Method: "CONNECT", Target: "a:1", Body: []byte("a")})
}
