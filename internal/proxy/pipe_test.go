package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	xproxy "golang.org/x/net/proxy"
)

// pipe returns our end of a connection whose other end serve has, and a channel
// with what serve returned.
func pipe(t *testing.T, serve func(net.Conn) error) (net.Conn, chan error) {
	t.Helper()
	ours, theirs := net.Pipe()
	ours.SetDeadline(time.Now().Add(20 * time.Second))
	done := make(chan error, 1)
	go func() {
		defer theirs.Close()
		done <- serve(theirs)
	}()
	t.Cleanup(func() { ours.Close() })
	return ours, done
}

// open runs a handshake on a connection and returns the tunnel's first bytes.
func open(t *testing.T, c net.Conn, rawURL string, to Target) (first []byte, err error) {
	t.Helper()
	p, err := Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.Tunnel(to)
	if err != nil {
		t.Fatal(err)
	}
	buf, n := make([]byte, 7), 0 // short, so that answers are cut
	for {
		step, err := h.Next(buf[:n])
		if err != nil {
			return nil, err
		}
		if step.Done {
			return bytes.Clone(buf[step.Used:n]), nil
		}
		if len(step.Out) > 0 {
			if _, err := c.Write(step.Out); err != nil {
				return nil, err
			}
		}
		if n, err = c.Read(buf); err == io.EOF {
			return nil, h.EOF()
		} else if err != nil {
			return nil, err
		}
	}
}

// socksServer is a server of SOCKS5 that waits for whole messages. Instead of
// connecting it greets with the address that it was asked for.
func socksServer(user, password string, reply byte) func(net.Conn) error {
	return func(c net.Conn) error {
		r := bufio.NewReader(c)
		take := func(n int) []byte {
			b := make([]byte, n)
			if _, err := io.ReadFull(r, b); err != nil {
				return make([]byte, n)
			}
			return b
		}
		head := take(2)
		methods := take(int(head[1]))
		want := byte(0)
		if user != "" {
			want = 2
		}
		if head[0] != 5 || !bytes.Contains(methods, []byte{want}) {
			c.Write([]byte{5, 0xff})
			return errors.New("no method")
		}
		c.Write([]byte{5, want})
		if user != "" {
			u := string(take(int(take(2)[1])))
			if p := string(take(int(take(1)[0]))); u != user || p != password {
				c.Write([]byte{1, 1})
				return fmt.Errorf("user %q with %q", u, p)
			}
			c.Write([]byte{1, 0})
		}
		host := ""
		switch request := take(4); request[3] {
		case 1, 4:
			addr, _ := netip.AddrFromSlice(take(map[byte]int{1: 4, 4: 16}[request[3]]))
			host = "address " + addr.String()
		case 3:
			host = "name " + string(take(int(take(1)[0])))
		}
		port := take(2)
		// A name as the address of the reply, to have one with a length of its own.
		c.Write([]byte{5, reply, 0, 3, 4, 'b', 'a', 'c', 'k', 0, 80})
		if reply != 0 {
			return nil
		}
		fmt.Fprintf(c, "%s port %d\n", host, int(port[0])<<8|int(port[1]))
		_, err := io.Copy(c, r)
		return err
	}
}

var socksTargets = []struct {
	scheme string
	target Target
	want   string
}{
	{"socks5h", Target{Host: "a.example", Port: 443}, "name a.example port 443\n"},
	{"socks5h", Target{Host: "192.0.2.7", Port: 80}, "address 192.0.2.7 port 80\n"},
	{"socks5", Target{Host: "a.example", Addr: netip.MustParseAddr("2001:db8::7"), Port: 8080}, "address 2001:db8::7 port 8080\n"},
}

// The other client of SOCKS5 and ours hear the same from one server: it is a
// server, and we are a client.
func TestSOCKSAgainstAServer(t *testing.T) {
	for _, tt := range socksTargets {
		for _, user := range []string{"", "user"} {
			who := ""
			var auth *xproxy.Auth
			if user != "" {
				who, auth = "user:pass@", &xproxy.Auth{User: "user", Password: "pass"}
			}
			theirs, _ := pipe(t, socksServer(user, "pass", 0))
			dialer, err := xproxy.SOCKS5("tcp", "p:1080", auth, dialerFunc(func() net.Conn { return theirs }))
			if err != nil {
				t.Fatal(err)
			}
			host := tt.target.Host
			if tt.scheme == "socks5" {
				host = tt.target.Addr.String()
			}
			tunnel, err := dialer.Dial("tcp", hostPort(host, tt.target.Port))
			if err != nil {
				t.Fatalf("the other client: %v", err)
			}
			line, _ := bufio.NewReader(tunnel).ReadString('\n')
			if line != tt.want {
				t.Fatalf("the other client got %q; want %q", line, tt.want)
			}

			c, done := pipe(t, socksServer(user, "pass", 0))
			first, err := open(t, c, tt.scheme+"://"+who+"p", tt.target)
			if err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(io.MultiReader(bytes.NewReader(first), c))
			if line, err := r.ReadString('\n'); line != tt.want {
				t.Errorf("got %q, %v; want %q", line, err, tt.want)
			}
			fmt.Fprint(c, "echo\n")
			if line, err := r.ReadString('\n'); line != "echo\n" {
				t.Errorf("through the tunnel got %q, %v; want it back", line, err)
			}
			c.Close()
			if err := <-done; err != nil {
				t.Errorf("server: %v", err)
			}
		}
	}
}

