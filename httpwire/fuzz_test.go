package httpwire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
)

// setup is how a fuzzed parser is configured, one bit each.
type setup byte

func (s setup) parser() *Parser {
	p := &Parser{}
	if s&1 != 0 {
		p.Lenient = Lenient{LeadingEmptyLine: true, ControlBytes: true}
	}
	if s&2 != 0 {
		p.Strict = Strict{BareLF: true, LengthAndCoding: true}
	}
	if s&4 != 0 {
		p.Limits = Limits{Line: 40, Head: 200, Fields: 3, Interim: 2, ChunkLine: 12, ChunkOverhead: 10, Trailer: 40}
	}
	p.Expect([]string{"GET", "HEAD", "CONNECT", "POST"}[s>>3&3])
	if s&32 != 0 {
		p.ExpectUpgrade()
	}
	return p
}

func (s setup) eof() bool { return s&64 != 0 }

func addResponses(f *testing.F, add func(response []byte)) {
	for _, v := range loadVectors(f) {
		if len(v.input) < 300 {
			add(v.input)
		}
	}
}

// FuzzParser: whatever a peer sends, one of three things happens: the message
// ends, the parser wants more, or there is a *ProtocolError with one class.
func FuzzParser(f *testing.F) {
	addResponses(f, func(response []byte) { f.Add(response, byte(64)) })
	f.Fuzz(func(t *testing.T, response []byte, s byte) {
		v := drive(setup(s).parser(), setup(s).eof(), response)
		if v.err == nil {
			if v.state == Failed {
				t.Fatalf("failed without an error")
			}
			return
		}
		classes := 0
		for _, class := range []error{
			ErrEmptyReply, ErrTruncatedHead, ErrTruncatedBody,
			ErrMalformedHead, ErrMalformedBody, ErrHeadTooLarge,
		} {
			if errors.Is(v.err, class) {
				classes++
			}
		}
		if classes != 1 {
			t.Errorf("%v is of %d classes; want 1", v.err, classes)
		}
		if v.err.Offset < 0 || v.err.Offset > int64(len(response)) {
			t.Errorf("offset %d is outside of the %d bytes", v.err.Offset, len(response))
		}
		if len(v.err.Bytes) > shown || v.err.Reason == "" {
			t.Errorf("got %d bytes and reason %q; want at most %d bytes and a reason", len(v.err.Bytes), v.err.Reason, shown)
		}
	})
}

// FuzzSplit: how a response is cut into Feeds changes nothing.
func FuzzSplit(f *testing.F) {
	addResponses(f, func(response []byte) { f.Add(response, byte(64), uint16(len(response)/3)) })
	f.Fuzz(func(t *testing.T, response []byte, s byte, cut uint16) {
		eof := setup(s).eof()
		whole := drive(setup(s).parser(), eof, response)
		at := int(cut) % (len(response) + 1)
		for how, pieces := range map[string][][]byte{
			"byte by byte": bytewise(response),
			"cut in two":   {response[:at], response[at:]},
			"cut in three": {response[:at/2], response[at/2 : at], response[at:]},
		} {
			v := drive(setup(s).parser(), eof, pieces...)
			if v.String() != whole.String() || !bytes.Equal(v.body, whole.body) {
				t.Fatalf("%s, got:\n%vin one piece:\n%v", how, v, whole)
			}
		}
	})
}

// FuzzRequestRoundTrip: a request that is encoded is read back by net/http as
// it was; or it is refused, and dst is as it was.
func FuzzRequestRoundTrip(f *testing.F) {
	f.Add("GET", "/", "a.example", "X-A", "b", []byte(nil))
	f.Add("POST", "/a?b=c%20d", "[::1]:80", "Content-Length", "5", []byte("hello"))
	f.Add("OPTIONS", "*", "", "Host", "b.example", []byte(nil))
	f.Add("CONNECT", "a.example:443", "a.example:443", "x", "", []byte(nil))
	f.Add("GET", "http://a.example/", "a.example", "Set-Cookie", "\xe4\xbd\xa0", []byte(nil))
	f.Add("PUT", "/ HTTP/1.1\r\nX: y", "a\r\nb", "X: y\r\nZ", "a\nb", []byte("x"))
	f.Add("", "", "", "", " a", []byte{})
	f.Fuzz(func(t *testing.T, method, target, host, name, value string, body []byte) {
		r := &Request{Method: method, Target: target, Host: host, Header: Header{{name, value}}, Body: body}
		wire, err := r.AppendTo([]byte("before "))
		if err != nil {
			if reqErr, ok := errors.AsType[*RequestError](err); !ok || !errors.Is(err, ErrBadRequest) || reqErr.Reason == "" {
				t.Fatalf("error %v of type %T", err, err)
			}
			if string(wire) != "before " {
				t.Fatalf("dst is %q after an error", wire)
			}
			return
		}
		wire = wire[len("before "):]
		br := bufio.NewReader(bytes.NewReader(wire))
		back, err := http.ReadRequest(br)
		if err != nil {
			if knownRequestDifference(r, err) {
				return
			}
			t.Fatalf("net/http cannot read %q: %v", wire, err)
		}
		if want := or(method, "GET"); back.Method != want {
			t.Errorf("method: got %q; want %q", back.Method, want)
		}
		if want := or(target, "/"); back.RequestURI != want {
			t.Errorf("target: got %q; want %q", back.RequestURI, want)
		}
		got, err := io.ReadAll(back.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("body: got %q, %v; want %q", got, err, body)
		}
		switch canonical := http.CanonicalHeaderKey(name); canonical {
		case "Host", "Content-Length", "Trailer": // net/http takes them out of the header
		default:
			if v := back.Header[canonical]; len(v) != 1 || v[0] != value {
				t.Errorf("field %q: got %q; want %q", name, v, value)
			}
		}
		if rest, _ := io.ReadAll(br); len(rest) > 0 {
			t.Errorf("bytes behind the request: %q", rest)
		}
	})
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// FuzzAgainstNetHTTP: what we accept net/http reads as we do. What we refuse
// it may accept: the rows of testdata/differential.txt say why.
func FuzzAgainstNetHTTP(f *testing.F) {
	addResponses(f, func(response []byte) { f.Add(response, false) })
	for _, r := range makeReplies() {
		if r.method != "CONNECT" && len(r.wire) < 300 {
			f.Add([]byte(r.wire), r.method == "HEAD")
		}
	}
	f.Fuzz(func(t *testing.T, response []byte, head bool) {
		r := &reply{method: "GET", wire: string(response)}
		if head {
			r.method = "HEAD"
		}
		if ours, theirs := r.verdicts(); ours != "refused" && ours != theirs && !knownResponseDifference(response, theirs) {
			t.Errorf("%s %q: we say %s; net/http says %s", r.method, response, ours, theirs)
		}
	})
}
