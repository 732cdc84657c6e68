package sched_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// loginReplies logs the WebQQ client in on the emulator, has it hear and
// answer a message, and returns what the emulator said, reply by reply.
func loginReplies(t *testing.T) [][]byte {
	t.Helper()
	server, err := emulator.Start(emulator.New(emulator.DefaultScene(), emulator.Options{}), emulator.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	tap := newTap(t, server.HTTPAddr())
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	jar, _ := cookiejar.New(nil)
	at := netip.MustParseAddrPort(tap.addr())
	s := sched.New(l, sched.Options{Jar: jar, Resolve: func(string, string) (netip.AddrPort, bool) { return at, true }})
	var client *webqq.Client
	client, err = webqq.New(s, webqq.Options{
		Jar: jar, Plain: true, QRPoll: time.Millisecond, Pacing: -1, QRCode: func([]byte) {},
		OnState: func(c webqq.Change) {
			if c.State == webqq.Online {
				if err := server.Command("say friend 20002 hello"); err != nil {
					t.Error(err)
				}
			}
		},
		OnMessage: func(m webqq.Message) {
			client.SendFriend(m.Sender, "re: hello", func(err error) {
				if err != nil {
					t.Error(err)
				}
				client.Logout(func(error) { l.Stop() })
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	client.Start(func(error) {})
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	replies := tap.replies(t)
	var paths []string
	for _, r := range replies {
		line, _, _ := strings.Cut(string(r), "\r\n")
		paths = append(paths, fmt.Sprintf("%s, %d bytes", line, len(r)))
	}
	if len(replies) < 10 {
		t.Fatalf("a login has only these replies: %q", paths)
	}
	return replies
}

// A tap is a relay that keeps what the server says.
type tap struct {
	listener net.Listener
	running  sync.WaitGroup
	mu       sync.Mutex
	said     []*bytes.Buffer
}

func newTap(t *testing.T, target string) *tap {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{listener: l}
	p.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.relay(c, target) })
		}
	})
	return p
}

func (p *tap) addr() string { return p.listener.Addr().String() }

func (p *tap) relay(c net.Conn, target string) {
	defer c.Close()
	server, err := net.Dial("tcp4", target)
	if err != nil {
		return
	}
	said := new(bytes.Buffer)
	p.mu.Lock()
	p.said = append(p.said, said)
	p.mu.Unlock()
	p.running.Go(func() {
		io.Copy(server, c)
		server.Close()
	})
	io.Copy(io.MultiWriter(&tapped{p, said}, c), server)
}

// tapped notes what the server says, before the client has it.
type tapped struct {
	*tap
	said *bytes.Buffer
}

func (w *tapped) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(b)
}

// replies waits until all connections have ended.
func (p *tap) replies(t *testing.T) (all [][]byte) {
	p.listener.Close()
	p.running.Wait()
	for _, said := range p.said {
		text := said.Bytes()
		for rest := text; len(rest) > 0; {
			whole := bytes.NewReader(rest)
			in := bufio.NewReader(whole)
			r, err := http.ReadResponse(in, nil)
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
			}
			if err != nil {
				break // the poll that was cut in the end
			}
			n := len(rest) - whole.Len() - in.Buffered()
			all = append(all, rest[:n])
			rest = rest[n:]
		}
	}
	return all
}