type dialerFunc func() net.Conn

func (f dialerFunc) Dial(string, string) (net.Conn, error) { return f(), nil }

func TestSOCKSRefusals(t *testing.T) {
	to := Target{Host: "a.example", Port: 443}
	for _, tt := range []struct {
		name, url string
		serve     func(net.Conn) error
		want      string
	}{
		{"refused", "socks5h://p", socksServer("", "", 5), "the target refused the proxy's connection (reply 5)"},
		{"wrong password", "socks5h://user:wrong@p", socksServer("user", "pass", 0), "the proxy does not accept the credentials (status 1)"},
		{"no password", "socks5h://p", socksServer("user", "pass", 0), "the proxy wants credentials"},
		{"gone", "socks5h://p", func(c net.Conn) error { c.Read(make([]byte, 9)); return nil }, "the proxy closed the connection after the greeting"},
	} {
		c, _ := pipe(t, tt.serve)
		_, err := open(t, c, tt.url, to)
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != tt.want {
			t.Errorf("%s: got %v; want %s", tt.name, err, tt.want)
		}
	}
}

// once is a listener with one connection.
type once struct {
	conns chan net.Conn
}

func (o once) Accept() (net.Conn, error) {
	c, open := <-o.conns
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (o once) Close() error   { return nil }
func (o once) Addr() net.Addr { return &net.TCPAddr{} }

// httpProxy is a proxy made of net/http, over a pipe.
func httpProxy(t *testing.T) net.Conn {
	ours, theirs := net.Pipe()
	ours.SetDeadline(time.Now().Add(20 * time.Second))
	conns := make(chan net.Conn, 1)
	conns <- theirs
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" {
			w.Header().Set("Proxy-Authenticate", `Basic realm="test"`)
			http.Error(w, "who are you?", http.StatusProxyAuthRequired)
			return
		}
		if r.Method != "CONNECT" {
			fmt.Fprintf(w, "%s of %s by %s", r.Method, r.URL, r.Host)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "HTTP/1.1 200 Connection established\r\n\r\ntunnel to %s\n", r.URL.Host)
		io.Copy(c, rw)
	})}
	go server.Serve(once{conns})
	t.Cleanup(func() {
		ours.Close()
		close(conns)
		server.Close()
	})
	return ours
}

func TestConnectAgainstNetHTTP(t *testing.T) {
	to := Target{Host: "2001:db8::7", Port: 443}
	c := httpProxy(t)
	first, err := open(t, c, "http://user:pass@p", to)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(io.MultiReader(bytes.NewReader(first), c))
	if line, err := r.ReadString('\n'); line != "tunnel to [2001:db8::7]:443\n" {
		t.Errorf("got %q, %v", line, err)
	}
	fmt.Fprint(c, "echo\n")
	if line, err := r.ReadString('\n'); line != "echo\n" {
		t.Errorf("through the tunnel got %q, %v; want it back", line, err)
	}

	_, err = open(t, httpProxy(t), "http://p", to)
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != 407 || e.Reason != `the proxy wants credentials (407): it asks for "Basic realm=\"test\""` {
		t.Errorf("without credentials: got %v", err)
	}
}

func TestForwardAgainstNetHTTP(t *testing.T) {
	p, err := Parse("user:pass@p")
	if err != nil {
		t.Fatal(err)
	}
	request := httpwire.Request{Target: "/x?y=%20", Host: "a.example:81"}
	p.Forward(&request, request.Host)
	wire, err := request.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := httpProxy(t)
	if _, err := c.Write(wire); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if want := "GET of http://a.example:81/x?y=%20 by a.example:81"; string(body) != want || err != nil {
		t.Errorf("got %q, %v; want %q", body, err, want)
	}
}
