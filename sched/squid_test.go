package sched_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/qqloop/qqloop/internal/freeaddr"
	"github.com/qqloop/qqloop/sched"
)

// startSquid starts a proxy that ends with the test. conf stands before the
// rule that lets everything through; DIR in it is a directory of its own. It
// knows the names a.example and b.example, at loopback, and asks nobody for
// others.
func startSquid(t *testing.T, conf string) *peer {
	t.Helper()
	at, dir := freeaddr.Get(t), t.TempDir()
	// As root squid becomes somebody else, who must get at its files.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	conf = strings.NewReplacer("ADDR", at, "DIR", dir).Replace(`
http_port ADDR
pid_filename DIR/pid
cache deny all
cache_log DIR/cache.log
access_log stdio:DIR/access.log
coredump_dir DIR
hosts_file DIR/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 second
visible_hostname squid.example
pinger_enable off
shutdown_lifetime 0 seconds
` + conf + `
http_access allow all
`)
	for name, text := range map[string]string{"squid.conf": conf, "hosts": "127.0.0.1 a.example b.example localhost\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if text, _ := os.ReadFile(filepath.Join(dir, "access.log")); t.Failed() {
			t.Logf("squid's log:\n%s", text)
		}
	})
	p := startPeer(t, at, dir, "/usr/sbin/squid", "-N", "-d", "1", "-f", filepath.Join(dir, "squid.conf"))
	p.end = syscall.SIGKILL // it takes seconds after anything else
	return p
}

// squidUsers is the part of squid's configuration that lets in one user, with
// a hash of the password in DIR.
const squidUsers = `
auth_param basic program /usr/lib/squid/basic_ncsa_auth DIR/users
auth_param basic realm the proxy
acl known proxy_auth REQUIRED
http_access deny !known
`

// letIn writes the user that squidUsers asks for.
func (p *peer) letIn(t *testing.T, user, password string) {
	t.Helper()
	hash, err := exec.Command("openssl", "passwd", "-6", password).Output()
	if err != nil {
		t.Skip("there is no openssl to hash a password:", err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "users"), []byte(user+":"+string(hash)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// port is the port of an address, with its colon.
func port(at string) string { return at[strings.LastIndex(at, ":"):] }

// Through squid to nginx, in plain HTTP: one connection to the proxy serves
// every host, and what both say about a message reaches us.
func TestSquidForwards(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<16)
	origin := newNginx(t, counted+`
		client_max_body_size 2m;
		gzip on; gzip_min_length 1; gzip_proxied any;
		types { text/html html; }
		server {
			listen ADDR;
			location / { return 200 "$host$request_uri"; }
			location /files/ { root DIR; dav_methods PUT; create_full_put_path on; }
			location /empty { return 204; }
		}`)
	squid := startSquid(t, "")
	v := newReal(t, through("http://"+squid.at))
	for i, c := range []struct {
		name, method, url, send string
		status                  int
		body                    string
	}{
		{"GET", "GET", "http://a.example/x?y", "", 200, "a.example/x?y"},
		{"another host", "GET", "http://b.example/", "", 200, "b.example/"},
		{"an address", "GET", "http://127.0.0.1/", "", 200, "127.0.0.1/"},
		{"HEAD", "HEAD", "http://a.example/", "", 200, ""},
		{"POST", "POST", "http://a.example/", "body", 200, "a.example/"},
		{"no content", "GET", "http://a.example/empty", "", 204, ""},
		{"not found", "DELETE", "http://a.example/files/nothing", "", 405, "*"},
		{"a long body up", "PUT", "http://a.example/files/long.html", long, 201, ""},
		{"and down", "GET", "http://a.example/files/long.html", "", 200, long},
	} {
		r := sched.Get(strings.Replace(c.url, "example/", "example"+port(origin.at)+"/", 1))
		if c.name == "an address" {
			r = sched.Get("http://" + origin.at + "/")
		}
		r.Method, r.Body, r.Decode = c.method, []byte(c.send), true
		via := ""
		o := &outcome{}
		v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
			if resp != nil {
				via = resp.Header.Get("Via")
			}
			return v.see(o)(resp, err)
		})
		v.wait()
		if o.err != nil || o.status != c.status || c.body != "*" && o.body != c.body {
			t.Errorf("%s: got %v; want %d, %d bytes", c.name, o, c.status, len(c.body))
		}
		if !strings.Contains(via, "squid.example") || o.info.Reused != (i > 0) {
			t.Errorf("%s: via %q, reused %v; want squid's, reused but for the first", c.name, via, o.info.Reused)
		}
	}
	if got := v.s.Stats().Open; got != 1 {
		t.Errorf("%d connections to the proxy; want 1", got)
	}
	if _, n := origin.served(t); n < 9 {
		t.Errorf("the origin served %d requests; want all", n)
	}
}

// Through squid to nginx with TLS: a tunnel for each host, kept as any other
// connection, and the certificate is held against the target's name.
func TestSquidTunnels(t *testing.T) {
	origin := startNginxTLS(t, "TLSv1.2 TLSv1.3")
	squid := startSquid(t, "")
	v := newReal(t, trusting(through("http://"+squid.at)))
	long := strings.Repeat("0123456789abcdef", 1<<16)
	for i, host := range []string{"a.example", "a.example", "b.example", "a.example", "127.0.0.1"} {
		o := v.fetch(sched.Get("https://" + host + port(origin) + "/"))
		if reused := i == 1 || i == 3; o.err != nil || o.body != "hello" || o.info.Reused != reused {
			t.Errorf("%d, %s: got %v, reused %v; want hello, reused %v", i, host, o, o.info.Reused, reused)
		}
	}
	url := "https://a.example" + port(origin) + "/files/x"
	put := sched.Get(url)
	put.Method, put.Body = "PUT", []byte(long)
	if o := v.fetch(put); o.err != nil || o.status != 201 || !o.info.Reused {
		t.Errorf("PUT: got %v; want 201", o)
	}
	if o := v.fetch(sched.Get(url)); o.err != nil || o.body != long || !o.info.Reused {
		t.Errorf("GET: got %v, %d bytes; want %d", o.err, len(o.body), len(long))
	}
	var all []*outcome
	for range 60 {
		o := &outcome{}
		all = append(all, o)
		v.s.Add(sched.Get("https://a.example"+port(origin)+"/"), v.see(o))
	}
	v.wait()
	for _, o := range all {
		if o.calls != 1 || o.err != nil || o.body != "hello" {
			t.Errorf("at once: got %d calls, %v; want one, hello", o.calls, o)
		}
	}
	o := v.fetch(sched.Get("https://localhost" + port(squid.at) + "/"))
	if o.kind != sched.TLS || !strings.HasSuffix(o.err.Error(), "the server speaks plain HTTP on this port: use http") {
		t.Errorf("a tunnel to a plain port: got %v; want the hint", o)
	}
}

// Who is let in. A forwarded request brings 407 home as a response, for it is
// one; a tunnel that is not opened is an error that says what the proxy wants.
func TestSquidCredentials(t *testing.T) {
	plain := startNginx(t, `server { listen ADDR; location / { return 200 "hello"; } }`)
	secure := startNginxTLS(t, "TLSv1.3")
	squid := startSquid(t, squidUsers)
	squid.letIn(t, "me", "p@ss:word")
	for _, c := range []struct {
		name string
		user *url.Userinfo
		want string // "" lets in
	}{
		{"right", url.UserPassword("me", "p@ss:word"), ""},
		{"none", nil, `the proxy wants credentials (407): it asks for "Basic realm=\"the proxy\""`},
		{"wrong password", url.UserPassword("me", "guess"), `the proxy does not accept the credentials (407): it asks for "Basic realm=\"the proxy\""`},
		{"wrong user", url.UserPassword("you", "p@ss:word"), `the proxy does not accept the credentials (407): it asks for "Basic realm=\"the proxy\""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := &url.URL{Scheme: "http", User: c.user, Host: squid.at}
			v := newReal(t, trusting(sched.Options{Proxy: func(*url.URL) (*url.URL, error) { return u, nil }}))
			for range 2 {
				forwarded := v.fetch(sched.Get("http://" + plain + "/"))
				tunnelled := v.fetch(sched.Get("https://" + secure + "/"))
				if c.want == "" {
					if forwarded.body != "hello" || tunnelled.body != "hello" {
						t.Errorf("got %v and %v; want hello", forwarded, tunnelled)
					}
					continue
				}
				if forwarded.err != nil || forwarded.status != 407 {
					t.Errorf("got %v; want a response, 407", forwarded)
				}
				if tunnelled.kind != sched.Proxy || tunnelled.phase != sched.PhaseProxy || !strings.HasSuffix(tunnelled.err.Error(), c.want) {
					t.Errorf("got %v; want proxy: ... %s", tunnelled, c.want)
				}
				if tunnelled.err != nil && strings.Contains(tunnelled.err.Error(), "p@ss") {
					t.Errorf("%v shows a password", tunnelled.err)
				}
			}
		})
	}
}

