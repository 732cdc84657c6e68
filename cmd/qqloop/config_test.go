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
	c, err := parseConfig("help", []byte(text.String()))
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
