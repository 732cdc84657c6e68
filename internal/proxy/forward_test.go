package proxy

import (
	"testing"

	"github.com/qqloop/qqloop/httpwire"
)

func TestForward(t *testing.T) {
	shared := append(make(httpwire.Header, 0, 8), httpwire.Field{Name: "Accept", Value: "*/*"})
	for _, tt := range []struct {
		name, proxy string
		request     httpwire.Request
		want        string
	}{
		{"a path", "p", httpwire.Request{Target: "/x?y", Host: "a.example:81", Header: shared},
			"GET http://a.example:81/x?y HTTP/1.1\r\nHost: a.example:81\r\nAccept: */*\r\n\r\n"},
		{"no path", "p", httpwire.Request{Host: "a.example:81"},
			"GET http://a.example:81/ HTTP/1.1\r\nHost: a.example:81\r\n\r\n"},
		{"another host field", "p", httpwire.Request{Target: "/", Host: "b.example"},
			"GET http://a.example:81/ HTTP/1.1\r\nHost: b.example\r\n\r\n"},
		{"the server as a whole", "p", httpwire.Request{Method: "OPTIONS", Target: "*", Host: "a.example:81"},
			"OPTIONS http://a.example:81 HTTP/1.1\r\nHost: a.example:81\r\n\r\n"},
		{"absolute already", "p", httpwire.Request{Target: "http://c.example/", Host: "c.example"},
			"GET http://c.example/ HTTP/1.1\r\nHost: c.example\r\n\r\n"},
		{"credentials", "user:pass@p", httpwire.Request{Target: "/", Host: "a.example:81", Header: shared},
			"GET http://a.example:81/ HTTP/1.1\r\nHost: a.example:81\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\nAccept: */*\r\n\r\n"},
		{"the caller's credentials", "user:pass@p", httpwire.Request{Target: "/", Host: "a.example:81", Header: httpwire.Header{{Name: "proxy-authorization", Value: "x"}}},
			"GET http://a.example:81/ HTTP/1.1\r\nHost: a.example:81\r\nproxy-authorization: x\r\n\r\n"},
	} {
		p, err := Parse(tt.proxy)
		if err != nil {
			t.Fatal(err)
		}
		p.Forward(&tt.request, "a.example:81")
		if got, err := tt.request.AppendTo(nil); err != nil || string(got) != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	if spare := shared[:2][1]; spare != (httpwire.Field{}) {
		t.Errorf("the caller's array holds %q now", spare)
	}
}

func TestForwards(t *testing.T) {
	for raw, want := range map[string]bool{"http://p": true, "socks5://p": false, "socks5h://p": false} {
		if p, err := Parse(raw); err != nil || p.Forwards() != want {
			t.Errorf("%s: got %v, %v; want %v", raw, p.Forwards(), err, want)
		}
	}
}
