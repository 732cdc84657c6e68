package origin

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
)

// Small is the body of a small reply.
const Small = `{"retcode":0,"result":[{"poll_type":"message","value":{"msg_id":26412,"from_uin":2874100733,"content":"hello"}}]}` + "\n"

// Long is how many bytes a large body has: /long sends them, /upload takes any
// number.
const Long = 8 << 20

// Addrs says where an origin listens.
type Addrs struct {
	PID   int    `json:"pid"`
	Small string `json:"small"` // http://HOST:PORT of evio
	Large string `json:"large"` // and of net/http
	TLS   string `json:"tls"`   // https://HOST:PORT
	CA    string `json:"ca"`    // PEM of what the certificate is signed with
}

// Serve is the whole of the origin's process: it listens, writes its Addrs as a
// line of JSON, and serves until in ends.
func Serve(in io.Reader, out io.Writer) error {
	addrs, broken, err := Start()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(addrs); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, bufio.NewReader(in))
		ended <- err
	}()
	select {
	case err := <-broken:
		return err
	case err := <-ended:
		return err
	}
}

// Start listens and serves until the process ends: evio cannot be stopped
// safely. The channel tells if a server ended before that.
func Start() (*Addrs, <-chan error, error) {
	broken := make(chan error, 3)
	small, err := startSmall(broken)
	if err != nil {
		return nil, nil, err
	}
	pair, ca, err := certificate()
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{
		Handler: handler(),
		// HTTP/2 is nobody's here.
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	var at [2]string
	for i, serve := range []func(net.Listener) error{
		server.Serve,
		func(l net.Listener) error { return server.ServeTLS(l, "", "") },
	} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		at[i] = l.Addr().String()
		go func() { broken <- fmt.Errorf("net/http's server ended: %w", serve(l)) }()
	}
	return &Addrs{PID: os.Getpid(), Small: "http://" + small, Large: "http://" + at[0], TLS: "https://" + at[1], CA: ca}, broken, nil
}

// reply returns a whole response with a body that is a small one.
func reply(body string) []byte {
	return []byte("HTTP/1.1 200 OK\r\n" +
		"Server: origin\r\n" +
		"Date: Mon, 15 Apr 2013 08:00:00 GMT\r\n" +
		"Content-Type: application/json; charset=utf-8\r\n" +
		"Cache-Control: no-cache\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n" +
		"\r\n" + body)
}

var errServe = errors.New("evio's Serve returned: an accept failed")
