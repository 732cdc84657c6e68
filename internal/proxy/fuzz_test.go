package proxy

import (
	"errors"
	"strings"
	"testing"
)

// FuzzHandshake: whatever a proxy says, the handshake waits, is done, or has
// failed with an *Error; and how it was cut changes nothing, but that what came
// before a question is refused.
func FuzzHandshake(f *testing.F) {
	for _, s := range loadScenes(f) {
		if all := strings.Join(s.in, ""); len(all) < 120 {
			f.Add(s.proxy.Scheme != HTTP, s.proxy.hasCredentials(), []byte(all), s.eof)
		}
	}
	f.Fuzz(func(t *testing.T, socks, credentials bool, in []byte, eof bool) {
		raw := "http://"
		if socks {
			raw = "socks5h://"
		}
		if credentials {
			raw += "user:secret@"
		}
		p, err := Parse(raw + "p")
		if err != nil {
			t.Fatal(err)
		}
		s := scene{proxy: p, target: Target{Host: "a.example", Port: 443}, eof: eof}
		transcript, whole := s.play(t, string(in))
		if strings.Contains(transcript, "error: ") && strings.Contains(transcript[strings.Index(transcript, "error: "):], "secret") {
			t.Fatalf("the error shows the password:\n%s", transcript)
		}
		_, bytewise := s.play(t, strings.Split(string(in), "")...)
		if strings.HasSuffix(whole, "not been asked yet") {
			return
		}
		if whole != bytewise {
			t.Fatalf("byte by byte:\ngot  %s\nwant %s", bytewise, whole)
		}
	})
}

// FuzzParse: what is read can be written and read again, and what is refused
// does not show what stands before an @.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{"http://p:1", "user:secret@[::1]:9", "socks5h://u%40:p@x/", "https://a@b", "u:secret://@p"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := Parse(raw)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("got an error of type %T", err)
			}
			return
		}
		if p.Host == "" || p.Port == 0 {
			t.Fatalf("%q is read as %v, without a host or a port", raw, p)
		}
		p.password = ""
		if p.user == "" && p.Scheme != HTTP {
			return
		}
		if again, err := Parse(p.String()); err != nil || again != p {
			t.Fatalf("%q is read as %s, and that as %s, %v", raw, p, again, err)
		}
	})
}
