package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// A recorder is a server that keeps what it is sent, to the byte. It speaks
// HTTP on one port, on a Unix socket and at an abstract name, and TLS on another
// port; on the first it is an http and a SOCKS5 proxy as well.
type recorder struct {
	plain, secure, local, abstract net.Listener

	dir   string // where the socket is
	conns sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool
	all   []string
	seen  map[string]int // how often each target was asked for
	proof digestState    // of /digest
}

func newRecorder(crypto *compareTLS) (*recorder, error) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	secure, err := tls.Listen("tcp", "127.0.0.1:0", crypto.config)
	if err != nil {
		plain.Close()
		return nil, err
	}
	dir, err := os.MkdirTemp("", "") // a test's own directory may have too long a name
	if err != nil {
		return nil, err
	}
	local, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		return nil, err
	}
	abstract, err := net.Listen("unix", "@qqloop-compare-"+portIn(plain.Addr().String()))
	if err != nil {
		return nil, err
	}
	r := &recorder{plain: plain, secure: secure, local: local, abstract: abstract, dir: dir, open: map[net.Conn]bool{}}
	r.reset()
	for _, l := range []net.Listener{plain, secure, local, abstract} {
		r.conns.Go(func() { r.accept(l) })
	}
	return r, nil
}

func (r *recorder) close() {
	for _, l := range []net.Listener{r.plain, r.secure, r.local, r.abstract} {
		l.Close()
	}
	os.RemoveAll(r.dir)
	r.mu.Lock()
	for c := range r.open {
		c.Close()
	}
	r.mu.Unlock()
	r.conns.Wait()
}

func (r *recorder) addr() string    { return r.plain.Addr().String() }
func (r *recorder) tlsAddr() string { return r.secure.Addr().String() }
func (r *recorder) port() string    { return portIn(r.addr()) }
func (r *recorder) tlsPort() string { return portIn(r.tlsAddr()) }

func (r *recorder) path() string { return r.local.Addr().String() }
func (r *recorder) name() string { return strings.TrimPrefix(r.abstract.Addr().String(), "@") }

func portIn(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// reset forgets the last run.
func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all, r.seen, r.proof = nil, map[string]int{}, digestState{}
}

// requests returns what came since then.
func (r *recorder) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

func (r *recorder) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.open[c] = true
		r.mu.Unlock()
		r.conns.Go(func() {
			r.serve(c)
			c.Close()
			r.mu.Lock()
			delete(r.open, c)
			r.mu.Unlock()
		})
	}
}

func (r *recorder) serve(c net.Conn) {
	in := bufio.NewReader(c)
	if first, err := in.Peek(1); err != nil {
		return
	} else if first[0] == 5 {
		r.keep("SOCKS5 " + answerSOCKS5(c, in))
	}
	for {
		q, err := readQuestion(c, in)
		if err != nil {
			return
		}
		r.keep(q.raw)
		if q.method == "CONNECT" {
			r.tunnel(c, in, q.target)
			return
		}
		reply, last := r.answer(c, q)
		if q.method == "HEAD" {
			head, _, _ := strings.Cut(reply, "\r\n\r\n")
			reply = head + "\r\n\r\n"
		}
		if _, err := io.WriteString(c, reply); err != nil || last {
			return
		}
	}
}

func (r *recorder) keep(raw string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, raw)
}

// times counts how often it was asked so.
func (r *recorder) times(target string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[target]++
	return r.seen[target]
}

// tunnel lets a CONNECT through to the servers of the test, and nowhere else.
func (r *recorder) tunnel(c net.Conn, in *bufio.Reader, target string) {
	if target != r.addr() && target != r.tlsAddr() {
		io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		return
	}
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer to.Close()
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(to, in)
		to.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(c, to)
}

// answerSOCKS5 says yes to everybody (RFC 1928), plays the target itself, and
// returns its name.
func answerSOCKS5(c net.Conn, in *bufio.Reader) string {
	head := make([]byte, 2)
	io.ReadFull(in, head)
	methods := make([]byte, head[1])
	io.ReadFull(in, methods)
	who := ""
	if strings.Contains(string(methods), "\x02") { // RFC 1929
		c.Write([]byte{5, 2})
		in.ReadByte()
		who = readCounted(in) + ":" + readCounted(in) + "@"
		c.Write([]byte{1, 0})
	} else {
		c.Write([]byte{5, 0})
	}
	request := make([]byte, 4)
	io.ReadFull(in, request)
	var host string
	if request[3] == 3 {
		host = readCounted(in)
	} else {
		addr := make([]byte, 4)
		io.ReadFull(in, addr)
		host = net.IP(addr).String()
	}
	port := make([]byte, 2)
	io.ReadFull(in, port)
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return fmt.Sprintf("%s%s:%d", who, host, int(port[0])<<8|int(port[1]))
}

func readCounted(in *bufio.Reader) string {
	n, _ := in.ReadByte()
	text := make([]byte, n)
	io.ReadFull(in, text)
	return string(text)
}

// A question is a request as it came.
type question struct {
	raw            string // head and body; of a chunked one the body without its framing, for that is the client's choice
	head           string
	body           string
	method, target string
	path, query    string
}

func (q *question) header(name string) string {
	for line := range strings.Lines(q.head) {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// readQuestion reads a request, and lets a client go on that waits for a 100.
func readQuestion(c net.Conn, in *bufio.Reader) (*question, error) {
	q := &question{}
	for !strings.HasSuffix(q.head, "\r\n\r\n") {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		q.head += line
	}
	q.method, q.target, _ = strings.Cut(q.head, " ")
	q.target, _, _ = strings.Cut(q.target, " ")
	rest := q.target
	if after, ok := strings.CutPrefix(rest, "http://"); ok { // to a proxy
		_, rest, _ = strings.Cut(after, "/")
		rest = "/" + rest
	}
	q.path, q.query, _ = strings.Cut(rest, "?")
	if strings.EqualFold(q.header("Expect"), "100-continue") {
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	var body io.Reader = strings.NewReader("")
	if n, err := strconv.ParseInt(q.header("Content-Length"), 10, 64); err == nil {
		body = io.LimitReader(in, n)
	} else if q.header("Transfer-Encoding") == "chunked" {
		body = httputil.NewChunkedReader(in)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if q.header("Transfer-Encoding") == "chunked" { // NewChunkedReader leaves the end of the trailer
		if _, err := in.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	q.body = string(text)
	q.raw = q.head + q.body
	return q, nil
}
