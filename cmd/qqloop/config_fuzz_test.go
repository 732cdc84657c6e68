package main

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// FuzzConfig: what is wrong with a configuration is said with its file and a
// line that is there; one that is accepted has accounts that can be told apart.
func FuzzConfig(f *testing.F) {
	example, err := os.ReadFile("../../examples/qqloop.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, text := range []string{
		"", "[account]\n", "[[account]]\n", "account = 1\n", "\xff", "[log]\nlevel = \"loud\"\n",
		"[account]\nqq = 10001\nlogin = \"qr\"\n[service]\nweb = \"http://127.0.0.1:1\"\n[session]\nfile = \"\"\n",
		"[[account]]\nname = \"a\"\nservice = \"onebot\"\naddress = \"http://127.0.0.1:3000\"\nchat-rate = \"1s\"\n[[account]]\nname = \"a\"\n",
		"[account]\nservice = \"onebot\"\naddress = \"ws://[::1]:3001\"\n[bot]\ntitle-allow = [\"127.0.0.0/8\"]\nmax-delay = \"24h\"\ntime-zone = \"Asia/Shanghai\"\n",
		"[account]\nservice = \"onebot\"\naddress = \"http://127.0.0.1:3000\"\n[[rule]]\nregexp = \"(\"\nreply = \"{{\"\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig("bot.toml", text)
		if err != nil {
			rest, ok := strings.CutPrefix(err.Error(), "bot.toml:")
			number, reason, found := strings.Cut(rest, ": ")
			line, bad := strconv.Atoi(number)
			if !ok || !found || reason == "" || bad != nil || line < 1 || line > bytes.Count(text, []byte("\n"))+1 {
				t.Errorf("%v; want bot.toml, a line of the file, and a reason (%d lines)", err, bytes.Count(text, []byte("\n"))+1)
			}
			if inner := errors.Unwrap(err); inner != nil && inner.Error() == "" {
				t.Errorf("%v: an empty cause", err)
			}
			return
		}
		names := make(map[string]bool)
		for _, a := range c.Accounts {
			if a.Name == "" && len(c.Accounts) > 1 || names[a.Name] {
				t.Errorf("accounts %+v; want a name of its own for each", c.Accounts)
			}
			names[a.Name] = true
			if s := a.service(); s != "webqq" && s != "onebot" {
				t.Errorf("service %q; want webqq or onebot", s)
			}
		}
		if len(c.Accounts) == 0 {
			t.Error("a configuration without an account was accepted")
		}
	})
}
