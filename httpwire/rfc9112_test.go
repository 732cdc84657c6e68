package httpwire

import (
	"errors"
	"strings"
	"testing"
)

// One test for each sentence of RFC 9112 that binds a client in what it reads,
// in the order of the document; the comment above a test says in our words
// what the sentence asks. Each has three parts: the wire, the reading, the
// check. What binds a client in what it sends is in rfc9112_send_test.go.

func receive(method, wire string) verdict {
	p := &Parser{}
	p.Expect(method)
	return drive(p, true, []byte(wire))
}

func (v verdict) wantBody(t *testing.T, body string) {
	t.Helper()
	if v.err != nil {
		t.Fatalf("got error %v; want body %q", v.err, body)
	}
	if got := string(v.body); got != body || !v.ended {
		t.Fatalf("got body %q, ended %v; want %q, ended", got, v.ended, body)
	}
}

func (v verdict) wantErr(t *testing.T, class error) {
	t.Helper()
	if v.err == nil {
		t.Fatalf("got %vwant error %v", v, class)
	}
	if !errors.Is(v.err, class) {
		t.Fatalf("got error %v of class %v; want %v", v.err, v.err.Err, class)
	}
}

func (v verdict) wantReusable(t *testing.T, want bool) {
	t.Helper()
	if v.reuse != want {
		t.Fatalf("got reusable %v; want %v", v.reuse, want)
	}
}

// Section 2.2: a message is read as octets, not as text in some encoding, lest
// a byte sequence change its meaning on the way.
func TestRFC9112_2_2_MessageIsOctets(t *testing.T) {
	const wire = "HTTP/1.1 200 \xff\xfe\r\nX: \xe5\xa5\xbd\x80\r\nContent-Length: 0\r\n\r\n"
	v := receive("GET", wire)
	v.wantBody(t, "")
	if want := `"\xff\xfe"`; !strings.Contains(v.heads[0], want) {
		t.Errorf("got %s; want reason %s", v.heads[0], want)
	}
}

// Section 2.2: a recipient may take a single LF for a line end and ignore a CR
// before it.
func TestRFC9112_2_2_BareLF(t *testing.T) {
	const wire = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
	receive("GET", wire).wantBody(t, "ok")
}

// Section 2.2: a recipient of a CR without LF, outside of content, must refuse
// it or take it for a space. We refuse.
func TestRFC9112_2_2_BareCR(t *testing.T) {
	for _, wire := range []string{
		"HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nok",
	} {
		receive("GET", wire).wantErr(t, ErrMalformedHead)
	}
	receive("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\r\r").wantBody(t, "\r\r")
}

// Section 2.2: white space between the start line and the first field is
// refused, or such lines are dropped. We refuse.
func TestRFC9112_2_2_WhiteSpaceBeforeFirstField(t *testing.T) {
	const wire = "HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nok"
	receive("GET", wire).wantErr(t, ErrMalformedHead)
}

// Section 2.3 (RFC 9110 section 2.5): a message of a higher minor version is
// read as one of the highest minor version known.
func TestRFC9112_2_3_HigherMinorVersion(t *testing.T) {
	const wire = "HTTP/1.7 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
	v := receive("GET", wire)
	v.wantBody(t, "ok")
	v.wantReusable(t, true)
}

// Section 4: the reason phrase is of no consequence, and may be empty.
func TestRFC9112_4_ReasonPhraseIsIgnored(t *testing.T) {
	for _, reason := range []string{"", " ", " Not Found", " \t 404"} {
		v := receive("GET", "HTTP/1.1 200"+reason+"\r\nContent-Length: 2\r\n\r\nok")
		v.wantBody(t, "ok")
	}
}

// Section 4 (RFC 9110 section 15): a status code has three digits; a client
// need not know it. One outside of 100 to 599 is passed on, for its class to
// be judged by whoever reads it.
func TestRFC9112_4_StatusCode(t *testing.T) {
	for _, status := range []string{"200", "299", "477", "599", "600", "999"} {
		receive("GET", "HTTP/1.1 "+status+" X\r\nContent-Length: 2\r\n\r\nok").wantBody(t, "ok")
	}
	for _, status := range []string{"2", "20", "2000", "020", "20a", "+20", "２００"} {
		receive("GET", "HTTP/1.1 "+status+" X\r\nContent-Length: 2\r\n\r\nok").wantErr(t, ErrMalformedHead)
	}
}

// Section 5 (RFC 9110 section 5.5): white space around a value is no part of
// it; CR, LF and NUL in it are dangerous and refused or replaced. We refuse.
func TestRFC9112_5_FieldValue(t *testing.T) {
	v := receive("GET", "HTTP/1.1 204 X\r\nX:\t a b \t\r\n\r\n")
	if want := `field "X" "a b"`; !strings.Contains(v.heads[0], want) {
		t.Errorf("got %s; want %s", v.heads[0], want)
	}
	receive("GET", "HTTP/1.1 204 X\r\nX: a\x00b\r\n\r\n").wantErr(t, ErrMalformedHead)
}

