package digest

import (
	"slices"
	"strings"
	"testing"
)

// choose reads one field.
func choose(t *testing.T, field string) *Challenge {
	t.Helper()
	c, _ := Choose(slices.Values([]string{field}))
	if c == nil {
		t.Fatalf("%s: not understood", field)
	}
	return c
}

// The two challenges of RFC 7616 section 3.9.1.
const (
	mufasaMD5  = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	mufasaSHA  = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	lion       = "Circle of Life"
	lionsShare = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
)

// TestResponses holds the proofs against those of the standards. What no
// standard shows, -sess, was computed by other means.
func TestResponses(t *testing.T) {
	const dcd = `nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`
	for _, test := range []struct{ name, challenge, user, password, uri, cnonce, want string }{
		{"RFC 7616 3.9.1, MD5", mufasaMD5, "Mufasa", lion, "/dir/index.html", lionsShare, "8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 3.9.1, SHA-256", mufasaSHA, "Mufasa", lion, "/dir/index.html", lionsShare,
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 7616 3.9.2 with erratum 4897, SHA-512-256",
			`Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`,
			"Jäsøn Doe", "Secret, or not?", "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
			"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"},
		{"RFC 2617 3.5", `Digest realm="testrealm@host.com", qop="auth,auth-int", ` + dcd,
			"Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1"},
		{"RFC 2069, as its errata have it", `Digest realm="testrealm@host.com", ` + dcd,
			"Mufasa", "Circle Of Life", "/dir/index.html", "", "670fd8c2df070c60b045671b8b24ff02"},
		{"MD5-sess", strings.Replace(mufasaMD5, "=MD5", "=MD5-sess", 1), "Mufasa", lion, "/dir/index.html", lionsShare,
			"e783283f46242139c486a698fec7211d"},
		{"SHA-256-sess", strings.Replace(mufasaSHA, "=SHA-256", "=SHA-256-sess", 1), "Mufasa", lion, "/dir/index.html", lionsShare,
			"2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
	} {
		s := choose(t, test.challenge).Begin(test.cnonce)
		s.Count()
		got := s.Authorization(test.user, test.password, "GET", test.uri)
		if want := ` response="` + test.want + `"`; !strings.Contains(got, want) {
			t.Errorf("%s: got %s; want%s", test.name, got, want)
		}
	}
}

// TestAuthorization is about the rest of the field.
func TestAuthorization(t *testing.T) {
	for _, test := range []struct{ name, challenge, user, want string }{
		{"whole", mufasaMD5, "Mufasa",
			`Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/x?y=\"z\"", ` +
				`cnonce="c", nc=00000002, qop=auth, response="*", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=MD5`},
		{"without qop, opaque and algorithm", `Digest realm="", nonce=n`, `a\"b`,
			`Digest username="a\\\"b", realm="", nonce="n", uri="/x?y=\"z\"", response="*"`},
		{"a hashed name, and an algorithm as the server spells it", `digest REALM="http-auth@example.org",nonce="n",algorithm=md5,userhash=TRUE,qop=auth`, "Mufasa",
			`Digest username="4238f3a16167373febb9bc4d43db9cc4", realm="http-auth@example.org", nonce="n", uri="/x?y=\"z\"", ` +
				`cnonce="c", nc=00000002, qop=auth, response="*", algorithm=md5, userhash=true`},
	} {
		s := choose(t, test.challenge).Begin("c")
		s.Count()
		s.Count()
		got := s.Authorization(test.user, "p", "GET", `/x?y="z"`)
		before, after, _ := strings.Cut(got, `response="`)
		_, after, _ = strings.Cut(after, `"`)
		if got = before + `response="*"` + after; got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// TestSessionGoesOn: with which challenges, and with what Authentication-Info,
// the numbers of a session begin anew.
func TestSessionGoesOn(t *testing.T) {
	s := choose(t, `Digest realm="r", nonce="n", qop="auth"`).Begin("c")
	for _, test := range []struct {
		challenge string
		want      bool
	}{
		{`Digest realm="r", nonce="n", qop="auth"`, true},
		{`Digest qop=auth,nonce=n,realm=r,stale=false`, true},
		{`Digest realm="r", nonce="n", qop="auth", stale=true`, false},
		{`Digest realm="r", nonce="m", qop="auth"`, false},
		{`Digest realm="q", nonce="n", qop="auth"`, false},
		{`Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256`, false},
	} {
		if got := s.Goes(choose(t, test.challenge)); got != test.want {
			t.Errorf("%s: got %v; want %v", test.challenge, got, test.want)
		}
	}
	s.Count()
	s.Count()
	number := func(want string) {
		t.Helper()
		if got := s.Authorization("u", "p", "GET", "/"); !strings.Contains(got, want) {
			t.Errorf("got %s; want %s", got, want)
		}
	}
	number(`nonce="n", uri="/", cnonce="c", nc=00000002,`)
	s.Follow(`rspauth="x", nextnonce="n", qop=auth`)
	number(`nonce="n", uri="/", cnonce="c", nc=00000002,`)
	s.Follow(``)
	s.Follow(`nextnonce`)
	number(`nonce="n",`)
	s.Follow(`qop=auth, NextNonce="m"`)
	s.Count()
	number(`nonce="m", uri="/", cnonce="c", nc=00000001,`)
}
