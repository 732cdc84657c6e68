package origin

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// One origin serves all tests: evio cannot be stopped safely.
var at = func() *Addrs {
	a, _, err := Start()
	if err != nil {
		panic(err)
	}
	return a
}()

// client is a connection to an origin.
type client struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func dial(t *testing.T, url string) *client {
	t.Helper()
	_, host, _ := strings.Cut(url, "://")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return &client{c, t, bufio.NewReader(c)}
}

func (c *client) get(path string) string {
	c.t.Helper()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
	return c.read(200)
}

func (c *client) read(status int) string {
	c.t.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		c.t.Fatalf("got %d %q, %v; want %d", resp.StatusCode, body, err, status)
	}
	return string(body)
}

func TestSmallReplies(t *testing.T) {
	c := dial(t, at.Small)
	for _, ask := range []struct{ path, want string }{
		{"/small", Small}, {"/small?17", Small}, {"/chain/0", "1"}, {"/chain/41", "42"}, {"/release", "0"},
	} {
		if got := c.get(ask.path); got != ask.want {
			t.Errorf("%s: got %q; want %q", ask.path, got, ask.want)
		}
	}
	for _, path := range []string{"/", "/chain/x", "/nothing"} {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
		c.read(404)
	}
}

// A request may come in any two pieces; two may come in one.
func TestRequestsThatAreCut(t *testing.T) {
	const text = "POST /post HTTP/1.1\r\nHost: a\r\nContent-length: 5\r\n\r\nhello"
	c := dial(t, at.Small)
	for i := range len(text) {
		for _, piece := range []string{text[:i], text[i:]} {
			io.WriteString(c, piece)
		}
		if got := c.read(200); got != Small {
			t.Fatalf("cut at %d: got %q", i, got)
		}
	}
	io.WriteString(c, text+text)
	for range 2 {
		if got := c.read(200); got != Small {
			t.Errorf("got %q", got)
		}
	}
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		in   string
		path string
		size int
	}{
		{"", "", 0},
		{"GET /small HTTP/1.1\r\n\r", "", 0},
		{"GET /small HTTP/1.1\r\n\r\nG", "/small", 23},
		{"GET /small?1 HTTP/1.1\r\n\r\n", "/small", 25},
		{"POST /post HTTP/1.1\r\nContent-Length: 2\r\n\r\nx", "", 0},
		{"POST /post HTTP/1.1\r\nContent-Length: 2\r\n\r\nxy", "/post", 44},
		{"POST /post HTTP/1.1\r\n\r\n", "", 23},
		{"POST /post HTTP/1.1\r\nContent-Length: -2\r\n\r\n", "", 43},
	} {
		if path, size := request([]byte(c.in)); path != c.path || size != c.size {
			t.Errorf("%q: got %q, %d; want %q, %d", c.in, path, size, c.path, c.size)
		}
	}
}

// Both servers hold what is parked until it is released, and then answer all.
func TestPark(t *testing.T) {
	for name, url := range map[string]string{"evio": at.Small, "net/http": at.Large} {
		t.Run(name, func(t *testing.T) {
			const many = 20
			var parked []*client
			for range many {
				c := dial(t, url)
				io.WriteString(c, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n")
				parked = append(parked, c)
			}
			gone := dial(t, url) // one that does not wait for its answer
			io.WriteString(gone, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n")
			boss := dial(t, url)
			if got := boss.get("/await/" + strconv.Itoa(many+1)); got != strconv.Itoa(many+1) {
				t.Errorf("%s are parked; want %d", got, many+1)
			}
			gone.Close()
			if got := boss.get("/release"); got != strconv.Itoa(many+1) {
				t.Errorf("%s were released; want %d", got, many+1)
			}
			for i, c := range parked {
				if got := c.read(200); got != Small {
					t.Errorf("parked %d: got %q", i, got)
				}
				if got := c.get("/small"); got != Small {
					t.Errorf("parked %d, afterwards: got %q", i, got)
				}
			}
		})
	}
}

func TestLargeBodies(t *testing.T) {
	c := dial(t, at.Large)
	if n := len(c.get("/long")); n != Long {
		t.Errorf("got %d bytes; want %d", n, Long)
	}
	fmt.Fprintf(c, "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n%s", strings.Repeat("x", 300000))
	if got := c.read(200); got != "300000" {
		t.Errorf("it counted %s bytes; want 300000", got)
	}
}

func TestTLS(t *testing.T) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(at.CA)) {
		t.Fatal("the certificate cannot be read")
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(at.TLS + "/small")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != Small || resp.Proto != "HTTP/1.1" {
		t.Errorf("got %q over %s, %v", body, resp.Proto, err)
	}
}

func TestEvents(t *testing.T) {
	text := dial(t, at.Large).get("/events/3/1")
	var next int
	for line := range strings.Lines(text) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var e Event
		if err := json.Unmarshal([]byte(data), &e); err != nil || e.Number != next || e.Sent == 0 {
			t.Errorf("got %+v, %v; want number %d", e, err, next)
		}
		next++
	}
	if next != 3 {
		t.Errorf("got %d events of 3: %q", next, text)
	}
}