// Section 5.1: there is no white space between a field's name and its colon. A
// proxy has to remove it from a response; we are at its end, and refuse.
func TestRFC9112_5_1_SpaceBeforeColon(t *testing.T) {
	for _, space := range []string{" ", "\t", "  "} {
		wire := "HTTP/1.1 200 OK\r\nContent-Length" + space + ": 2\r\n\r\nok"
		receive("GET", wire).wantErr(t, ErrMalformedHead)
	}
}

// Section 5.2: a user agent replaces each folding of a line with one or more
// spaces before it looks at the value.
func TestRFC9112_5_2_ObsFold(t *testing.T) {
	v := receive("GET", "HTTP/1.1 204 X\r\nX: a \r\n \t b\r\n\tc\r\n\r\n")
	if want := `field "X" "a b c"`; !strings.Contains(v.heads[0], want) {
		t.Errorf("got %s; want %s", v.heads[0], want)
	}
}

// Section 6.1: a Transfer-Encoding in HTTP/1.0 is to be taken for faulty
// framing, even beside a length; the message may be processed, the connection
// must be closed after it.
func TestRFC9112_6_1_TransferEncodingInHTTP10(t *testing.T) {
	for _, length := range []string{"", "Content-Length: 2\r\n"} {
		wire := "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + length + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
		v := receive("GET", wire)
		v.wantBody(t, "ok")
		v.wantReusable(t, false)
	}
}

// Section 6.1: codings are compared without case.
func TestRFC9112_6_1_CodingWithoutCase(t *testing.T) {
	const wire = "HTTP/1.1 200 OK\r\ntransfer-ENCODING: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n"
	receive("GET", wire).wantBody(t, "ok")
}

