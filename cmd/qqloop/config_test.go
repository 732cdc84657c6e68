package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// TestHelpConfig reads the configuration that the help shows: it must not
// promise what is not there, nor keep a key to itself.
func TestHelpConfig(t *testing.T) {
	help := (*runCmd).Help(nil)
	var text strings.Builder
	for line := range strings.Lines(help) {
		if after, ok := strings.CutPrefix(line, "    "); ok && !strings.HasPrefix(after, "password-env") {
			text.WriteString(after)
		}
	}
	short, long, _ := strings.Cut(text.String(), "[[account]]")
	c, err := parseConfig("help", []byte("[[account]]"+long))
	if err != nil || len(c.Accounts) != 2 {
		t.Errorf("got %+v, %v; want two accounts", c, err)
	}
	c, err = parseConfig("help", []byte(short))
	check(t, err)
	if c.Service.Hosts["w.qq.com"] == "" || c.Log.Level != "info" || c.Session.File == nil || c.Bot.MaxDelay.or(0) != 24*time.Hour || len(c.Bot.TitleAllow) != 1 {
		t.Errorf("got %+v; want what the help says", c)
	}
}

// TestEmulatedConfigIsAccepted: with TLS and without, the bot finds the way.
func TestEmulatedConfigIsAccepted(t *testing.T) {
	for _, https := range []string{"", "0.0.0.0:0"} {
		server, err := emulator.Start(emulator.New(emulator.DefaultScene(), emulator.Options{}), emulator.ServerOptions{HTTP: "0.0.0.0:0", HTTPS: https})
		check(t, err)
		defer server.Close()
		text, err := emulatedConfig(emulator.DefaultScene(), server)
		check(t, err)
		c, err := parseConfig("emulated", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		// Who listens everywhere is found on loopback, on the same port.
		leads := func(at netip.AddrPort, to string) bool {
			return at.Addr().IsLoopback() && strings.HasSuffix(to, fmt.Sprintf(":%d", at.Port()))
		}
		at, ok := c.Service.resolve("d1.web2.qq.com", "80")
		if !ok || !leads(at, server.HTTPAddr()) {
			t.Errorf("got %v, %v; want loopback, and the port of %v", at, ok, server.HTTPAddr())
		}
		at, ok = c.Service.resolve("ui.ptlogin2.qq.com", "443")
		roots, err := c.Service.roots()
		check(t, err)
		if https == "" {
			if ok || !c.Service.plain() || roots != nil {
				t.Errorf("without TLS: got %v, %v, plain %v, roots %v; want none, plain and none", at, ok, c.Service.plain(), roots)
			}
		} else if !leads(at, server.HTTPSAddr()) || c.Service.plain() || roots == nil {
			t.Errorf("got %v, plain %v, roots %v; want the port of %v, not plain, and the emulator's", at, c.Service.plain(), roots, server.HTTPSAddr())
		}
		for _, host := range []string{"example.com", "evilqq.com"} {
			if _, ok := c.Service.resolve(host, "80"); ok {
				t.Errorf("%s leads to the emulator; want it looked up", host)
			}
		}
		if c.Service.Pacing.Duration == nil || *c.Service.Pacing.Duration != 0 {
			t.Errorf("got pacing %v; want 0s, which is not the same as none given", c.Service.Pacing)
		}
	}
}

func TestServiceHosts(t *testing.T) {
	s := serviceConfig{Address: "10.0.0.1:80", TLSAddress: "10.0.0.1:443", Hosts: map[string]string{
		"w.qq.com": "10.0.0.2:80", "w.qq.com:443": "10.0.0.3:443", "example.com": "10.0.0.4:80",
	}}
	for _, test := range []struct{ host, port, want string }{
		{"w.qq.com", "80", "10.0.0.2:80"}, {"w.qq.com", "443", "10.0.0.3:443"}, {"s.web2.qq.com", "80", "10.0.0.1:80"},
		{"s.web2.qq.com", "443", "10.0.0.1:443"}, {"example.com", "80", "10.0.0.4:80"}, {"example.com", "443", ""},
	} {
		at, ok := s.resolve(test.host, test.port)
		if ok != (test.want != "") || ok && at.String() != test.want {
			t.Errorf("%s:%s: got %v, %v; want %q", test.host, test.port, at, ok, test.want)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	const one = "[[account]]\nname = \"first\"\n\n[[account]]\nservice = \"onebot\"\n"
	for text, want := range map[string]string{
		"[bot]\nmax-reminders = -1\n":                                                    "f:2: bot.max-reminders: a number above 0",
		"[bot]\ntime-zone = \"Mars\"\n":                                                  `f:2: bot.time-zone: "Mars" is not a time zone such as "Asia/Shanghai"`,
		"[log]\nlevel = \"loud\"\n":                                                      `f:2: log.level: "loud" is no level: "debug", "info", "warn" or "error"`,
		"[log]\n\nformat = \"xml\"\n":                                                    `f:3: log.format: "xml" is no format: "text" or "json"`,
		"log.format = \"xml\"\n":                                                         `f:1: log.format: "xml" is no format: "text" or "json"`,
		"[service]\naddress = \"127.0.0.1:1\"\ntls-address = \"x\"\n":                    `f:3: service.tls-address: "x" is not an address and port such as "127.0.0.1:8013"`,
		"[service]\ntls-address = \"127.0.0.1:1\"\n":                                     `f:2: service.tls-address: it needs service.address: most hosts of the service are asked over http`,
		"[service]\nca = \"none\"\n":                                                     `f:2: service.ca: it holds no certificate: it should be PEM, -----BEGIN CERTIFICATE-----`,
		"[service]\nhosts = { \"w.qq.com\" = \"x\" }\n":                                  `f:2: service.hosts.w.qq.com: "x" is not an address and port such as "127.0.0.1:8013"`,
		"[service.hosts]\n\"a\" = \"127.0.0.1:1\"\n\"w.qq.com\" = \"x\"\n":               `f:3: service.hosts.w.qq.com: "x" is not an address and port such as "127.0.0.1:8013"`,
		"[account]\nlogin = \"password\"\n":                                              `f:2: account.login: "password" needs account.qq, the number to log in with`,
		"[account]\nqq = 1\nlogin = \"password\"\n":                                      `f:3: account.login: "password" needs one of account.password-file and account.password-env`,
		"[account]\nqq=1\nlogin=\"password\"\npassword-file=\"a\"\npassword-env=\"b\"\n": `f:3: account.login: "password" needs one of account.password-file and account.password-env`,
		"[account]\nservice = \"icq\"\n":                                                 `f:2: account.service: "icq" is no service: "webqq" or "onebot"`,
		"[account]\nservice = \"onebot\"\n":                                              `f:1: account.address: where the implementation listens, such as "http://127.0.0.1:3000", is missing`,
		one + "address = \"127.0.0.1:3000\"\n":                                           `f:6: account.address: "127.0.0.1:3000" is no URL such as "http://127.0.0.1:3000"`,
		one + "address = \"ftp://a\"\n":                                                  `f:6: account.address: "ftp://a" has the scheme "ftp": http, https, ws or wss, such as "http://127.0.0.1:3000"`,
		one + "address = \"http://a/?access_token=b\"\n":                                 `f:6: account.address: it holds a secret, and addresses reach the log: the token belongs in account.token`,
		one + "address = \"http://a\"\ntoken = \"b\"\ntoken-env = \"c\"\n":               `f:8: account.token-env: account.token has it already: one of token, token-file and token-env`,
		one + "address = \"http://a\"\ntransport = \"pigeon\"\n":                         `f:7: account.transport: "pigeon" is no way for events to come: auto, sse, poll or ws`,
		one + "address = \"ws://a\"\ntransport = \"sse\"\n":                              `f:7: account.transport: "sse" needs an http address, and ws://a is a WebSocket's`,
		one + "address = \"http://a\"\nqq = 1\n":                                         `f:7: account.qq: only an account with service = "webqq" has one: the implementation says who it is`,
		one + "address = \"http://a\"\nname = \"first\"\n":                               `f:7: account.name: "first" is another account's name already`,
		one + "address = \"http://a\"\nname = \"a b\"\n":                                 `f:7: account.name: "a b": a name has no blank and no slash`,
		one + "colour = \"red\"\n":                                                       `f:6: there is no key "account.colour" here: see qqloop run --help for all of them`,
		"[[account]]\ntoken = \"b\"\n":                                                   `f:2: account.token: only an account with service = "onebot" has one`,
		"[account]\naddress = \"127.0.0.1:1\"\n[service]\npacing = \"1s\"\n":             `f:4: service.pacing: say where the service is in [account] or in [service], not in both`,
	} {
		_, err := parseConfig("f", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v; want %s", text, err, want)
		}
	}
	if _, err := parseConfig("f", nil); err != nil {
		t.Errorf("an empty file: got %v; want no error", err)
	}
}

// TestManyAccounts: each account has its own of everything.
func TestManyAccounts(t *testing.T) {
	c, err := parseConfig("dir/f.toml", []byte(`
[[account]]
qq = 10001
address = "127.0.0.1:1"
hosts = { "w.qq.com" = "127.0.0.1:2" }

[[account]]
name = "mine"
session = "elsewhere"

[[account]]
service = "onebot"
address = "https://bots.example:3000/one"
token-env = "QQLOOP_TEST_TOKEN"

[bot]
max-reminders = 2
`))
	check(t, err)
	if len(c.Accounts) != 3 || c.Bot.MaxReminders != 2 {
		t.Fatalf("got %+v", c)
	}
	web, mine, one := &c.Accounts[0], &c.Accounts[1], &c.Accounts[2]
	if at, ok := web.resolve("w.qq.com", "80"); !ok || at.Port() != 2 {
		t.Errorf("got %v, %v; want the port 2", at, ok)
	}
	if _, ok := mine.resolve("w.qq.com", "80"); ok {
		t.Error("the second account has the first one's hosts")
	}
	for a, want := range map[*accountConfig]string{web: "dir/f.webqq1.session", mine: "dir/elsewhere"} {
		if got := c.sessionFile(a); got != filepath.FromSlash(want) {
			t.Errorf("%s: got the session file %s; want %s", a.Name, got, want)
		}
	}
	if _, err := c.token(one); err == nil || !strings.Contains(err.Error(), "QQLOOP_TEST_TOKEN is empty") {
		t.Errorf("got %v; want the empty variable named", err)
	}
	t.Setenv("QQLOOP_TEST_TOKEN", "secret")
	if got, err := c.token(one); err != nil || got != "secret" {
		t.Errorf("got %q, %v; want the token", got, err)
	}
}

func TestSaver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session")
	s := newSaver(path, slog.New(slog.DiscardHandler))
	for _, text := range []string{"one", "two", "three"} {
		s.save([]byte(text))
	}
	s.close()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "three" {
		t.Errorf("got %q, %v; want the last content", got, err)
	}
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v; want 0600", info.Mode())
	}
	s = newSaver(path, slog.New(slog.DiscardHandler))
	s.save(nil)
	s.close()
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v; want an empty directory", entries, err)
	}
}

func TestPeopleHandler(t *testing.T) {
	var out strings.Builder
	log := slog.New(&peopleHandler{w: &out, level: slog.LevelInfo}).With("a", 1).WithGroup("g")
	log.Debug("not this")
	log.Info("hello", "b", "x y", "c", "plain", "d", "")
	log.Warn("careful", slog.Group("h", "e", "line\nbreak"))
	want := []string{`hello a=1 g.b="x y" g.c=plain g.d=""`, `warn: careful a=1 g.h.e="line\nbreak"`}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %q; want %d lines", lines, len(want))
	}
	for i, line := range lines {
		if _, rest, _ := strings.Cut(line, " "); rest != want[i] {
			t.Errorf("got %q; want %q", rest, want[i])
		}
	}
}
