package sched_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// An origin is the server of a row.
type origin struct {
	addr, url string
	tls       *tls.Config // trusts it
	accepted  atomic.Int32
	requests  atomic.Int32
	told      chan string   // what the server has to tell the client
	go_on     chan struct{} // what the client has to tell the server
	over      chan struct{} // closed at the end of the play
	stop      func()
}

func startOrigin(t *testing.T, r row) *origin {
	o := &origin{told: make(chan string, 64), go_on: make(chan struct{}, 64), over: make(chan struct{})}
	if r.handle != nil {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			o.requests.Add(1)
			r.handle(w, req)
		}))
		s.Config.ErrorLog = quiet
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				o.accepted.Add(1)
			}
		}
		if r.tls {
			s.StartTLS()
			roots := x509.NewCertPool()
			roots.AddCert(s.Certificate())
			o.tls = &tls.Config{RootCAs: roots}
		} else {
			s.Start()
		}
		o.addr, o.url = s.Listener.Addr().String(), s.URL
		o.stop = func() {
			close(o.over)
			s.CloseClientConnections()
			s.Close()
		}
		return o
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.addr, o.url = l.Addr().String(), "http://"+l.Addr().String()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(o.accepted.Add(1))
			go func() {
				w := &wire{Conn: c, in: bufio.NewReader(c), origin: o, n: n}
				defer c.Close()
				go func() { <-o.over; c.Close() }()
				r.serve(w)
			}()
		}
	}()
	o.stop = func() {
		close(o.over)
		l.Close()
		<-ended
	}
	return o
}

// A wire is a connection as a scripted server has it.
type wire struct {
	net.Conn
	*origin
	in *bufio.Reader
	n  int // this is the nth connection, from 1
}

// head reads the head of a request, as it stands on the wire; "" at the end.
func (w *wire) head() string {
	var b strings.Builder
	for {
		line, err := w.in.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			return ""
		}
		if line == "\r\n" {
			w.requests.Add(1)
			return b.String()
		}
	}
}

// read reads a request with its body; nil at the end.
func (w *wire) read() *http.Request {
	req, err := http.ReadRequest(w.in)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	w.requests.Add(1)
	return req
}

// say writes text; a client that has gone is no failure.
func (w *wire) say(text string) { io.WriteString(w, text) }

// tell tells the client, in its test.
func (w *wire) tell(format string, args ...any) { w.told <- fmt.Sprintf(format, args...) }

// await waits for the client's word.
func (w *wire) await() {
	select {
	case <-w.go_on:
	case <-w.over:
	}
}

// reset closes with RST.
func (w *wire) reset() {
	w.Conn.(*net.TCPConn).SetLinger(0)
	w.Close()
}

// untilClosed reads until the client has closed.
func (w *wire) untilClosed() { io.Copy(io.Discard, w.in) }

// saying returns a server that answers the nth request of each connection with
// the nth text, and those beyond with the last.
func saying(replies ...string) func(*wire) {
	return func(w *wire) {
		for i := 0; w.read() != nil; i++ {
			w.say(replies[min(i, len(replies)-1)])
		}
	}
}

// closing is saying one text, and then FIN.
func closing(reply string) func(*wire) {
	return func(w *wire) {
		if w.read() != nil {
			w.say(reply)
		}
	}
}

// echoHeads answers with the head of the request, as it stood on the wire.
func echoHeads(w *wire) {
	for head := w.head(); head != ""; head = w.head() {
		w.say(whole(head))
	}
}

// whole is a response with body.
func whole(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// inGzip returns text in gzip.
func inGzip(text string) string { return string(gzipped(text)) }

// nothing is a server that reads and does not answer.
func nothing(w *wire) { w.untilClosed() }

// quiet is a log that nobody reads: what a server thinks of a client that
// went is not the matter of these tests.
var quiet = log.New(io.Discard, "", 0)
