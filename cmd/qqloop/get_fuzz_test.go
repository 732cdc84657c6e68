package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

// FuzzCookieFile: what was read from a file and written is the same when it is
// read and written again.
func FuzzCookieFile(f *testing.F) {
	f.Add("a.example\tFALSE\t/\tFALSE\t0\tn\tv\n#HttpOnly_.b.example\tTRUE\t/p\tTRUE\t4102444800\tm\t\"w x\"\n")
	f.Add("127.0.0.1\tTRUE\t\tFALSE\t1\tn\t\n[::1]\tFALSE\t/\tFALSE\t0\tn\tv\n")
	f.Add("Set-Cookie: a=1; Domain=a.example; Path=/x\r\nset-cookie: b=\"2\"; Max-Age=9\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		now := time.Now()
		first := emptyJar(t)
		first.load(text)
		again := emptyJar(t)
		again.load(string(first.file(now)))
		if got, want := string(again.file(now)), string(first.file(now)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func emptyJar(t *testing.T) *cookies {
	t.Helper()
	return newCookies(t, true, nil, "http://a.example/x")
}

// FuzzWriteOut: a format without % and \ is written as it stands, and no format
// is too much.
func FuzzWriteOut(f *testing.F) {
	f.Add("%{http_code}\\n")
	f.Add("%{stderr}%header{a}%%%{")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, format string) {
		var stdout strings.Builder
		writeOut(format).write(wholeResult(t), &stdout, io.Discard)
		if !strings.ContainsAny(format, `%\`) && stdout.String() != format {
			t.Errorf("got %q; want %q", stdout.String(), format)
		}
	})
}

// FuzzFormPart: a content in double quotes comes back as it was.
func FuzzFormPart(f *testing.F) {
	f.Add("a;b")
	f.Add(`c:\d"e\`)
	f.Fuzz(func(t *testing.T, content string) {
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(content) + `"`
		p, err := parseFormPart("n="+quoted+";type=x/y;filename=z", nil)
		if err != nil || string(p.content) != content || p.contentType != "x/y" || p.fileName != "z" {
			t.Errorf("%q: got %+v, %v; want it back", content, p, err)
		}
	})
}
