package tlsconn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// authority returns a certificate for a.example and the roots that vouch for it.
func authority(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "a.example"},
		DNSNames:              []string{"a.example"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// server runs a tls.Server on a pipe whose other end the test pumps.
type server struct {
	conn *tls.Conn
	pipe net.Conn
	done chan error
}

func serve(t testing.TB, config *tls.Config, handle func(*tls.Conn) error) *server {
	ours, theirs := net.Pipe()
	s := &server{tls.Server(theirs, config), ours, make(chan error, 1)}
	go func() {
		err := handle(s.conn)
		theirs.Close()
		s.done <- err
	}()
	t.Cleanup(func() { ours.Close() })
	return s
}

// pump moves ciphertext between c and the server until step says stop: at most
// size bytes at a time to c. step runs after each piece.
func (s *server) pump(t testing.TB, c *Conn, size int, step func() (stop bool)) {
	t.Helper()
	in := make(chan []byte)
	quit := make(chan struct{})
	defer close(quit)
	go func() {
		defer close(in)
		for {
			b := make([]byte, size)
			n, err := s.pipe.Read(b)
			if n > 0 {
				select {
				case in <- b[:n]:
				case <-quit:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	send := func() {
		if out := bytes.Clone(c.Out()); len(out) > 0 {
			c.Advance(len(out))
			s.pipe.SetWriteDeadline(time.Now().Add(10 * time.Second))
			s.pipe.Write(out) // a server that is gone is noticed by the reader
		}
	}
	if stop := step(); stop {
		return
	}
	send()
	for b := range in {
		c.Feed(b)
		stop := step()
		clear(b) // a view that outlived its loan would show
		send()
		if stop {
			return
		}
	}
	c.FeedEOF()
	step()
}

// client drives a whole conversation: handshake, write, read to the end.
type client struct {
	t        testing.TB
	c        *Conn
	request  []byte
	got      bytes.Buffer
	err      error // how reading ended
	hsErr    error
	resumed  int
	written  bool
	buf      [4096]byte
	untilEOF bool
	want     int
}

func (k *client) step() bool {
	done, err := k.c.Handshake()
	if !done {
		k.resumed++
		return false
	}
	if err != nil {
		k.hsErr = err
		return true
	}
	if !k.written {
		k.written = true
		if err := k.c.Write(k.request); err != nil {
			k.t.Errorf("Write: %v", err)
		}
	}
	for {
		n, err := k.c.Read(k.buf[:])
		k.got.Write(k.buf[:n])
		if errors.Is(err, ErrWouldBlock) {
			return !k.untilEOF && k.got.Len() >= k.want
		}
		if err != nil {
			k.err = err
			return true
		}
	}
}

func TestConversation(t *testing.T) {
	cert, roots := authority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, size := range []int{1, 7, 65536} {
			for _, length := range []int{4, 200_000} {
				name := fmt.Sprintf("%s/feed=%d/body=%d", tls.VersionName(version), size, length)
				if size == 1 && length > 4 {
					length = 20_000
				}
				t.Run(name, func(t *testing.T) {
					body := bytes.Repeat([]byte("qqloop!"), length/7+1)[:length]
					s := serve(t, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: version, MaxVersion: version, NextProtos: []string{"http/1.1"}},
						func(c *tls.Conn) error {
							req := make([]byte, 5)
							if _, err := io.ReadFull(c, req); err != nil {
								return err
							}
							if string(req) != "hello" {
								return fmt.Errorf("request %q", req)
							}
							if _, err := c.Write(body); err != nil {
								return err
							}
							return c.CloseWrite()
						})
					c := Client(&tls.Config{RootCAs: roots, ServerName: "a.example", NextProtos: []string{"http/1.1"}})
					k := &client{t: t, c: c, request: []byte("hello"), untilEOF: true}
					s.pump(t, c, size, k.step)
					if err := <-s.done; err != nil {
						t.Fatalf("server: %v", err)
					}
					if k.hsErr != nil || k.err != io.EOF {
						t.Fatalf("handshake %v, end %v; want none and EOF", k.hsErr, k.err)
					}
					if !bytes.Equal(k.got.Bytes(), body) {
						t.Errorf("got %d bytes; want the %d that were sent", k.got.Len(), len(body))
					}
					if got := c.State().NegotiatedProtocol; got != "http/1.1" {
						t.Errorf("ALPN %q; want http/1.1", got)
					}
					if size == 1 && k.resumed < 100 {
						t.Errorf("the handshake was entered %d times; want once for each byte", k.resumed)
					}
				})
			}
		}
	}
}

func TestCutIsNotClose(t *testing.T) {
	cert, roots := authority(t)
	s := serve(t, &tls.Config{Certificates: []tls.Certificate{cert}}, func(c *tls.Conn) error {
		if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			return err
		}
		_, err := c.Write([]byte("half"))
		return err // and the pipe is closed without a close_notify
	})
	c := Client(&tls.Config{RootCAs: roots, ServerName: "a.example"})
	k := &client{t: t, c: c, request: []byte("hello"), untilEOF: true}
	s.pump(t, c, 1024, k.step)
	if k.err != io.ErrUnexpectedEOF || k.got.String() != "half" {
		t.Errorf("got %q and %v; want half and %v", k.got.String(), k.err, io.ErrUnexpectedEOF)
	}
}

func TestSessionResumption(t *testing.T) {
	cert, roots := authority(t)
	serverConfig := &tls.Config{Certificates: []tls.Certificate{cert}}
	config := &tls.Config{RootCAs: roots, ServerName: "a.example", ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	for i, want := range []bool{false, true, true} {
		s := serve(t, serverConfig, func(c *tls.Conn) error {
			_, err := io.CopyN(c, c, 5)
			return err
		})
		c := Client(config)
		k := &client{t: t, c: c, request: []byte("hello"), want: 5}
		s.pump(t, c, 512, k.step)
		if k.hsErr != nil || k.err != nil {
			t.Fatalf("connection %d: %v, %v", i, k.hsErr, k.err)
		}
		if got := c.State().DidResume; got != want {
			t.Errorf("connection %d: resumed is %v; want %v", i, got, want)
		}
	}
}

func TestWrongNameIsAVerificationError(t *testing.T) {
	cert, roots := authority(t)
	s := serve(t, &tls.Config{Certificates: []tls.Certificate{cert}}, func(c *tls.Conn) error { return c.Handshake() })
	c := Client(&tls.Config{RootCAs: roots, ServerName: "b.example"})
	k := &client{t: t, c: c}
	s.pump(t, c, 4096, k.step)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](k.hsErr); !ok {
		t.Fatalf("got %v; want a certificate verification error", k.hsErr)
	}
	if len(c.Out()) == 0 {
		// pump has sent it: the server's handshake ends with our alert.
		if err := <-s.done; err == nil {
			t.Error("the server was not told")
		}
	}
	if done, err := c.Handshake(); !done || err != k.hsErr {
		t.Errorf("asked again: %v, %v; want the same error", done, err)
	}
}

func TestAbandonedHandshakesLeaveNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		c := Client(&tls.Config{ServerName: "a.example"})
		if done, err := c.Handshake(); done || err != nil {
			t.Fatalf("a handshake without a server: %v, %v", done, err)
		}
		if len(c.Out()) == 0 {
			t.Fatal("no ClientHello")
		}
		c.Abandon()
		c.Abandon()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines; want the %d of before", after, before)
	}
}

func TestLockedThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cert, roots := authority(t)
	s := serve(t, &tls.Config{Certificates: []tls.Certificate{cert}}, func(c *tls.Conn) error {
		_, err := io.CopyN(c, c, 5)
		return err
	})
	c := Client(&tls.Config{RootCAs: roots, ServerName: "a.example"})
	k := &client{t: t, c: c, request: []byte("hello"), want: 5}
	s.pump(t, c, 100, k.step)
	if k.got.String() != "hello" {
		t.Errorf("got %q, %v, %v; want hello", k.got.String(), k.hsErr, k.err)
	}
}

func TestPlainServerIsNoTLS(t *testing.T) {
	c := Client(&tls.Config{ServerName: "a.example"})
	c.Handshake()
	c.Feed([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	done, err := c.Handshake()
	if _, ok := errors.AsType[tls.RecordHeaderError](err); !done || !ok {
		t.Errorf("got %v, %v; want a record header error", done, err)
	}
}
