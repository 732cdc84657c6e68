package main

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// wholeResult is a result with something of everything.
func wholeResult(t *testing.T) *result {
	t.Helper()
	target, err := parseTarget("http://a.example/x")
	check(t, err)
	var p httpwire.Parser
	p.Expect("GET")
	p.Feed([]byte("HTTP/1.1 302 Found\r\nContent-Type: text/plain\r\nLocation: ../y\r\nContent-Length: 2\r\n\r\nok"))
	event, err := p.NextEvent()
	check(t, err)
	u, err := url.Parse("https://b.example/p/q")
	check(t, err)
	return &result{
		index: 3, target: target, method: "GET", effective: u.String(), sent: 7, redirects: 2, heads: []byte("12345"), file: "f",
		resp: &sched.Response{
			Request: &sched.Request{URL: u}, Proto: "HTTP/1.1", Status: 302, Reason: []byte("Found"),
			Header: event.Head.Fields, Body: []byte("ok"),
			Info: sched.Info{
				Remote: netip.MustParseAddrPort("203.0.113.7:443"), Attempts: 1,
				Timing: sched.Timing{
					Queue: -1, Resolve: time.Millisecond, Connect: 2 * time.Millisecond, TLS: 4 * time.Millisecond,
					FirstByte: 8 * time.Millisecond, Total: 20 * time.Millisecond,
				},
			},
		},
	}
}

func TestWriteOut(t *testing.T) {
	whole := wholeResult(t)
	failed := &result{target: whole.target, method: "GET", effective: "http://a.example/x", err: &sched.Error{
		Kind: sched.EmptyReply, Phase: sched.PhaseFirstByte, Method: "GET", URL: "http://a.example/x",
		Info: sched.Info{Timing: noTiming}, Err: errors.New("no byte came"),
	}}
	for _, test := range []struct {
		format writeOut
		of     *result
		want   string // standard output | standard error
	}{
		{"", whole, "|"},
		{`a%%b\n\r\t\x%q%`, whole, "a%b\n\r\t\\x%q%|"},
		{"%{http_code} %{response_code} %{http_version} %{method} %{scheme}", whole, "302 302 1.1 GET HTTPS|"},
		{"%{url} %{url_effective} %{urlnum} %{num_redirects} %{redirect_url}", whole, "http://a.example/x https://b.example/p/q 3 2 https://b.example/y|"},
		{"%{content_type} %{size_download} %{size_upload} %{num_headers} %{filename_effective}", whole, "text/plain 2 7 3 f|"},
		{"%{remote_ip} %{remote_port} %{ssl_verify_result} %{exitcode} %{errormsg}", whole, "203.0.113.7 443 0 0 |"},
		{"%{time_namelookup} %{time_connect} %{time_appconnect}", whole, "0.001000 0.003000 0.007000|"},
		{"%{time_pretransfer} %{time_starttransfer} %{time_total} %{speed_download}", whole, "0.007000 0.015000 0.020000 100|"},
		{"%header{LOCATION}|%header{none}", whole, "../y||"},
		{"%{size_header}", whole, "88|"},
		{"%{stderr}a%{stdout}b", whole, "b|a"},
		{"a%{onerror}b", whole, "a|"},
		{"%{colour}.", whole, ".|qqloop: -w: there is no variable \"colour\"\n"},
		{"%{http_code", whole, "%{http_code|"},
		{"%header{a", whole, "%header{a|"},
		{"%{http_code} %{http_version} %{exitcode} %{onerror}%{errormsg}", failed, "000 0 3 GET http://a.example/x: first_byte: no byte came|"},
		{"%{remote_ip}%{remote_port} %{time_total} %{time_appconnect} %{redirect_url}%{content_type}", failed, "0 0.000000 0.000000 |"},
	} {
		var stdout, stderr strings.Builder
		test.format.write(test.of, &stdout, &stderr)
		if got := stdout.String() + "|" + stderr.String(); got != test.want {
			t.Errorf("%q: got %q; want %q", test.format, got, test.want)
		}
	}
}
