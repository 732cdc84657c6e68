package main

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"strconv"
	"strings"
	"sync"
)

// canned is what the test server sends for a path, to the byte. "" closes the
// connection without a byte; a reply that does not end by its own framing is
// followed by a close.
var canned = map[string]string{
	"/ok":        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n",
	"/latin1":    "HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nContent-Length: 0\r\nx-a: <2>\r\nX-B:\r\n\r\n",
	"/chunked":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\n\xff\r\n0\r\nX-Sum: 1\r\n\r\n",
	"/interim":   "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\nX-Final: 1\r\n\r\n",
	"/moved":     "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
	"/loop":      "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
	"/set":       "HTTP/1.1 302 Found\r\nLocation: /echo\r\nSet-Cookie: s=1; Path=/\r\nSet-Cookie: t=2; Path=/; Max-Age=1000; HttpOnly\r\nContent-Length: 4\r\n\r\nbody",
	"/nowhere":   "HTTP/1.1 302 Found\r\nLocation: gopher://x/\r\nContent-Length: 0\r\n\r\n",
	"/missing":   "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\ngone\n",
	"/old":       "HTTP/1.0 200 OK\r\n\r\nto the end",
	"/empty":     "",
	"/cut-head":  "HTTP/1.1 200 OK\r\nA",
	"/cut-body":  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
	"/bad-head":  "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
	"/bad-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
	"/big-head":  "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 70_000) + "\r\n\r\n",
	"/late":      "HTTP/1.1 503 Busy\r\nRetry-After: 1000\r\nContent-Length: 5\r\n\r\nlater",
	"/gzip":      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzipped("unpacked\n"),
	"/no-gzip":   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
	"/title":     "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gbk\r\nContent-Length: 22\r\n\r\n<title>\xc4\xe3\xba\xc3 1</title>\n",
}

// origin is a server for scripts, a program of its own. It prints its address,
// echoes the request to /echo, redirects /to?URL, never answers /never, and
// sends what is canned otherwise; the first request for a URL that begins with
// /flaky has a 503. As a proxy it echoes requests, refuses tunnels that leave
// the machine, and plays what lies behind SOCKS5 itself. A line of output tells of each request. With
// the argument tls it speaks TLS: see originTLS.
func origin() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil && len(os.Args) > 1 {
		var config *tls.Config
		if config, err = originTLS("."); err == nil {
			l = tls.NewListener(l, config)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening on", l.Addr())
	var seen sync.Map
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serveOrigin(c, &seen)
	}
}

func gzipped(s string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// serveSOCKS5 says yes to everybody (RFC 1928), and tells of the target.
func serveSOCKS5(c net.Conn, in *bufio.Reader) {
	head := make([]byte, 2)
	io.ReadFull(in, head)
	io.CopyN(io.Discard, in, int64(head[1]))
	c.Write([]byte{5, 0})
	request := make([]byte, 4)
	io.ReadFull(in, request)
	length := 4 // of an IPv4 address
	if request[3] == 3 {
		n, _ := in.ReadByte()
		length = int(n)
	}
	target := make([]byte, length+2)
	io.ReadFull(in, target)
	host, port := string(target[:length]), int(target[length])<<8|int(target[length+1])
	if request[3] == 1 {
		host = net.IP(target[:length]).String()
	}
	fmt.Println("SOCKS5", host, port)
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
}

func serveOrigin(c net.Conn, seen *sync.Map) {
	defer c.Close()
	in := bufio.NewReader(c)
	if first, err := in.Peek(1); err == nil && first[0] == 5 {
		serveSOCKS5(c, in)
	} else if err == nil && first[0] == 0x16 { // a TLS handshake
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		return
	}
	for {
		var head strings.Builder
		length := 0
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Content-Length") {
				length, _ = strconv.Atoi(strings.TrimSpace(value))
			}
			if line == "\r\n" {
				break
			}
		}
		if strings.Contains(head.String(), "Expect: 100-continue\r\n") {
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body := make([]byte, length)
		if strings.Contains(head.String(), "Transfer-Encoding: chunked\r\n") {
			var err error
			if body, err = io.ReadAll(httputil.NewChunkedReader(in)); err != nil {
				return
			}
			in.Discard(len("\r\n")) // an empty trailer
		} else if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		method, rest, _ := strings.Cut(head.String(), " ")
		target, _, _ := strings.Cut(rest, " ")
		path, query, _ := strings.Cut(target, "?")
		fmt.Println(method, target)
		reply, ok := canned[path]
		switch {
		case path == "/never":
			io.Copy(io.Discard, in)
			return
		case strings.HasPrefix(path, "/flaky"):
			reply = canned["/ok"]
			if _, again := seen.LoadOrStore(target, true); !again {
				reply = "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nbusy\n"
			}
		case method == "CONNECT" && strings.HasPrefix(target, "127."):
			if to, err := net.Dial("tcp", target); err == nil {
				defer to.Close()
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
				go io.Copy(to, in)
				io.Copy(c, to)
			}
			return
		case method == "CONNECT":
			reply = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
		case strings.HasPrefix(path, "/to"): // and the status: /to303
			status, _ := strconv.Atoi(strings.TrimPrefix(path, "/to"))
			reply = fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", max(status, 302), query)
		case path == "/who":
			who := "nobody\n"
			if t, ok := c.(*tls.Conn); ok && len(t.ConnectionState().PeerCertificates) > 0 {
				who = t.ConnectionState().PeerCertificates[0].Subject.CommonName + "\n"
			}
			reply = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(who), who)
		case path == "/echo" || strings.HasPrefix(path, "/echo/") || strings.HasPrefix(path, "http://"):
			request := head.String() + string(body)
			reply = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(request), request)
		case !ok:
			reply = canned["/missing"]
		}
		if method == "HEAD" {
			head, _, _ := strings.Cut(reply, "\r\n\r\n")
			reply = head + "\r\n\r\n"
		}
		io.WriteString(c, reply)
		switch path {
		case "/empty", "/old", "/gzip", "/cut-head", "/cut-body", "/bad-head", "/bad-chunk", "/big-head":
			return
		}
	}
}
