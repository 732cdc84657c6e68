package emulator

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// A user is a real client of a server: every name leads to it.
type user struct {
	t                   *testing.T
	server              *Server
	events              chan Event
	http                *http.Client
	ptwebqq, psessionid string
}

func newUser(t *testing.T, o Options) *user {
	t.Helper()
	events := make(chan Event, 1000)
	server, err := Start(New(DefaultScene(), o), ServerOptions{HTTPS: "127.0.0.1:0", OnEvent: func(e Event) { events <- e }})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(server.CA()) {
		t.Fatal("the CA is no PEM")
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			to := server.HTTPAddr()
			if strings.HasSuffix(addr, ":443") {
				to = server.HTTPSAddr()
			}
			return (&net.Dialer{}).DialContext(ctx, network, to)
		},
		TLSClientConfig: &tls.Config{RootCAs: pool},
	}
	jar, _ := cookiejar.New(nil)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t)
	})
	return &user{t: t, server: server, events: events, http: &http.Client{Transport: transport, Jar: jar}}
}

func (u *user) do(ctx context.Context, method, target, r string) (string, error) {
	var body io.Reader
	if method == "POST" {
		body = strings.NewReader(url.Values{"r": {r}}.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Referer", "http://d1.web2.qq.com/proxy.html?v=20151105001&callback=1&id=2")
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := u.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func (u *user) get(target string) string {
	u.t.Helper()
	text, err := u.do(u.t.Context(), "GET", target, "")
	if err != nil {
		u.t.Fatal(err)
	}
	return text
}

func (u *user) cookie(host, name string) string {
	for _, c := range u.http.Jar.Cookies(&url.URL{Scheme: "https", Host: host, Path: "/"}) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (u *user) login() {
	u.t.Helper()
	u.get("https://ssl.ptlogin2.qq.com/ptqrshow?appid=501004106&s=3")
	var text string
	for range 3 {
		text = u.get(fmt.Sprintf("https://ssl.ptlogin2.qq.com/ptqrlogin?ptqrtoken=%d&aid=501004106&u1=http%%3A%%2F%%2Fw.qq.com%%2Fproxy.html", hash33(u.cookie("ssl.ptlogin2.qq.com", "qrsig"))))
	}
	u.get(strings.Split(text, "'")[5])
	u.ptwebqq = u.cookie("d1.web2.qq.com", "ptwebqq")
	text, err := u.do(u.t.Context(), "POST", "http://d1.web2.qq.com/channel/login2", `{"ptwebqq":"`+u.ptwebqq+`","clientid":53999199,"psessionid":"","status":"online"}`)
	if err != nil {
		u.t.Fatal(err)
	}
	_, rest, found := strings.Cut(text, `"psessionid":"`)
	if !found {
		u.t.Fatalf("login2: got %s", text)
	}
	u.psessionid, _, _ = strings.Cut(rest, `"`)
	u.want(Login{10001, SmartQQ})
}

func (u *user) poll(ctx context.Context) (string, error) {
	return u.do(ctx, "POST", "http://d1.web2.qq.com/channel/poll2", `{"ptwebqq":"`+u.ptwebqq+`","clientid":53999199,"psessionid":"`+u.psessionid+`","key":""}`)
}

// want waits for the next event.
func (u *user) want(want Event) {
	u.t.Helper()
	select {
	case got := <-u.events:
		if got != want {
			u.t.Fatalf("got the event %s; want %s", got.AppendJSON(nil), want.AppendJSON(nil))
		}
	case <-time.After(10 * time.Second):
		u.t.Fatalf("got no event; want %s", want.AppendJSON(nil))
	}
}

func TestServer(t *testing.T) {
	u := newUser(t, Options{})
	u.login()
	done := make(chan string, 1)
	go func() {
		text, err := u.poll(t.Context())
		done <- fmt.Sprint(text, err)
	}()
	if err := u.server.Command("say friend 20003 你好"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; !strings.Contains(got, `"你好 "`) {
		t.Errorf("got %s; want the message", got)
	}
	u.want(Delivered{ToFriend, 20003, "你好"})
	if err := u.server.Command("quit"); !errors.Is(err, ErrQuit) {
		t.Errorf("got %v; want ErrQuit", err)
	}
	if r := u.server.Ready(); r.HTTP != u.server.HTTPAddr() || r.HTTPS != u.server.HTTPSAddr() || r.Account != 10001 {
		t.Errorf("got %+v", r)
	}
	if got := u.server.Captcha(); got != "" {
		t.Errorf("got the captcha %q; want none", got)
	}
}

// Dropped is closed without a byte.
func TestServerDrop(t *testing.T) {
	u := newUser(t, Options{})
	if err := u.server.Command("drop /ptqrshow 1"); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.server.HTTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /ptqrshow?appid=1 HTTP/1.1\r\nHost: ssl.ptlogin2.qq.com\r\n\r\n")
	if got, err := io.ReadAll(c); len(got) != 0 || err != nil {
		t.Errorf("got %q, %v; want a plain end", got, err)
	}
}

// Faulty statuses without a body keep the connection in order.
func TestServerStatuses(t *testing.T) {
	u := newUser(t, Options{})
	c, err := net.Dial("tcp", u.server.HTTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, status := range []int{200, 204, 304, 404, 502, 504, 599} {
		if err := u.server.Command(fmt.Sprintf("fail /x %d 1", status)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET /x HTTP/1.1\r\nHost: w.qq.com\r\n\r\n")
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != status || resp.Close {
			t.Errorf("got %d, close %t; want %d and the connection kept", resp.StatusCode, resp.Close, status)
		}
	}
}

// Everyone at once: pollers, senders, commands. The race detector watches.
func TestServerConcurrently(t *testing.T) {
	u := newUser(t, Options{Hold: 5 * time.Millisecond})
	u.login()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				u.poll(t.Context())
			}
		})
		all.Go(func() {
			for i := range 20 {
				u.server.Command(fmt.Sprint("say friend 20002 ", i))
				u.get("http://w.qq.com/")
			}
		})
	}
	all.Wait()
}

func TestStartErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, o := range []ServerOptions{{HTTP: busy.Addr().String()}, {HTTPS: busy.Addr().String()}} {
		if server, err := Start(New(DefaultScene(), Options{}), o); err == nil || !strings.Contains(err.Error(), busy.Addr().String()) {
			t.Errorf("got %v, %v; want an error that names the address", server, err)
		}
	}
	goleak.VerifyNone(t)
}

// Every host of the service verifies against the CA, and an address as well.
func TestCertificates(t *testing.T) {
	u := newUser(t, Options{})
	block, _ := pem.Decode(u.server.CA())
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !root.IsCA || !root.BasicConstraintsValid {
		t.Fatalf("got %v, CA %t; want CA:TRUE", err, root.IsCA)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	for _, name := range slices.Concat(Hosts(), []string{"127.0.0.1", "S.WEB2.QQ.COM"}) {
		config := &tls.Config{RootCAs: pool, ServerName: name}
		c, err := tls.Dial("tcp", u.server.HTTPSAddr(), config)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.Close()
	}
}
