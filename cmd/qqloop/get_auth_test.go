package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// startRecorder starts a recorder that ends with the test, and keeps proxies out.
func startRecorder(t *testing.T) *recorder {
	t.Helper()
	t.Setenv("no_proxy", "*")
	r, err := newRecorder(newCompareTLS(t))
	check(t, err)
	t.Cleanup(r.close)
	return r
}

// get runs qqloop get, and returns its status and what it said.
func get(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, said strings.Builder
	status = run(t.Context(), append([]string{"get"}, args...), strings.NewReader(""), &out, &said)
	return status, out.String(), said.String()
}

// TestDigest: the recorder checks each proof by itself, and counts what it was
// asked.
func TestDigest(t *testing.T) {
	r := startRecorder(t)
	for _, test := range []struct {
		args     []string
		want     string
		requests int // 0: it depends
	}{
		{[]string{"--digest", "-u", "me:pw", "/digest"}, "in\n", 2},
		{[]string{"--digest", "-u", "me:pw", "/digest", "/digest?again", "/digest"}, "in\nin\nin\n", 4},
		{[]string{"--digest", "-u", "me:pw", "/digest/SHA-256-sess", "/digest/SHA-256-sess"}, "in\nin\n", 3},
		{[]string{"--digest", "-u", "me:pw", "/digest/old"}, "in\n", 2},
		{[]string{"--digest", "-u", "me:pw", "/digest/hash"}, "in\n", 2},
		{[]string{"--digest", "-u", "me:pw", "/digest/stale"}, "in\n", 3},
		{[]string{"--digest", "-u", "me:pw", "-d", "x", "/digest"}, "in\n", 2},
		{[]string{"--digest", "-u", "me:pw", "-Z", "/digest", "/digest", "/digest", "/digest"}, "in\nin\nin\nin\n", 0}, // who comes late need not ask
		{[]string{"--anyauth", "-u", "me:pw", "/digest/both"}, "in\n", 2},
		{[]string{"--digest", "-u", "me:guess", "/digest"}, "out\n", 2},
		{[]string{"-u", "me:pw", "/digest"}, "out\n", 1},
	} {
		r.reset()
		var args []string
		for _, arg := range test.args {
			if strings.HasPrefix(arg, "/") {
				arg = "http://" + r.addr() + arg
			}
			args = append(args, arg)
		}
		status, stdout, stderr := get(t, args...)
		if status != exitDone || stdout != test.want || test.requests > 0 && len(r.requests()) != test.requests {
			t.Errorf("%q: got status %d, %q, %q after %d requests; want 0, %q after %d",
				test.args, status, stdout, stderr, len(r.requests()), test.want, test.requests)
		}
	}
}

// TestCredentialsStayAtHome: the other origin gets none, whatever they are.
func TestCredentialsStayAtHome(t *testing.T) {
	r := startRecorder(t)
	for _, args := range [][]string{{"-u", "me:pw"}, {"--digest", "-u", "me:pw"}, {"--anyauth", "-u", "me:pw"}, {"-H", "Authorization: Bearer x"}} {
		r.reset()
		url := fmt.Sprintf("http://%s/to?http://other.example:%s/digest/both", r.addr(), r.port())
		get(t, append(args, "-L", "--resolve", "other.example:"+r.port()+":127.0.0.1", url)...)
		all := r.requests()
		if len(all) != 2 || !strings.Contains(all[1], "Host: other.example") || strings.Contains(all[1], "Authorization") {
			t.Errorf("%q: got %q; want two, the second without credentials", args, all)
		}
	}
}

// TestPasswordIsNotGuessed: where nobody can be asked for it.
func TestPasswordIsNotGuessed(t *testing.T) {
	code := run(t.Context(), []string{"get", "-u", "me", "http://127.0.0.1:1/"}, strings.NewReader(""), io.Discard, io.Discard)
	if code != exitUsage {
		t.Errorf("got status %d; want %d", code, exitUsage)
	}
}
