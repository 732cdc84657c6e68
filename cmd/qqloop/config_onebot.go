package main

import (
	"os"
	"strings"

	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
)

// A oneBotConfig says where an implementation of OneBot 11 is. With a URL the
// account is there, and not on WebQQ.
type oneBotConfig struct {
	URL       string `toml:"url,omitempty" comment:"Where NapCat or LLBot is: http://127.0.0.1:3000, or a ws:// address."`
	Transport string `toml:"transport,omitempty" comment:"How events come: \"auto\", \"sse\", \"poll\" or \"ws\"."`
	TokenFile string `toml:"token-file,omitempty" comment:"The access token is in this file, or in this environment variable; never here."`
	TokenEnv  string `toml:"token-env,omitempty"`
}

// check returns the first key whose value cannot be used, and why.
func (o *oneBotConfig) check(c *config) (key []string, reason string) {
	switch {
	case o.URL == "" && *o != (oneBotConfig{}):
		return []string{"url"}, "it is needed: where NapCat or LLBot is, such as \"http://127.0.0.1:3000\""
	case o.URL == "":
		return nil, ""
	case c.Account.Login != "":
		return []string{"url"}, "account.login is for WebQQ: whoever runs NapCat logs in there"
	case c.Service.Address != "" || len(c.Service.Hosts) > 0:
		return []string{"url"}, "[service] is WebQQ's: an account is there or on OneBot"
	case o.TokenFile != "" && o.TokenEnv != "":
		return []string{"token-file"}, "one of onebot.token-file and onebot.token-env"
	}
	// The client knows best what it can use; New makes no request.
	if _, err := onebot.New(new(sched.Stream), o.options()); err != nil {
		key = []string{"url"}
		if strings.Contains(err.Error(), "transport") {
			key = []string{"transport"}
		}
		return key, strings.TrimPrefix(strings.TrimPrefix(err.Error(), "onebot: "), "Options.URL ")
	}
	return nil, ""
}

func (o *oneBotConfig) options() onebot.Options {
	return onebot.Options{URL: o.URL, Transport: onebot.Transport(o.Transport)}
}

// oneBot returns the client's options, with the token from where the file says
// it is.
func (c *config) oneBot() (*onebot.Options, error) {
	o := c.OneBot.options()
	switch {
	case c.OneBot.TokenEnv != "":
		if o.Token = os.Getenv(c.OneBot.TokenEnv); o.Token == "" {
			return nil, usagef("%s: onebot.token-env: the environment variable %s is empty", c.path, c.OneBot.TokenEnv)
		}
	case c.OneBot.TokenFile != "":
		text, err := os.ReadFile(c.inDir(c.OneBot.TokenFile))
		if err != nil {
			return nil, usagef("%s: onebot.token-file: %w", c.path, err)
		}
		o.Token = strings.TrimRight(string(text), "\r\n")
	}
	return &o, nil
}
