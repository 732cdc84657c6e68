package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

func TestParseTarget(t *testing.T) {
	for _, test := range []struct{ given, host, path, user, effective string }{
		{"http://a.example/x?y", "a.example", "/x?y", "", "http://a.example/x?y"},
		{"a.example", "a.example", "/", "", "http://a.example/"},
		{"a.example:8080/x", "a.example:8080", "/x", "", "http://a.example:8080/x"},
		{"https://a.example/x", "a.example", "/x", "", "https://a.example/x"},
		{"HTTPS://a.example/x", "a.example", "/x", "", "https://a.example/x"},
		{"HTTP://a.example/", "a.example", "/", "", "http://a.example/"},
		{"http://a.example?q", "a.example", "/?q", "", "http://a.example/?q"},
		{"http://a.example#f", "a.example", "/", "", "http://a.example/"},
		{"http://a.example/a/../b//c;d=%41%zz?x=%", "a.example", "/a/../b//c;d=%41%zz?x=%", "", "http://a.example/a/../b//c;d=%41%zz?x=%"},
		{"http://a.example/中文", "a.example", "/中文", "", "http://a.example/中文"},
		{"a.example/?u=http://b.example/", "a.example", "/?u=http://b.example/", "", "http://a.example/?u=http://b.example/"},
		{"http://[::1]:80/", "[::1]:80", "/", "", "http://[::1]:80/"},
		{"http://user:p%20w@a.example/", "a.example", "/", "user:p%20w", "http://a.example/"},
		{"http://user@a.example/", "a.example", "/", "user", "http://a.example/"},
	} {
		got, err := parseTarget(test.given)
		if err != nil {
			t.Errorf("%q: %v", test.given, err)
			continue
		}
		if got.url.Host != test.host || got.path != test.path || got.user.String() != test.user || got.effective() != test.effective {
			t.Errorf("%q: got %q %q %q %q; want %q %q %q %q", test.given,
				got.url.Host, got.path, got.user, got.effective(), test.host, test.path, test.user, test.effective)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for given, want := range map[string]string{
		"ftp://a.example/":          `the scheme "ftp" is not spoken: the URL must begin with http:// or https://`,
		"http://":                   "the URL names no host",
		"":                          "the URL names no host",
		"http:///x":                 "the URL names no host",
		"http://a.example/a b":      "the path holds ' ': write it as %20",
		"http://a.example/a\nb":     `the path holds '\n': write it as %0A`,
		"http://a.example:port/":    `invalid port ":port" after host`,
		"http://a b.example/":       `invalid character " " in host name`,
		"http://a.example\r\nX: y/": "net/url: invalid control character in URL",
	} {
		got, err := parseTarget(given)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v; want %q", given, err, want)
		}
		if got.effective() != given {
			t.Errorf("%q: got effective %q; want it as given", given, got.effective())
		}
	}
}

func TestHeaderEdits(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"none", nil, "User-Agent: x|Accept: */*|Last: z"},
		{"add", []string{"A: 1", "a:2"}, "User-Agent: x|Accept: */*|A: 1|a: 2|Last: z"},
		{"replace", []string{"user-agent: y"}, "Accept: */*|user-agent: y|Last: z"},
		{"twice", []string{"Accept: a", "Accept: b"}, "User-Agent: x|Accept: a|Accept: b|Last: z"},
		{"replace what stands behind", []string{"LAST: a", "B: b"}, "User-Agent: x|Accept: */*|LAST: a|B: b"},
		{"remove", []string{"User-Agent:", "Accept: ", "Last:"}, ""},
		{"remove what is not there", []string{"B:"}, "User-Agent: x|Accept: */*|Last: z"},
		{"empty", []string{"Accept;", "B;"}, "User-Agent: x|Accept: |B: |Last: z"},
		{"set and remove", []string{"Accept: a", "Accept:"}, "User-Agent: x|Accept: a|Last: z"},
		{"a value with colons", []string{"A: b:c; d"}, "User-Agent: x|Accept: */*|A: b:c; d|Last: z"},
	} {
		edits, err := parseHeaders(test.args, strings.NewReader(""))
		check(t, err)
		h := apply(httpwire.Header{{Name: "User-Agent", Value: "x"}, {Name: "Accept", Value: "*/*"}}, edits, httpwire.Header{{Name: "Last", Value: "z"}})
		var got []string
		for _, f := range h {
			got = append(got, f.Name+": "+f.Value)
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s: got %q; want %q", test.name, got, test.want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "2": 2 * time.Second, "2.5": 2500 * time.Millisecond, ".05": 50 * time.Millisecond, "1500ms": 1500 * time.Millisecond, "1m": time.Minute,
	} {
		var s seconds
		if err := s.UnmarshalText([]byte(text)); err != nil || time.Duration(s) != want {
			t.Errorf("%q: got %v, %v; want %v", text, time.Duration(s), err, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "-1s", "NaN", "Inf", "1e300"} {
		var s seconds
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v; want an error", text, time.Duration(s))
		}
	}
}

// TestRecordOfError holds the JSON against the contract, member by member;
// what a whole response looks like is in testdata/script/get-ndjson.txtar.
func TestRecordOfError(t *testing.T) {
	target, err := parseTarget("http://a.example/x")
	check(t, err)
	failure := &sched.Error{
		Kind: sched.Reset, Phase: sched.PhaseBody, Method: "GET", URL: "http://a.example/x",
		Info: sched.Info{
			Remote: netip.MustParseAddrPort("203.0.113.7:80"), Reused: true, Attempts: 2,
			Timing: sched.Timing{Queue: -1, Resolve: 0, Connect: 1500 * time.Microsecond, TLS: 2 * time.Millisecond, FirstByte: time.Second, Total: 2 * time.Second},
		},
		Addr: "203.0.113.7:80",
		Err:  errors.New("connection reset by peer"),
	}
	resp := &sched.Response{Proto: "HTTP/1.1", Status: 200, Body: []byte{0xff, 0}}
	line, err := newRecord(&result{target: target, method: "GET", effective: target.effective(), resp: resp, err: failure}).line()
	check(t, err)
	want := `{"url":"http://a.example/x","effective_url":"http://a.example/x","method":"GET","status":200,"proto":"HTTP/1.1",` +
		`"header":{},"trailer":{},"body_base64":"/wA=","body_size":2,"remote":"203.0.113.7:80","reused":true,"attempts":2,` +
		`"timing_ms":{"queue":null,"resolve":0,"connect":1.5,"tls":2,"first_byte":1000,"total":2000},` +
		`"error":{"kind":"reset","phase":"body","message":"GET http://a.example/x: body 203.0.113.7:80: connection reset by peer"}}` + "\n"
	if string(line) != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

// TestConnectTimeoutSpansTLS: a server that accepts and says nothing uses up
// what --connect-timeout gives, and the kind names the phase it fell in.
func TestConnectTimeoutSpansTLS(t *testing.T) {
	t.Setenv("no_proxy", "*")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer silent.Close()
	var stdout strings.Builder
	args := []string{"get", "--ndjson", "--connect-timeout", "0.05", "https://" + silent.Addr().String()}
	code := run(t.Context(), args, strings.NewReader(""), &stdout, io.Discard)
	if want := `"error":{"kind":"tls_timeout","phase":"tls",`; code != exitFailed || !strings.Contains(stdout.String(), want) {
		t.Errorf("got status %d and %s; want %d and %s", code, stdout.String(), exitFailed, want)
	}
}

// TestFieldMapKeepsBytes: every byte of a value comes back out of the JSON.
func TestFieldMapKeepsBytes(t *testing.T) {
	var value []byte
	for b := 0x20; b < 0x100; b++ {
		if b != 0x7f {
			value = append(value, byte(b))
		}
	}
	value = value[1:] // a blank at the start would not be the value's
	var p httpwire.Parser
	p.Expect("GET")
	p.Feed(fmt.Appendf(nil, "HTTP/1.1 204 x\r\nA: %s\r\nB: 1\r\na: 2\r\n\r\n", value))
	event, err := p.NextEvent()
	check(t, err)
	text, err := json.Marshal(newFieldMap(event.Head.Fields))
	check(t, err)
	var back map[string][]string
	check(t, json.Unmarshal(text, &back))
	if len(back["A"]) != 2 || len(back["B"]) != 1 {
		t.Fatalf("got %s; want A twice under its first spelling, and B", text)
	}
	var got []byte
	for _, r := range back["A"][0] {
		got = append(got, byte(r))
	}
	if string(got) != string(value) {
		t.Errorf("got %q; want %q", got, value)
	}
	if !strings.HasPrefix(string(text), `{"A":`) {
		t.Errorf("got %s; want the order of the wire", text)
	}
}

func TestBrokeProtocol(t *testing.T) {
	for kind, want := range map[sched.Kind]bool{
		sched.EmptyReply: true, sched.TruncatedHead: true, sched.TruncatedBody: true, sched.MalformedHead: true,
		sched.MalformedBody: true, sched.HeadTooLarge: true, sched.BodyTooLarge: true,
		sched.Reset: false, sched.Connect: false, sched.TotalTimeout: false, sched.InvalidRequest: false, sched.Cancelled: false,
	} {
		if got := brokeProtocol(kind); got != want {
			t.Errorf("%s: got %v; want %v", kind, got, want)
		}
	}
}