// What the proxy will not or cannot reach.
func TestSquidRefuses(t *testing.T) {
	nobody := freeaddr.Get(t)
	squid := startSquid(t, "acl never dst 127.0.0.9\nhttp_access deny never\n")
	for _, c := range []struct {
		name, url string
		status    int    // of a forwarded request
		want      string // of a tunnel
	}{
		{"a target that is denied", "http://127.0.0.9:8080/", 403, ""},
		{"a tunnel that is denied", "https://127.0.0.9:8443/", 0, `127.0.0.9:8443: the proxy refused with 403 "Forbidden"`},
		{"a target that refuses", "http://" + nobody + "/", 503, ""},
		{"a tunnel to one that refuses", "https://" + nobody + "/", 0, nobody + `: the proxy refused with 503 "Service Unavailable"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newReal(t, trusting(through("http://"+squid.at)))
			o := v.fetch(sched.Get(c.url))
			if c.status != 0 && (o.err != nil || o.status != c.status) {
				t.Errorf("got %v; want %d", o, c.status)
			}
			if c.status == 0 && (o.kind != sched.Proxy || !strings.HasSuffix(o.err.Error(), fmt.Sprintf("proxy http://%s: %s", squid.at, c.want))) {
				t.Errorf("got %v; want proxy: %s", o, c.want)
			}
		})
	}
	squid.stop()
	v := newReal(t, trusting(through("http://"+squid.at)))
	for _, scheme := range []string{"http", "https"} {
		if o := v.fetch(sched.Get(scheme + "://a.example/")); o.kind != sched.Connect || !strings.Contains(o.err.Error(), squid.at+": connection refused") {
			t.Errorf("without a proxy: got %v; want connect: refused", o)
		}
	}
}

// The proxy closes what is idle: a request that may not be sent twice is sent
// once, over a new connection, and a tunnel is opened anew.
func TestSquidClosesWhatIsIdle(t *testing.T) {
	plain := newNginx(t, counted+`server { listen ADDR; location / { return 200 "hello"; } }`)
	secure := startNginxTLS(t, "TLSv1.3")
	squid := startSquid(t, "client_idle_pconn_timeout 1 second\n")
	v := newReal(t, trusting(through("http://"+squid.at)))
	urls := []string{"http://" + plain.at + "/", "https://" + secure + "/"}
	for _, u := range urls {
		if o := v.fetch(sched.Get(u)); o.body != "hello" {
			t.Fatalf("got %v; want hello", o)
		}
	}
	for v.s.Stats().Idle > 1 { // the tunnel, of which squid knows no requests, stays
		v.l.CallLater(ms(10), v.l.Stop)
		if err := v.l.Run(); err != nil {
			t.Fatal(err)
		}
	}
	for i, u := range urls {
		o := v.fetch(post(u, "body"))
		if o.body != "hello" || o.info.Attempts != 1 || o.info.Reused != (i == 1) {
			t.Errorf("POST %s: got %v, %d attempts, reused %v; want hello in one", u, o, o.info.Attempts, o.info.Reused)
		}
	}
	if _, n := plain.served(t); n != 2 {
		t.Errorf("the origin served %d requests; want 2", n)
	}
}