// Section 6.3, 1: HEAD, 1xx, 204 and 304 end with the blank line, whatever
// their fields say.
func TestRFC9112_6_3_1_NoContent(t *testing.T) {
	for _, framing := range []string{"", "Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"} {
		for _, c := range []struct{ method, status string }{{"HEAD", "200"}, {"HEAD", "404"}, {"GET", "204"}, {"GET", "304"}} {
			v := receive(c.method, "HTTP/1.1 "+c.status+" X\r\n"+framing+"\r\n")
			v.wantBody(t, "")
			v.wantReusable(t, true)
		}
		v := receive("GET", "HTTP/1.1 103 X\r\n"+framing+"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		v.wantBody(t, "ok")
	}
}

// Section 6.3, 2: a 2xx to CONNECT makes the connection a tunnel behind the
// blank line; its length and coding are ignored.
func TestRFC9112_6_3_2_Connect(t *testing.T) {
	const wire = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok"
	v := receive("CONNECT", wire)
	v.wantBody(t, "")
	v.wantReusable(t, false)
	if string(v.unread) != "ok" {
		t.Errorf("got unread %q; want %q", v.unread, "ok")
	}
}

// Section 6.3, 3: Transfer-Encoding overrides Content-Length.
func TestRFC9112_6_3_3_CodingOverridesLength(t *testing.T) {
	const wire = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
	v := receive("GET", wire)
	v.wantBody(t, "ok")
	v.wantReusable(t, false)
}

// Section 6.3, 4: with chunked as the last coding, the chunks say where the
// content ends. Where chunked is not the last, the content would end with the
// connection; but we asked for no such coding and could not decode it.
func TestRFC9112_6_3_4_Chunked(t *testing.T) {
	receive("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").wantBody(t, "ok")
	for _, coding := range []string{"gzip", "chunked, gzip", "gzip, chunked", "identity", ""} {
		receive("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: "+coding+"\r\n\r\nok").wantErr(t, ErrMalformedHead)
	}
}

// Section 6.3, 5: an invalid Content-Length cannot be recovered from: the user
// agent closes and throws the response away. A list of one number over and
// over may be taken for that number.
func TestRFC9112_6_3_5_InvalidLength(t *testing.T) {
	for _, length := range []string{"", "x", "-2", "+2", "2.0", "0x2", "2 2", "2, 3", "9223372036854775808"} {
		receive("GET", "HTTP/1.1 200 OK\r\nContent-Length: "+length+"\r\n\r\nok").wantErr(t, ErrMalformedHead)
	}
	receive("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok").wantErr(t, ErrMalformedHead)
	receive("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok").wantBody(t, "ok")
}

// Section 6.3, 6: if the peer closes before the length is reached, the message
// is incomplete.
func TestRFC9112_6_3_6_Length(t *testing.T) {
	v := receive("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok")
	v.wantErr(t, ErrTruncatedBody)
	if string(v.body) != "ok" {
		t.Errorf("got body %q; want what had arrived, %q", v.body, "ok")
	}
}

// Section 6.3, 8: without length and coding the content is what comes before
// the connection closes.
func TestRFC9112_6_3_8_Close(t *testing.T) {
	v := receive("GET", "HTTP/1.1 200 OK\r\n\r\nok")
	v.wantBody(t, "ok")
	v.wantReusable(t, false)
}

// Section 6.3, end: bytes behind the last response asked for must not be taken
// for a response of their own.
func TestRFC9112_6_3_BytesBehindTheEnd(t *testing.T) {
	const response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
	p := &Parser{}
	p.Feed([]byte(response + "ok" + response + "no"))
	for ev := (Event{}); ev.Kind != GotEnd; {
		var err error
		if ev, err = p.NextEvent(); err != nil {
			t.Fatal(err)
		}
	}
	if p.Reusable() {
		t.Error("reusable with bytes left over")
	}
	p.Expect("GET")
	if ev, err := p.NextEvent(); ev.Kind != NeedData || err != nil || p.Started() {
		t.Errorf("got %v, %v, started %v; want NeedData of a message that has not started", ev.Kind, err, p.Started())
	}
}

// Section 7: a recipient must be able to read the chunked coding.
// Section 7.1: sizes may be large; their conversion must not overflow.
func TestRFC9112_7_1_Chunked(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	receive("GET", head+"1\r\no\r\n01\r\nk\r\n00\r\n\r\n").wantBody(t, "ok")
	receive("GET", head+"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n").wantBody(t, "01234567890123456789")
	for _, size := range []string{"8000000000000000", "ffffffffffffffff", "10000000000000002"} {
		receive("GET", head+size+"\r\nok\r\n0\r\n\r\n").wantErr(t, ErrMalformedBody)
	}
}

// Section 7.1.1: unknown chunk extensions are ignored, and their length is
// bounded.
func TestRFC9112_7_1_1_Extensions(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	receive("GET", head+"2;a;b=c;d=\"e;\\\"f\"\r\nok\r\n0;g\r\n\r\n").wantBody(t, "ok")
	receive("GET", head+"2;"+strings.Repeat("a", 5000)+"\r\nok\r\n0\r\n\r\n").wantErr(t, ErrMalformedBody)
}

// Section 7.1.2: trailer fields are stored apart from the header, or dropped;
// those that frame a message (RFC 9110 section 6.5.1) must not take effect.
func TestRFC9112_7_1_2_Trailer(t *testing.T) {
	const wire = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
	v := receive("GET", wire)
	v.wantBody(t, "ok")
	v.wantReusable(t, true)
	if want := "trailer \"X\" \"a\"\n"; v.trailer != want {
		t.Errorf("got %q; want %q", v.trailer, want)
	}
}

// Section 8: a response is incomplete if the connection closes inside its
// head, before its length, or before the chunk of size zero; without length
// and chunks it is complete if its head is.
func TestRFC9112_8_Incomplete(t *testing.T) {
	receive("GET", "HTTP/1.1 200 OK\r\nX: a\r\n").wantErr(t, ErrTruncatedHead)
	receive("GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").wantErr(t, ErrTruncatedBody)
	receive("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n").wantErr(t, ErrTruncatedBody)
	receive("GET", "HTTP/1.1 200 OK\r\n\r\n").wantBody(t, "")
}

// Section 9.3: a connection lives on after a response unless that says close;
// with HTTP/1.1 by itself, with HTTP/1.0 if it says keep-alive; and only if the
// length of the response was said in it.
func TestRFC9112_9_3_Persistence(t *testing.T) {
	for _, c := range []struct {
		version, connection string
		want                bool
	}{
		{"1.1", "", true},
		{"1.1", "keep-alive", true},
		{"1.1", "close", false},
		{"1.1", "keep-alive, Close", false},
		{"1.0", "", false},
		{"1.0", "Keep-Alive", true},
		{"1.0", "keep-alive, close", false},
	} {
		head := "HTTP/" + c.version + " 200 OK\r\nConnection: " + c.connection + "\r\n"
		receive("GET", head+"Content-Length: 2\r\n\r\nok").wantReusable(t, c.want)
		receive("GET", head+"\r\nok").wantReusable(t, false)
	}
}

// RFC 9110 section 15.2: a client must be able to read one or more 1xx before
// the final response, though it did not ask for one.
func TestRFC9110_15_2_Interim(t *testing.T) {
	const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
	v := receive("GET", interim+"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	v.wantBody(t, "ok")
	if len(v.heads) != 3 {
		t.Errorf("got %d heads; want 3", len(v.heads))
	}
}

// RFC 9110 section 7.8: a server must not switch to a protocol that the client
// did not name.
func TestRFC9110_7_8_UnaskedUpgrade(t *testing.T) {
	receive("GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").wantErr(t, ErrMalformedHead)
}
