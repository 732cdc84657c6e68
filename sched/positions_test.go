package sched_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/internal/faultproxy"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// Every position of the replies of a login, of a poll, of a chunked reply and of
// one with a length, cut by FIN, by RST and by silence, on real sockets: the
// kind that the contract names, one completion, nothing left open.
func TestEveryPosition(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	replies := loginReplies(t)
	replies = append(replies,
		[]byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz"),
		[]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+
			"5\r\nhello\r\n1a;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 1\r\n\r\n"),
		[]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
	)
	var trials []trial
	stride := positionStride(t)
	for i, reply := range replies {
		first := 0 // where the final response begins
		body := bytes.Index(reply, []byte("\r\n\r\n")) + 4
		if bytes.HasPrefix(reply, []byte("HTTP/1.1 1")) {
			first = body
			body += bytes.Index(reply[body:], []byte("\r\n\r\n")) + 4
		}
		for at := 0; at < len(reply); at += stride {
			want := sched.TruncatedHead
			switch {
			case at == 0:
				want = sched.EmptyReply
			case at >= body:
				want = sched.TruncatedBody
			}
			silent := sched.StallTimeout
			if at == 0 || at == first {
				silent = sched.FirstByteTimeout
			}
			path := fmt.Sprintf("/%d", i)
			trials = append(trials,
				trial{path, int64(at), faultproxy.FIN, want},
				trial{path, int64(at), faultproxy.RST, sched.Reset},
				trial{path, int64(at), faultproxy.Silence, silent})
		}
	}
	sockets := openSockets()
	server, stop := cannedServer(t, replies, nil)
	got := tryAll(t, server, trials, nil)
	for i, tr := range trials {
		if got[i] != tr.want {
			t.Errorf("reply %s cut at %d by %v: got %q; want %q", tr.path, tr.at, tr.action, got[i], tr.want)
		}
	}
	stop()
	if n := openSockets(); n > sockets {
		t.Errorf("%d sockets are open; before it were %d", n, sockets)
	}
	t.Logf("%d positions of %d replies, each cut by FIN, RST and silence", len(trials)/3, len(replies))
}

// Every position of what a TLS server says, from the first byte of its hello to
// the last of the encrypted reply. Where the handshake ends is not for the test
// to know; but it is one place for all cuts.
func TestEveryPositionOfTLS(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	config, roots := plainCertificate(t)
	reply := []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	sockets := openSockets()
	server, stop := cannedServer(t, [][]byte{reply}, config)
	total := measureReply(t, server, roots)
	stride := positionStride(t)
	trust := &tls.Config{RootCAs: roots, ServerName: "a.example"}
	hand := -1 // the first position behind the handshake
	positions := 0
	for _, c := range []struct {
		action        faultproxy.Action
		broken, after sched.Kind
	}{
		{faultproxy.FIN, sched.TLS, sched.EmptyReply},
		{faultproxy.RST, sched.TLS, sched.Reset},
		{faultproxy.Silence, sched.TLSTimeout, sched.FirstByteTimeout},
	} {
		var trials []trial
		for at := 0; at < total; at += stride {
			tr := trial{"/0", int64(at), c.action, c.after}
			if at < hand {
				tr.want = c.broken
			}
			trials = append(trials, tr)
		}
		positions = len(trials)
		for i, kind := range tryAll(t, server, trials, trust) {
			if hand < 0 && kind == c.after { // the first cut, FIN, finds it
				hand = int(trials[i].at)
			}
			want := c.broken
			if hand >= 0 && int(trials[i].at) >= hand {
				want = c.after
			}
			if kind != want {
				t.Errorf("cut at %d by %v: got %q; want %q", trials[i].at, c.action, kind, want)
			}
		}
	}
	if hand < total/2 {
		t.Errorf("the handshake ended at %d of %d bytes", hand, total)
	}
	stop()
	if n := openSockets(); n > sockets {
		t.Errorf("%d sockets are open; before it were %d", n, sockets)
	}
	t.Logf("%d positions of a TLS connection, each cut by FIN, RST and silence; the first %d are the handshake's", positions, hand)
}

