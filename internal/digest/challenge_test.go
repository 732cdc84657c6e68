package digest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	const rest = `, realm="r", nonce="n", qop=auth`
	for _, test := range []struct {
		name   string
		fields []string
		want   string // the algorithm, or "none"
		basic  bool
	}{
		{"nothing", nil, "none", false},
		{"Basic alone", []string{`Basic realm="r"`}, "none", true},
		{"the strongest of several fields", []string{"Digest algorithm=MD5" + rest, "Digest algorithm=SHA-512-256" + rest, "Digest algorithm=SHA-256" + rest}, "SHA-512-256", false},
		{"of one field, Basic between them", []string{"Digest algorithm=MD5" + rest + `, Basic realm="x", Digest algorithm=SHA-256` + rest}, "SHA-256", true},
		{"the first of equals", []string{"Digest algorithm=MD5-sess" + rest, "Digest algorithm=MD5" + rest}, "MD5-sess", false},
		{"what is unknown is passed over", []string{"Digest algorithm=BLAKE3" + rest, "NTLM TlRMTVNT==", "Negotiate", "Digest algorithm=md5" + rest}, "MD5", false},
		{"no algorithm is MD5", []string{`Digest nonce=n, realm=r`}, "MD5", false},
		{"no realm", []string{`Digest nonce=n`}, "none", false},
		{"an empty realm", []string{`Digest nonce=n, realm=""`}, "MD5", false},
		{"no nonce", []string{`Digest realm=r`}, "none", false},
		{"auth-int alone", []string{`Digest realm=r, nonce=n, qop="auth-int"`}, "none", false},
		{"auth in a list", []string{`Digest realm=r, nonce=n, qop="auth-int , AUTH"`}, "MD5", false},
		{"an empty qop is none", []string{`Digest realm=r, nonce=n, qop=""`}, "MD5", false},
		{"-sess without qop", []string{`Digest realm=r, nonce=n, algorithm=MD5-sess`}, "none", false},
	} {
		c, basic := Choose(slices.Values(test.fields))
		got := "none"
		if c != nil {
			got = c.algorithm.name
		}
		if got != test.want || basic != test.basic {
			t.Errorf("%s: got %s, Basic %v; want %s, %v", test.name, got, basic, test.want, test.basic)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{``, ``},
		{` ,, `, ``},
		{`Basic`, `basic{}`},
		{`Basic realm="simple"`, `basic{realm=simple}`},
		{`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`, `newauth{realm=apps title=Login to "apps" type=1} basic{realm=simple}`},
		{`Basic, Digest a = "1" , b=2,`, `basic{} digest{a=1 b=2}`},
		{`Negotiate YWJj==, Digest a=1`, `negotiate{} digest{a=1}`},
		{`Negotiate YW+/-._~Jj`, `negotiate{}`},
		{"Digest\ta=\"x,y\\\\z\"", `digest{a=x,y\z}`},
		{`Digest A=1, a=2`, `digest{a=1}`},
		{`Digest a="", b=1`, `digest{a= b=1}`},
		// What is broken does not count, and nothing behind it.
		{`a=1, Digest b=2`, ``},
		{`Basic, Digest a="1`, `basic{}`},
		{`Basic, Digest a=1, b=(, Digest c=1`, `basic{}`},
		{`Basic, Digest;a=1`, `basic{}`},
		{`Basic, Digest a=1, "b", Digest c=1`, `basic{} digest{a=1}`},
		{`(`, ``},
		{"Digest a=\"1\\", ``},
	} {
		var got []string
		for _, o := range parse(test.value) {
			var params []string
			for _, k := range slices.Sorted(maps.Keys(o.params)) {
				params = append(params, k+"="+o.params[k])
			}
			got = append(got, fmt.Sprintf("%s{%s}", o.scheme, strings.Join(params, " ")))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: got %s; want %s", test.value, got, test.want)
		}
	}
}

// FuzzAnswer: whatever a server asks, the answer can be read back, and says no
// more than was asked.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{mufasaMD5, mufasaSHA, `Basic realm="x", Digest realm=r, nonce="a\"b\\c"`, `Negotiate abc=, Digest nonce=n,realm=""`, `Digest realm="`} {
		f.Add(seed, `user"\`, "/x?y")
	}
	f.Fuzz(func(t *testing.T, field, user, uri string) {
		c, _ := Choose(slices.Values([]string{field}))
		if c == nil {
			return
		}
		s := c.Begin("cnonce")
		s.Count()
		answer := s.Authorization(user, "secret-password", "GET", uri)
		back := parse(answer)
		if len(back) != 1 || back[0].scheme != "digest" {
			t.Fatalf("the answer %q reads as %v; want one of Digest", answer, back)
		}
		p := back[0].params
		if p["nonce"] != c.nonce || p["realm"] != c.realm || p["uri"] != uri || !c.userhash && p["username"] != user {
			t.Errorf("the answer %q does not say back what was asked in %q, or who answers, %q for %q", answer, field, user, uri)
		}
		if !c.auth && p["cnonce"] != "" {
			t.Errorf("the answer %q has a cnonce; want none without qop", answer)
		}
	})
}
