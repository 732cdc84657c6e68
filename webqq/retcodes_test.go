package webqq

import (
	"errors"
	"fmt"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

func TestRetcodeTable(t *testing.T) {
	seen := make(map[int]bool)
	for _, r := range retcodes {
		if seen[r.code] {
			t.Errorf("code %d stands twice", r.code)
		}
		seen[r.code] = true
		if r.meaning == "" {
			t.Errorf("code %d has no meaning", r.code)
		}
		switch r.poll {
		case quiet, recookie, pause, backOff, announce, relink, relogin:
		default:
			t.Errorf("code %d: a poll has no answer %d", r.code, r.poll)
		}
		switch r.send {
		case proceed, refuse, relink, relogin:
		default:
			t.Errorf("code %d: a send has no answer %d", r.code, r.send)
		}
		switch r.call {
		case proceed, refuse, backOff, giveUp, rehash:
		default:
			t.Errorf("code %d: a call has no answer %d", r.code, r.call)
		}
	}
	// Every code that was ever seen has a row.
	for _, code := range []int{0, 6, 8, 50, 60, 101, 114, 100, 102, 103, 106, 108, 109, 110, 111, 112, 113, 115, 116, 120, 121, 122,
		1202, 100000, 100001, 100002, 100003, 100006, 100012, 100100, 100101} {
		if !seen[code] {
			t.Errorf("code %d has no row", code)
		}
	}
	if got := apiError("poll2", 4711, "").Error(); got != "webqq: poll2: code 4711: unknown" {
		t.Errorf("got %q", got)
	}
}

// A send is repeated only where it cannot have arrived.
func TestSendAction(t *testing.T) {
	network := func(kind sched.Kind, sent bool) error {
		return fmt.Errorf("webqq: send: %w", &sched.Error{Kind: kind, Sent: sent, Err: errors.New("x")})
	}
	for _, tt := range []struct {
		name string
		err  error
		want action
	}{
		{"accepted", nil, proceed},
		{"1202", apiError("send", 1202, ""), proceed},
		{"121", apiError("send", 121, ""), relink},
		{"a code nobody knows", apiError("send", 4711, ""), refuse},
		{"refused connection", network(sched.Connect, false), backOff},
		{"unusable request", network(sched.InvalidRequest, false), refuse},
		{"reset after the request", network(sched.Reset, true), unsure},
		{"no answer", network(sched.FirstByteTimeout, true), unsure},
		{"gateway", &StatusError{"send", 502}, unsure},
		{"not found", &StatusError{"send", 404}, refuse},
		{"a page", badFormat("x", nil), unsure},
	} {
		if got := sendAction(tt.err); got != tt.want {
			t.Errorf("%s: got %d; want %d", tt.name, got, tt.want)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"webqq: login: code 3: wrong password (您输入的帐号或密码不正确，请重新输入。)": loginError("login", ptuiCall{args: []string{"3"}}, "您输入的帐号或密码不正确，请重新输入。"),
		"webqq: ptqrlogin: code -1: unknown":                  loginError("ptqrlogin", ptuiCall{}, ""),
		"webqq: poll2: HTTP 502":                              &StatusError{"poll2", 502},
		`webqq: poll2: the reply is no JSON object: "<html>"`: named("poll2", badFormat("the reply is no JSON object", []byte("<html>"))),
		"webqq: send to group 4001 (1 of 3 pieces were accepted): send: code 6: no such group, or the account is locked": &SendError{Chat: GroupChat(4001), Accepted: 1, Pieces: 3, Err: apiError("send", 6, "")},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}