// positionStride is how far apart the positions are that are tried. They are all
// tried with QQLOOP_POSITIONS=all in the environment, which takes a minute.
func positionStride(t *testing.T) int {
	stride := 7
	switch {
	case os.Getenv("QQLOOP_POSITIONS") == "all":
		return 1
	case raceDetector || testing.Short():
		stride = 41
	}
	t.Logf("each %dth position only, to save time; all of them with QQLOOP_POSITIONS=all", stride)
	return stride
}

// A trial is one request whose reply is cut.
type trial struct {
	path   string
	at     int64
	action faultproxy.Action
	want   sched.Kind
}

// lanes is how many trials run at once, each through a proxy of its own.
const lanes = 200

// tryAll makes all the trials on one loop and returns how each ended. A lane is
// a chain: each readback returns the request of the next trial.
func tryAll(t *testing.T, server string, trials []trial, config *tls.Config) []sched.Kind {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const soon = 250 * time.Millisecond
	s := sched.New(l, sched.Options{IdleTimeout: -1, TLS: config, Timeouts: sched.Timeouts{Connect: time.Minute, Stall: soon}})
	got, calls := make([]sched.Kind, len(trials)), make([]int, len(trials))
	left := 0
	for lane := range min(lanes, len(trials)) {
		now := lane
		var mu sync.Mutex // between the loop and the proxy's goroutine
		proxy, err := faultproxy.Listen(server, func(int) []faultproxy.Fault {
			mu.Lock()
			defer mu.Unlock()
			return []faultproxy.Fault{{At: trials[now].at, Action: trials[now].action}}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		scheme := "http://"
		if config != nil {
			scheme = "https://"
		}
		var next func(i int) sched.Next
		next = func(i int) sched.Next {
			mu.Lock()
			now = i
			mu.Unlock()
			tr := trials[i]
			r := sched.Get(scheme + proxy.Addr() + tr.path)
			// Only a deadline that is to pass is short: a busy machine must not
			// make another one pass before it.
			r.Timeouts.FirstByte = time.Minute
			switch tr.want {
			case sched.FirstByteTimeout:
				r.Timeouts.FirstByte = soon
			case sched.TLSTimeout:
				r.Timeouts.TLS = soon
			}
			return sched.Next{Request: r, Readback: func(_ *sched.Response, err error) sched.Next {
				calls[i]++
				if failed, ok := errors.AsType[*sched.Error](err); ok {
					got[i] = failed.Kind
				}
				if i += lanes; i < len(trials) {
					return next(i)
				}
				if left--; left == 0 {
					l.Stop()
				}
				return sched.Next{}
			}}
		}
		left++
		first := next(lane)
		s.Add(first.Request, first.Readback)
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	for i, n := range calls {
		if n != 1 {
			t.Errorf("%+v was completed %d times", trials[i], n)
		}
	}
	if st := s.Stats(); st != (sched.Stats{}) {
		t.Errorf("when all has ended there are %+v", st)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return got
}

// cannedServer answers GET /N with replies[N], and keeps the connection until
// the client has closed it. Once stop has returned, no socket of it is left.
func cannedServer(t *testing.T, replies [][]byte, config *tls.Config) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					var n int
					fmt.Sscanf(r.URL.Path, "/%d", &n)
					if _, err := c.Write(replies[n]); err != nil {
						return
					}
				}
			})
		}
	})
	stop = func() {
		l.Close()
		running.Wait()
	}
	t.Cleanup(stop)
	return at, stop
}

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

// plainCertificate returns a server's configuration whose messages have the
// same length each time: an Ed25519 signature has 64 bytes.
func plainCertificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a.example"}, DNSNames: []string{"a.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	// A session that is resumed has a shorter handshake.
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, SessionTicketsDisabled: true}, roots
}

// measureReply returns how many bytes the server says until its reply is whole.
func measureReply(t *testing.T, server string, roots *x509.CertPool) int {
	t.Helper()
	p := newTap(t, server)
	c, err := tls.Dial("tcp4", p.addr(), &tls.Config{RootCAs: roots, ServerName: "a.example", NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET /0 HTTP/1.1\r\nHost: a.example\r\n\r\n")
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, r.Body)
	p.mu.Lock()
	n := p.said[0].Len()
	p.mu.Unlock()
	c.Close()
	p.listener.Close()
	p.running.Wait()
	return n
}
