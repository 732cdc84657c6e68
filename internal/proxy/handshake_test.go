package proxy

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/httpwire"
)

func TestTranscripts(t *testing.T) {
	var anew []string
	for _, s := range loadScenes(t) {
		got, _ := s.play(t, s.in...)
		got = s.setup + got
		anew = append(anew, got)
		if got != s.text && !*rewrite {
			t.Errorf("got\n%s\nwant\n%s", got, s.text)
		}
	}
	if *rewrite {
		if err := os.WriteFile(transcripts, []byte(strings.Join(anew, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// How an answer of the proxy is cut changes nothing: not what is sent, not the
// end, not the text of an error.
func TestEverySplit(t *testing.T) {
	for _, s := range loadScenes(t) {
		_, want := s.play(t, s.in...)
		for at, in := range s.in {
			for i := range len(in) + 1 {
				pieces := slices.Concat(s.in[:at], []string{in[:i], in[i:]}, s.in[at+1:])
				if _, got := s.play(t, pieces...); got != want {
					t.Errorf("%s, %q split at %d:\ngot  %s\nwant %s", s.name, in, i, got, want)
				}
			}
		}
		if _, got := s.play(t, strings.Split(strings.Join(s.in, ""), "")...); got != want {
			t.Errorf("%s, byte by byte:\ngot  %s\nwant %s", s.name, got, want)
		}
	}
}

// Nothing that is printed, in all the scenes, holds the password or the
// credentials in base64.
func TestErrorsKeepSecrets(t *testing.T) {
	for _, s := range loadScenes(t) {
		text, _ := s.play(t, s.in...)
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "error") && (strings.Contains(line, "p@ss") || strings.Contains(line, "p%40ss")) {
				t.Errorf("%s: %s", s.name, line)
			}
		}
	}
}

// endOf is the error of a handshake in which the proxy says this, and then
// closes.
func endOf(t *testing.T, rawURL string, says ...string) *Error {
	t.Helper()
	p, err := Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.Tunnel(Target{Host: "a.example", Port: 443})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Next(nil)
	for _, in := range says {
		if err == nil {
			_, err = h.Next([]byte(in))
		}
	}
	if err == nil {
		err = h.EOF()
		if again := h.EOF(); again != err {
			t.Errorf("the end told twice: %v; want %v", again, err)
		}
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v; want an *Error", err)
	}
	return e
}

func TestErrorsCarry(t *testing.T) {
	e := endOf(t, "http://user:secret@p.example:1", "HTTP/1.1 503 Service Unavailable\r\n\r\n")
	if e.Status != 503 || e.Proxy != "http://user:xxxxx@p.example:1" || e.Target != "a.example:443" {
		t.Errorf("got %+v; want status, proxy and target", e)
	}
	if e := endOf(t, "socks5h://p.example", "\x05\x00", "\x05\x02"); e.Code != 2 {
		t.Errorf("got %+v; want code 2", e)
	}
	e = endOf(t, "p.example", "nonsense")
	if _, ok := errors.AsType[*httpwire.ProtocolError](e); !ok {
		t.Errorf("got %v with %v; want a protocol error inside", e, e.Err)
	}
	if e := endOf(t, "p.example"); !errors.Is(e, httpwire.ErrEmptyReply) {
		t.Errorf("got %v with %v; want %v inside", e, e.Err, httpwire.ErrEmptyReply)
	}
	if e := endOf(t, "socks5h://p.example", "\x05"); !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Errorf("got %v with %v; want %v inside", e, e.Err, io.ErrUnexpectedEOF)
	}
	// What comes before a question is no answer to it, and would become the
	// tunnel's.
	e = endOf(t, "socks5h://p.example", "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	if want := "the proxy answers what it has not been asked yet"; e.Reason != want {
		t.Errorf("got %q; want %q", e.Reason, want)
	}
	// A peer cannot make us hold more than a head.
	e = endOf(t, "p.example", "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20))
	if !errors.Is(e, httpwire.ErrHeadTooLarge) {
		t.Errorf("got %v; want %v inside", e, httpwire.ErrHeadTooLarge)
	}
}

func TestTargetsThatCannotBeTold(t *testing.T) {
	for _, tt := range []struct {
		proxy  string
		target Target
		want   string
	}{
		{"http://p", Target{Host: "a.example"}, "proxy http://p:1080: a.example:0: the target has no port"},
		{"http://p", Target{Host: "a b", Port: 1}, `proxy http://p:1080: a b:1: the CONNECT cannot be sent: httpwire: request: target "a b:1": a space would end it: write %20`},
		{"http://p", Target{Host: "a", Port: 1, Header: httpwire.Header{{Name: "X", Value: "a\nb"}}}, `proxy http://p:1080: a:1: the CONNECT cannot be sent: httpwire: request: X "\n": may not stand in a field value`},
		{"socks5h://p", Target{Host: "a.example"}, "proxy socks5h://p:1080: a.example:0: the target has no port"},
		{"socks5h://p", Target{Port: 80}, "proxy socks5h://p:1080: :80: a SOCKS5 proxy can be told names of 1 to 255 bytes, not of 0"},
		{"socks5h://p", Target{Host: "a\x00b", Port: 80}, "proxy socks5h://p:1080: a\x00b:80: the name has bytes that cannot stand in one"},
		{"socks5://p", Target{Host: "a.example", Port: 80}, "proxy socks5://p:1080: a.example:80: a socks5 proxy is told an address: look the name up, or use socks5h://"},
		{"socks5://p", Target{Addr: netip.MustParseAddr("fe80::1%eth0"), Port: 80}, "proxy socks5://p:1080: [fe80::1%eth0]:80: a zone means nothing to the proxy: leave it out"},
	} {
		p, err := Parse(tt.proxy)
		if err != nil {
			t.Fatal(err)
		}
		h, err := p.Tunnel(tt.target)
		if _, ok := errors.AsType[*Error](err); !ok || h != nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
	p, _ := Parse("socks5h://p")
	if _, err := p.Tunnel(Target{Host: strings.Repeat("x", 256), Port: 80}); err == nil || !strings.Contains(err.Error(), "not of 256") {
		t.Errorf("a name of 256 bytes: got %v; want it refused", err)
	}
	if _, err := p.Tunnel(Target{Host: strings.Repeat("x", 255), Port: 80}); err != nil {
		t.Errorf("a name of 255 bytes: got %v; want none", err)
	}
}

func TestConnectFieldsOfTheCaller(t *testing.T) {
	p, _ := Parse("http://user:pass@p")
	shared := append(make(httpwire.Header, 0, 8), httpwire.Field{Name: "User-Agent", Value: "qqloop"})
	for _, tt := range []struct {
		header httpwire.Header
		want   string
	}{
		{shared, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nUser-Agent: qqloop\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"},
		{httpwire.Header{{Name: "proxy-authorization", Value: "Bearer x"}}, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nproxy-authorization: Bearer x\r\n\r\n"},
	} {
		h, err := p.Tunnel(Target{Host: "a", Port: 1, Header: tt.header})
		if err != nil {
			t.Fatal(err)
		}
		if step, err := h.Next(nil); err != nil || string(step.Out) != tt.want {
			t.Errorf("got %q, %v; want %q", step.Out, err, tt.want)
		}
	}
	if spare := shared[:2][1]; spare != (httpwire.Field{}) {
		t.Errorf("the caller's array holds %q now", spare)
	}
}
