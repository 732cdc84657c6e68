package webqq

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http/cookiejar"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// The same over real sockets, in both eras, with TLS and without: what the
// simulator has too kindly simulated would show here.
func TestRealSockets(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, test := range []struct {
		name  string
		era   Era
		https string // where the emulator listens for TLS; "" is nowhere
	}{
		{"smartqq", SmartQQ, "127.0.0.1:0"},
		{"webqq", Classic, "127.0.0.1:0"},
		{"smartqq, plain", SmartQQ, ""},
		{"webqq, plain", Classic, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := loop.New(loop.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			answered := false
			server, err := emulator.Start(emulator.New(emulator.DefaultScene(), emulator.Options{}), emulator.ServerOptions{
				HTTPS: test.https,
				OnEvent: func(e emulator.Event) {
					if send, ok := e.(emulator.Send); ok && send.Text == "re: hello" {
						l.AddCallback(func() { answered = true })
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(server.CA())
			ports := map[string]int{}
			jar, _ := cookiejar.New(nil)
			stream := sched.New(l, sched.Options{
				Jar: jar,
				TLS: &tls.Config{RootCAs: roots},
				Resolve: func(_, port string) (netip.AddrPort, bool) {
					ports[port]++
					at := server.HTTPAddr()
					if port == "443" {
						at = server.HTTPSAddr()
					}
					return netip.MustParseAddrPort(at), true
				},
			})
			defer stream.Close()

			var client *Client
			o := Options{
				Jar: jar, Era: test.era, Plain: test.https == "", QRPoll: time.Millisecond, Pacing: -1,
				QRCode: func([]byte) {},
				OnState: func(s Change) {
					if s.State == Online {
						if err := server.Command("say friend 20002 hello"); err != nil {
							t.Error(err)
						}
					}
				},
				OnMessage: func(m Message) {
					client.SendFriend(m.Sender, "re: "+m.Text(), func(err error) {
						if err != nil {
							t.Error(err)
						}
						client.Logout(func(err error) {
							if err != nil {
								t.Error(err)
							}
							l.Stop()
						})
					})
				},
			}
			if test.era == Classic {
				classic(&o)
			}
			if client, err = New(stream, o); err != nil {
				t.Fatal(err)
			}
			stopped := fmt.Errorf("never")
			client.Start(func(err error) { stopped = err })
			l.CallLater(20*time.Second, l.Stop)
			if err := l.Run(); err != nil {
				t.Fatal(err)
			}
			if !answered || stopped != nil {
				t.Errorf("got answered %v, stopped %v; want true, nil", answered, stopped)
			}
			if ports["80"] == 0 || (ports["443"] > 0) != (test.https != "") {
				t.Errorf("got connections to ports %v; want 80, and 443 only if there is TLS", ports)
			}
		})
	}
}
