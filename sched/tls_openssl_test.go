package sched_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/sched"
)

func TestOpenSSL(t *testing.T) {
	id := testIdentity()
	withCert := &tls.Config{Certificates: []tls.Certificate{id.cert}}
	for _, c := range []struct {
		name   string
		args   []string
		config *tls.Config
		body   string // is in the body
		want   string // ends the error
	}{
		{"1.2", []string{"-tls1_2", "-www"}, nil, "New, TLSv1.2, Cipher is ECDHE-ECDSA", ""},
		{"1.3", []string{"-tls1_3", "-www"}, nil, "New, TLSv1.3, Cipher is TLS_AES", ""},
		{"1.3, small records", []string{"-tls1_3", "-www", "-max_send_frag", "512", "-split_send_frag", "512"}, nil, "New, TLSv1.3", ""},
		{"1.3, padded records", []string{"-tls1_3", "-www", "-record_padding", "1024"}, nil, "New, TLSv1.3", ""},
		{"1.3, another group first", []string{"-tls1_3", "-www", "-groups", "P-521"}, nil, "New, TLSv1.3", ""},
		{"1.3, 16 tickets", []string{"-tls1_3", "-www", "-num_tickets", "16"}, nil, "New, TLSv1.3", ""},
		// crypto/tls reads 16 records on end that bring no data, and no more.
		{"1.3, 20 tickets", []string{"-tls1_3", "-www", "-num_tickets", "20"}, nil, "", "too many non-advancing records"},
		{"1.1", []string{"-tls1_1", "-cipher", "ALL@SECLEVEL=0", "-www"}, nil, "", "the server refused: protocol version not supported"},
		{"another protocol", []string{"-alpn", "irc", "-www"}, nil, "", "the server refused: no application protocol"},
		{"our protocol", []string{"-alpn", "http/1.1", "-www"}, nil, "TLSv1.3", ""},
		{"wants a certificate, 1.2", []string{"-tls1_2", "-Verify", "1", "-www"}, nil, "", "the server refused: handshake failure"},
		{"wants a certificate, 1.3", []string{"-tls1_3", "-Verify", "1", "-www"}, nil, "", "the server refused: certificate required"},
		{"gets one, 1.2", []string{"-tls1_2", "-Verify", "1", "-www"}, withCert, "TLSv1.2", ""},
		{"gets one, 1.3", []string{"-tls1_3", "-Verify", "1", "-www"}, withCert, "TLSv1.3", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startOpenSSL(t, c.args...)
			v := newReal(t, trusting(sched.Options{TLS: c.config.Clone()}))
			o := v.fetch(sched.Get("https://" + s.at + "/"))
			if c.want == "" {
				if o.err != nil || o.status != 200 || !strings.Contains(o.body, c.body) {
					t.Errorf("got %v; want 200 with %q", o, c.body)
				}
				return
			}
			if o.kind != sched.TLS || !strings.HasSuffix(o.err.Error(), c.want) {
				t.Errorf("got %v; want tls: %s", o, c.want)
			}
		})
	}
}

func TestOpenSSLResumption(t *testing.T) {
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			s := startOpenSSL(t, version, "-www")
			v := newReal(t, trusting(sched.Options{}))
			for _, want := range []string{"New, ", "Reused, ", "Reused, "} {
				o := v.fetch(sched.Get("https://" + s.at + "/"))
				if o.err != nil || !strings.Contains(o.body, want+"TLSv1.") {
					t.Errorf("got %v; want %q", o, want)
				}
			}
		})
	}
}

// The keys change while the connection is idle, between the halves of a body,
// and before a request that is not replayable, with and without a wish for ours
// to change too. Only another TLS can ask for it: Go's server cannot.
func TestOpenSSLKeyUpdate(t *testing.T) {
	s := startOpenSSL(t, "-tls1_3", "-num_tickets", "0")
	r := newRelay(t, s.at, 4096)
	v := newReal(t, trusting(sched.Options{}))
	update := func(letter string) {
		r.drain()
		s.say(letter + "\n")
		passed(t, r.down)
		if letter == "K" {
			passed(t, r.up) // our answer: reading has something to say
		}
	}
	for i, c := range []struct{ idle, before, within string }{
		{"", "", ""}, {"K", "", ""}, {"k", "", ""}, {"KkKKk", "", ""}, {"", "K", ""}, {"", "", "K"}, {"K", "kK", "Kk"},
	} {
		served, idle := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(served)
			for _, letter := range c.idle {
				// The loop runs: a readback of the last request has returned.
				update(string(letter))
			}
			close(idle)
			s.expect(fmt.Sprintf("POST /%d ", i))
			s.expect("body")
			for _, letter := range c.before {
				update(string(letter))
			}
			r.drain()
			s.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHello")
			passed(t, r.down)
			for _, letter := range c.within {
				update(string(letter))
			}
			s.say("World")
		}()
		go func() {
			<-idle
			v.l.AddCallback(v.l.Stop)
		}()
		if err := v.l.Run(); err != nil { // idle, but for KeyUpdates
			t.Fatal(err)
		}
		o := v.fetch(post(fmt.Sprintf("https://%s/%d", r.at, i), "body"))
		<-served
		if o.err != nil || o.body != "HelloWorld" || o.info.Reused != (i > 0) {
			t.Fatalf("request %d, %+v: got %v, reused %v; want HelloWorld on the connection of before", i, c, o, o.info.Reused)
		}
	}
}

// TLS 1.2 can ask for a new handshake on an old connection. We never do that:
// the request fails, and says why.
func TestOpenSSLRenegotiation(t *testing.T) {
	s := startOpenSSL(t, "-tls1_2")
	r := newRelay(t, s.at, 4096)
	v := newReal(t, trusting(sched.Options{}))
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.expect("GET / ")
		s.expect("\r\n\r\n")
		s.say("r\n")
	}()
	o := v.fetch(sched.Get("https://" + r.at + "/"))
	<-served
	if o.kind != sched.TLS || !strings.HasSuffix(o.err.Error(), "no renegotiation") {
		t.Errorf("got %v; want tls: no renegotiation", o)
	}
}
