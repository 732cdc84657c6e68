package sched_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/freeaddr"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// newReal returns a life on real sockets; its world is nil.
func newReal(t *testing.T, o sched.Options) *life {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := &life{t: t, l: l, s: sched.New(l, o)}
	t.Cleanup(func() {
		v.s.Close()
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return v
}

// wait runs the loop until no chain is left.
func (v *life) wait() {
	v.t.Helper()
	guard := v.l.CallLater(patience, func() { v.t.Error("the test takes too long"); v.l.Stop() })
	defer guard.Stop()
	v.untilQuiet()
}

// see is note for real sockets.
func (v *life) see(o *outcome) sched.Readback {
	return func(resp *sched.Response, err error) sched.Next {
		o.calls++
		if e, ok := errors.AsType[*sched.Error](err); ok {
			o.err, o.kind, o.phase, o.info = e, e.Kind, e.Phase, e.Info
		} else {
			o.status, o.body, o.info = resp.Status, string(resp.Body), resp.Info
		}
		return sched.Next{}
	}
}

// fetch sends a request and waits for the answer.
func (v *life) fetch(r *sched.Request) *outcome {
	v.t.Helper()
	o := &outcome{}
	v.s.Add(r, v.see(o))
	v.wait()
	return o
}

// certFiles writes the certificate of these tests, and its key, for others.
func certFiles(t testing.TB) (cert, key string) {
	t.Helper()
	id, dir := testIdentity(), t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(id.cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: id.cert.Certificate[0]},
		key:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// An opensslServer is openssl s_server: a TLS that is not Go's.
type opensslServer struct {
	t     *testing.T
	at    string
	stdin io.WriteCloser

	mu   sync.Mutex
	said bytes.Buffer
	news chan struct{} // something was said, or it has ended
}

// startOpenSSL starts a server that ends with the test.
func startOpenSSL(t *testing.T, args ...string) *opensslServer {
	t.Helper()
	return startOpenSSLIn(t, "", args...)
}

// startOpenSSLIn is startOpenSSL in a directory.
func startOpenSSLIn(t *testing.T, dir string, args ...string) *opensslServer {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl to talk to:", err)
	}
	cert, key := certFiles(t)
	s := &opensslServer{t: t, at: freeaddr.Get(t), news: make(chan struct{}, 1)}
	cmd := exec.Command(path, append([]string{"s_server", "-accept", s.at, "-cert", cert, "-key", key}, args...)...)
	cmd.Dir = dir
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = s, s
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("openssl says:\n%s", s.said.String())
		}
	})
	s.expect("ACCEPT")
	return s
}

// Write hears what the server says.
func (s *opensslServer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.Write(p)
	select {
	case s.news <- struct{}{}:
	default:
	}
	return len(p), nil
}

// expect waits until the server has said that, and returns what it said since
// the last one.
func (s *opensslServer) expect(what string) string {
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		all := s.said.String()
		if before, _, found := strings.Cut(all, what); found {
			s.said.Next(len(before) + len(what))
			s.mu.Unlock()
			return before + what
		}
		s.mu.Unlock()
		select {
		case <-s.news:
		case <-timeout:
			s.t.Errorf("openssl did not say %q, but:\n%s", what, all)
			return all
		}
	}
}

// say gives the server a line: a command, or bytes for its client.
func (s *opensslServer) say(what string) {
	if _, err := io.WriteString(s.stdin, what); err != nil {
		s.t.Errorf("openssl does not listen: %v", err)
	}
}

// A relay stands between a client and a server and tells of what goes by.
type relay struct {
	at       string
	up, down chan int    // lengths of what went by
	forge    atomic.Bool // change the last byte of each piece that goes up
}

// newRelay forwards connections to a server, in pieces of at most so many bytes.
func newRelay(t *testing.T, server string, piece int) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{at: l.Addr().String(), up: make(chan int, 1<<16), down: make(chan int, 1<<16)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	forward := func(to, from net.Conn, tell chan int) {
		buf := make([]byte, piece)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				if tell == r.up && r.forge.Load() {
					buf[n-1] ^= 1
				}
				to.Write(buf[:n])
				select {
				case tell <- n:
				default: // nobody counts them
				}
			}
			if err != nil {
				to.(*net.TCPConn).CloseWrite()
				return
			}
		}
	}
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			mu.Lock()
			open = append(open, client, server)
			mu.Unlock()
			wg.Go(func() { forward(server, client, r.up) })
			wg.Go(func() { forward(client, server, r.down) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return r
}

// drain forgets what went by so far.
func (r *relay) drain() {
	for {
		select {
		case <-r.up:
		case <-r.down:
		default:
			return
		}
	}
}

// passed waits until something goes by.
func passed(t *testing.T, way chan int) {
	select {
	case <-way:
	case <-time.After(patience):
		t.Error("nothing goes by")
	}
}
