package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for raw, want := range map[string]Proxy{
		"http://p.example:3128":             {HTTP, "p.example", 3128, "", ""},
		"http://p.example:3128/":            {HTTP, "p.example", 3128, "", ""},
		"HTTP://p.example":                  {HTTP, "p.example", 1080, "", ""},
		"p.example:8080":                    {HTTP, "p.example", 8080, "", ""},
		"user:pw@p.example":                 {HTTP, "p.example", 1080, "user", "pw"},
		"socks5://127.0.0.1:9050":           {SOCKS5, "127.0.0.1", 9050, "", ""},
		"socks5h://[::1]:9050":              {SOCKS5H, "::1", 9050, "", ""},
		"socks5h://[::1]":                   {SOCKS5H, "::1", 1080, "", ""},
		"http://us%40er:p%3Aw%25@p:1":       {HTTP, "p", 1, "us@er", "p:w%"},
		"http://user:p@s#s/w?rd@p:1":        {HTTP, "p", 1, "user", "p@s#s/w?rd"},
		"http://user:a:b@p":                 {HTTP, "p", 1080, "user", "a:b"},
		"http://user:a://b@p":               {HTTP, "p", 1080, "user", "a://b"},
		"user:a://b@p":                      {HTTP, "p", 1080, "user", "a://b"},
		"http://:pw@p":                      {HTTP, "p", 1080, "", "pw"},
		"http://@p":                         {HTTP, "p", 1080, "", ""},
		"socks5://user@p":                   {SOCKS5, "p", 1080, "user", ""},
		"http://代理.example:1":               {HTTP, "代理.example", 1, "", ""},
		"http://" + strings.Repeat("a", 80): {HTTP, strings.Repeat("a", 80), 1080, "", ""},
	} {
		got, err := Parse(raw)
		if err != nil || got != want {
			t.Errorf("%s: got %s %q:%q, %v; want %s", raw, got, got.user, got.password, err, want)
		}
		// The text of one without a password is a URL of the same proxy.
		if again, err := Parse(got.String()); got.password == "" && (err != nil || again != got) {
			t.Errorf("%s: its text %s is read as %s, %v", raw, got, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		"https://p":               `TLS to the proxy itself is not spoken: http:// reaches https targets just as well`,
		"socks4://p":              `SOCKS4 is not spoken: use socks5:// or socks5h://`,
		"ftp://p":                 `the scheme "ftp" is not known: use http://, socks5:// or socks5h://`,
		"://p":                    `the scheme "" is not known: use http://, socks5:// or socks5h://`,
		"":                        `there is no host: want something like http://host:port`,
		"http://":                 `there is no host: want something like http://host:port`,
		"http://:80":              `there is no host: want something like http://host:port`,
		"http://p:0":              `the port must be 1 to 65535, not "0"`,
		"http://p:65536":          `the port must be 1 to 65535, not "65536"`,
		"http://p:http":           `the port must be 1 to 65535, not "http"`,
		"http://p:+1":             `the port must be 1 to 65535, not "+1"`,
		"http://p/x":              `a proxy has a host and a port, and nothing like "/x" behind them`,
		"http://p?x":              `a proxy has a host and a port, and nothing like "?x" behind them`,
		"http://::1":              `an IPv6 address stands in brackets: [::1]`,
		"http://[::1":             `want an IPv6 address in brackets, not "[::1"`,
		"http://[p]":              `want an IPv6 address in brackets, not "[p]"`,
		"http://[::1]x":           `want an IPv6 address in brackets, not "[::1]x"`,
		"http://a b":              `byte " " cannot stand in a host`,
		"http://user:se%cret@p":   `a % in the user or password must be written %25`,
		"http://user:se%0acret@p": `a control character cannot stand in the user or password`,
		"http://us%3Aer:secret@p": `a colon cannot stand in a user name (RFC 7617 section 2)`,
		"socks5://:secret@p":      `a user of SOCKS5 has 1 to 255 bytes, a password at most 255 (RFC 1929 section 2)`,
		"ftp://user:secret@p":     `the scheme "ftp" is not known: use http://, socks5:// or socks5h://`,
		"user:secret://x@p:0":     `the port must be 1 to 65535, not "0"`,
		"socks5://u:secret" + strings.Repeat("x", 250) + "@p": `a user of SOCKS5 has 1 to 255 bytes, a password at most 255 (RFC 1929 section 2)`,
	} {
		p, err := Parse(raw)
		e, ok := errors.AsType[*Error](err)
		if !ok || p != (Proxy{}) {
			t.Errorf("%q: got %v, %v; want an *Error", raw, p, err)
			continue
		}
		if e.Reason != want {
			t.Errorf("%q:\ngot  %s\nwant %s", raw, e.Reason, want)
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "se%") {
			t.Errorf("%q: the error shows the password: %v", raw, err)
		}
	}
}

func TestPasswordIsNotPrinted(t *testing.T) {
	p, err := Parse("socks5h://us%40er:se%40cret@[2001:db8::1]:9050")
	if err != nil {
		t.Fatal(err)
	}
	const want = "socks5h://us%40er:xxxxx@[2001:db8::1]:9050"
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		for _, v := range []any{p, &p} {
			if got := fmt.Sprintf(format, v); got != want {
				t.Errorf("%s of %T: got %s; want %s", format, v, got, want)
			}
		}
	}
	if b, err := json.Marshal(p); err != nil || strings.Contains(string(b), "cret") {
		t.Errorf("as JSON: %s, %v", b, err)
	}
}
