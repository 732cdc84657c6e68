package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newCookies is what -b gives for args, and urls on the command line.
func newCookies(t *testing.T, jar bool, args []string, urls ...string) *cookies {
	t.Helper()
	c := &getCmd{Cookie: args}
	if jar {
		c.CookieJar = "file"
	}
	k, err := c.cookies(urls, strings.NewReader(""))
	check(t, err)
	return k
}

// sent is the Cookie field for a URL.
func (k *cookies) sent(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	check(t, err)
	var pairs []string
	for _, c := range k.Cookies(u) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// take lets a server say Set-Cookie.
func (k *cookies) take(t *testing.T, rawURL string, lines ...string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	check(t, err)
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		check(t, err)
		k.SetCookies(u, []*http.Cookie{c})
	}
}

// body returns the lines of the file of -c.
func (k *cookies) body() string {
	_, lines, _ := strings.Cut(string(k.file(time.Now())), "\n\n")
	return lines
}

func TestGivenCookies(t *testing.T) {
	k := newCookies(t, false, []string{"a=b; c", "d=e=f"}, "http://a.example/x", "https://b.example/")
	for url, want := range map[string]string{
		"http://a.example/":    "a=b; c; d=e=f",
		"http://A.example/y":   "a=b; c; d=e=f",
		"https://a.example/":   "a=b; c; d=e=f", // cookies know no port, and https is no worse
		"http://a.example:81/": "a=b; c; d=e=f",
		"https://b.example/":   "a=b; c; d=e=f",
		"http://b.example/":    "", // was https on the command line
		"http://c.a.example/x": "",
	} {
		if got := k.sent(t, url); got != want {
			t.Errorf("%s: got %q; want %q", url, got, want)
		}
	}
	k.take(t, "http://a.example/", "s=1")
	if got := k.sent(t, "http://a.example/"); strings.Contains(got, "s=1") {
		t.Errorf("got %q; want nothing kept without -c or a file", got)
	}
}

func TestNoCookies(t *testing.T) {
	if k := newCookies(t, false, nil, "http://a/"); k != nil {
		t.Errorf("got %v; want none without -b and -c", k)
	}
}

func TestCookieFileIsWritten(t *testing.T) {
	k := newCookies(t, true, nil, "http://a.example/")
	k.take(t, "http://www.a.example/dir/page",
		"host=1",
		"domain=2; Domain=a.example; Path=/; Secure; HttpOnly",
		`quoted="3 4"; Path=/`,
		"old=5; Max-Age=0",
		"late=6; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
		"early=7; Path=/; Expires=Fri, 01 Jan 1999 00:00:00 GMT",
		"stranger=8; Domain=b.example",
		"suffix=9; Domain=example",
		"gone=10", "gone=; Max-Age=0",
		"twice=11", "twice=12")
	want := strings.Join([]string{
		"www.a.example\tFALSE\t/dir\tFALSE\t0\thost\t1",
		"#HttpOnly_.a.example\tTRUE\t/\tTRUE\t0\tdomain\t2",
		"www.a.example\tFALSE\t/\tFALSE\t0\tquoted\t\"3 4\"",
		"www.a.example\tFALSE\t/\tFALSE\t4102444800\tlate\t6",
		"www.a.example\tFALSE\t/dir\tFALSE\t0\ttwice\t12",
	}, "\n") + "\n"
	if got := k.body(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCookieFileIsReadAgain: what was written is sent as before.
func TestCookieFileIsReadAgain(t *testing.T) {
	k := newCookies(t, true, nil, "http://a.example/")
	k.take(t, "http://www.a.example/dir/", "host=1", "all=2; Domain=a.example; Path=/; HttpOnly", "s=3; Secure; Path=/; Max-Age=1000")
	k.take(t, "http://127.0.0.1:80/", "ip=4", "ip2=5; Domain=127.0.0.1")
	k.take(t, "http://[::1]:80/", "ip=6")
	file := filepath.Join(t.TempDir(), "jar")
	check(t, os.WriteFile(file, k.file(time.Now()), 0o600))
	again := newCookies(t, false, []string{file}, "http://a.example/")
	for _, url := range []string{
		"http://www.a.example/dir/", "http://www.a.example/", "https://www.a.example/dir/x", "http://b.a.example/dir/",
		"http://a.example/", "http://127.0.0.1/", "http://[::1]:80/", "http://b.example/",
	} {
		if got, want := again.sent(t, url), k.sent(t, url); got != want {
			t.Errorf("%s: got %q; want %q", url, got, want)
		}
	}
	if got, want := again.body(), k.body(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCookieFileOfHeads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "heads")
	check(t, os.WriteFile(file, []byte("HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/\r\nSet-Cookie: b=2; Domain=b.example\r\n# a comment\r\nnonsense\r\n\r\n"), 0o600))
	k := newCookies(t, false, []string{file}, "http://a.example/x/y")
	for url, want := range map[string]string{
		"http://a.example/": "a=1", "http://b.example/": "b=2", "http://c.example/": "",
	} {
		if got := k.sent(t, url); got != want {
			t.Errorf("%s: got %q; want %q", url, got, want)
		}
	}
}

func TestCookieLines(t *testing.T) {
	for line, ok := range map[string]bool{
		"a\tFALSE\t/\tFALSE\t0\tn\tv":           true,
		"#HttpOnly_a\tFALSE\t/\tFALSE\t0\tn\tv": true,
		"a\tFALSE\t/\tFALSE\t0\tn":              true, // an empty value
		"# a\tFALSE\t/\tFALSE\t0\tn\tv":         false,
		"a\tFALSE\t/\tFALSE\tsoon\tn\tv":        false,
		"a\tFALSE\t/\tFALSE\t0\t\tv":            false,
		"\tFALSE\t/\tFALSE\t0\tn\tv":            false,
		"a FALSE / FALSE 0 n v":                 false,
		"a\tFALSE\t/\tFALSE\t0\tn\tv\tone more": false,
		"":                                      false,
	} {
		if _, _, got := parseCookieLine(line); got != ok {
			t.Errorf("%q: got %v; want %v", line, got, ok)
		}
	}
}
