package main

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEncodedPiece(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, []byte("a b\n"), 0o600))
	for _, test := range []struct{ arg, want string }{
		{"content", "content"},
		{"a b", "a+b"},
		{"=a=b", "a%3Db"},
		{"name=a&b", "name=a%26b"},
		{"n m=x", "n m=x"},
		{"name=a@b", "name=a%40b"},
		{"name=", "name="},
		{"", ""},
		{"@" + file, "a+b%0A"},
		{"name@" + file, "name=a+b%0A"},
		{"-._~!*'()", "-._~%21%2A%27%28%29"},
		{"é\xff", "%C3%A9%FF"},
	} {
		got, err := encodedPiece(test.arg, strings.NewReader(""))
		if err != nil || string(got) != test.want {
			t.Errorf("%q: got %q, %v; want %q", test.arg, got, err, test.want)
		}
	}
	if _, err := encodedPiece("name@"+file+"-missing", nil); err == nil {
		t.Error("a file that is missing: got no error; want one")
	}
}

func TestFormBody(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.TXT")
	check(t, os.WriteFile(file, []byte("in the file\r\n"), 0o600))
	for _, test := range []struct{ name, arg, disposition, contentType, content string }{
		{"content", "a=b", `form-data; name="a"`, "", "b"},
		{"empty", "a=", `form-data; name="a"`, "", ""},
		{"more equals signs", "a=b=c", `form-data; name="a"`, "", "b=c"},
		{"quoted", `a="b;c\"d\\";type=text/x`, `form-data; name="a"`, "text/x", `b;c"d\`},
		{"a quote that never ends", `a="b`, `form-data; name="a"`, "", `"b`},
		{"typed", "a=b;type=text/html;charset=utf-8", `form-data; name="a"`, "text/html;charset=utf-8", "b"},
		{"named", "a=b;filename=x.y", `form-data; name="a"; filename="x.y"`, "", "b"},
		{"file", "a=@" + file, `form-data; name="a"; filename="a.TXT"`, "text/plain", "in the file\r\n"},
		{"file, typed and named", "a=@" + file + ";type=x/y;filename=z", `form-data; name="a"; filename="z"`, "x/y", "in the file\r\n"},
		{"content of a file", "a=<" + file, `form-data; name="a"`, "", "in the file\r\n"},
		{"standard input", "a=@-", `form-data; name="a"; filename="-"`, "", "typed"},
		{"names are escaped", "a\"\r\nb=c", `form-data; name="a%22%0D%0Ab"`, "", "c"},
		{"no type of a file outside", "a=@" + file + ";type=\"a/b\"", `form-data; name="a"; filename="a.TXT"`, "a/b", "in the file\r\n"},
	} {
		body, contentType, err := formBody([]string{test.arg, "last=1"}, strings.NewReader("typed"))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		_, params, err := mime.ParseMediaType(contentType)
		check(t, err)
		r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		part, err := r.NextRawPart()
		check(t, err)
		content, err := io.ReadAll(part)
		check(t, err)
		if got := part.Header.Get("Content-Disposition"); got != test.disposition {
			t.Errorf("%s: got %s; want %s", test.name, got, test.disposition)
		}
		if got := part.Header.Get("Content-Type"); got != test.contentType || string(content) != test.content {
			t.Errorf("%s: got type %q, content %q; want %q, %q", test.name, got, content, test.contentType, test.content)
		}
		if part, err = r.NextRawPart(); err != nil || part.FormName() != "last" {
			t.Errorf("%s: the second part is missing: %v", test.name, err)
		}
	}
	for _, arg := range []string{"a", "=b", "a=b;colour=red", "a=@" + filepath.Join(dir, "missing")} {
		if _, _, err := formBody([]string{arg}, nil); err == nil {
			t.Errorf("%q: got no error; want one", arg)
		}
	}
}

func TestTargetAdd(t *testing.T) {
	for _, test := range []struct {
		url, want string
		payload   payload
	}{
		{"http://a/", "/?x=1", payload{query: "x=1"}},
		{"http://a/p?", "/p?x=1", payload{query: "x=1"}},
		{"http://a/p?y", "/p?y&x=1", payload{query: "x=1"}},
		{"http://a/p/", "/p/f", payload{fileName: "f"}},
		{"http://a/p/?q", "/p/f?q", payload{fileName: "f"}},
		{"http://a/p", "/p", payload{fileName: "f"}},
		{"http://a/p?", "/p?", payload{}},
	} {
		got, err := parseTarget(test.url)
		check(t, err)
		got.add(test.payload)
		if got.path != test.want || got.url.RequestURI() != test.want {
			t.Errorf("%s: got %q and %q; want %q", test.url, got.path, got.url.RequestURI(), test.want)
		}
	}
}

func TestRemoteName(t *testing.T) {
	for url, want := range map[string]string{
		"http://a/b/c.txt?d/e": "c.txt", "http://a/%2e%2e": "%2e%2e",
		"http://a/": "", "http://a": "", "http://a/b/": "", "http://a/..": "", "http://a/?b": "",
	} {
		target, err := parseTarget(url)
		check(t, err)
		if got, err := target.fileName(); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", url, got, err, want)
		}
	}
}

func TestParseResolve(t *testing.T) {
	hosts, err := parseResolve([]string{"A.Example.:80:10.0.0.1", "*:443:[::1]", "a.example:80:10.0.0.2"})
	check(t, err)
	for _, test := range []struct{ host, port, want string }{
		{"a.example", "80", "10.0.0.2:80"}, {"b.example", "443", "[::1]:443"}, {"b.example", "80", ""},
	} {
		at, ok := hosts.resolve(test.host, test.port)
		if ok != (test.want != "") || ok && at.String() != test.want {
			t.Errorf("%s:%s: got %v, %v; want %q", test.host, test.port, at, ok, test.want)
		}
	}
	for _, arg := range []string{"", "a", "a:80", "a:0:10.0.0.1", "a:x:10.0.0.1", ":80:10.0.0.1", "a:80:b", "a:80:"} {
		if _, err := parseResolve([]string{arg}); err == nil {
			t.Errorf("%q: got no error; want one", arg)
		}
	}
}
