package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/qqloop/qqloop/bot"
)

// The services that an account may be on.
const (
	serviceWebQQ  = "webqq"
	serviceOneBot = "onebot"
)

// An accountConfig is one account: the table [account], or one of [[account]].
// Where the service is stands in it too; the short form may have that in
// [service].
type accountConfig struct {
	Service string `toml:"service,omitempty" comment:"\"webqq\" or \"onebot\"."`
	Name    string `toml:"name,omitempty" comment:"What the log and --account call it."`
	QQ      uint64 `toml:"qq,omitempty" comment:"The account's number. With login = \"password\" it is needed; with \"qr\" nobody else may scan."`
	Nick    string `toml:"nick,omitempty" comment:"The name by which people in groups mention the bot: @bot."`
	Login   string `toml:"login,omitempty" comment:"\"qr\" (SmartQQ) or \"password\" (WebQQ)."`

	PasswordFile string  `toml:"password-file,omitempty" comment:"The password is in this file, or in this environment variable; never here."`
	PasswordEnv  string  `toml:"password-env,omitempty"`
	Session      *string `toml:"session,omitempty"` // a file; as that of [session]

	Token     string `toml:"token,omitempty" comment:"The access token of the implementation's network settings: here, in a file, or in an environment variable."`
	TokenFile string `toml:"token-file,omitempty"`
	TokenEnv  string `toml:"token-env,omitempty"`
	Transport string `toml:"transport,omitempty" comment:"How events come: auto, sse, poll or ws."`

	serviceConfig
}

// service returns the name of the service, which the file may leave out.
func (a *accountConfig) service() string {
	if a.Service == "" {
		return serviceWebQQ
	}
	return a.Service
}

// check returns the first key whose value cannot be used, and why.
func (a *accountConfig) check() (key []string, reason string) {
	if i := strings.IndexFunc(a.Name, func(r rune) bool { return r == '/' || r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) }); i >= 0 {
		return []string{"name"}, fmt.Sprintf("%q: a name has no blank and no slash", a.Name)
	}
	switch a.service() {
	case serviceWebQQ:
		return a.checkWebQQ()
	case serviceOneBot:
		return a.checkOneBot()
	}
	return []string{"service"}, fmt.Sprintf(`%q is no service: "webqq" or "onebot"`, a.Service)
}

// chatRate is how often the bot may speak in one chat. The client of WebQQ
// sees to that itself. QQ freezes accounts that are faster than people.
func (a *accountConfig) chatRate() bot.Rate {
	if a.service() == serviceWebQQ {
		return bot.Rate{}
	}
	if every := a.Pacing.or(time.Second); every > 0 {
		return bot.Rate{Every: every, Burst: 3}
	}
	return bot.Rate{}
}

func (a *accountConfig) checkWebQQ() (key []string, reason string) {
	for _, key := range [][2]string{{"token", a.Token}, {"token-file", a.TokenFile}, {"token-env", a.TokenEnv}, {"transport", a.Transport}} {
		if key[1] != "" {
			return key[:1], `only an account with service = "onebot" has one`
		}
	}
	switch a.Login {
	case "", "qr":
	case "password":
		if a.QQ == 0 {
			return []string{"login"}, `"password" needs account.qq, the number to log in with`
		}
		if (a.PasswordFile == "") == (a.PasswordEnv == "") {
			return []string{"login"}, `"password" needs one of account.password-file and account.password-env`
		}
	default:
		return []string{"login"}, fmt.Sprintf(`%q is no way to log in: "qr" or "password"`, a.Login)
	}
	return a.serviceConfig.check()
}

func (a *accountConfig) checkOneBot() (key []string, reason string) {
	only := `only an account with service = "webqq" has one`
	switch {
	case a.QQ != 0:
		return []string{"qq"}, only + ": the implementation says who it is"
	case a.Login != "":
		return []string{"login"}, only + ": the implementation logs in"
	case a.PasswordFile != "":
		return []string{"password-file"}, only
	case a.PasswordEnv != "":
		return []string{"password-env"}, only
	case a.TLSAddress != "":
		return []string{"tls-address"}, only + ": write address = \"https://...\""
	case a.Hosts != nil:
		return []string{"hosts"}, only
	case a.QRPoll.Duration != nil:
		return []string{"qr-poll"}, only
	case a.Session != nil:
		return []string{"session"}, only
	}
	if reason := badOneBotAddress(a.Address); reason != "" {
		return []string{"address"}, reason
	}
	if _, err := a.roots(); err != nil {
		return []string{"ca"}, err.Error()
	}
	given := ""
	for _, token := range [][2]string{{"token", a.Token}, {"token-file", a.TokenFile}, {"token-env", a.TokenEnv}} {
		if token[1] != "" && given != "" {
			return []string{token[0]}, "account." + given + " has it already: one of token, token-file and token-env"
		}
		if token[1] != "" {
			given = token[0]
		}
	}
	ws := strings.HasPrefix(a.Address, "ws")
	switch a.Transport {
	case "", "auto", "ws":
	case "sse", "poll":
		if ws {
			return []string{"transport"}, fmt.Sprintf("%q needs an http address, and %s is a WebSocket's", a.Transport, a.Address)
		}
	default:
		return []string{"transport"}, fmt.Sprintf("%q is no way for events to come: auto, sse, poll or ws", a.Transport)
	}
	return nil, ""
}

// badOneBotAddress says what is wrong with an address, or "".
func badOneBotAddress(address string) string {
	const like = `such as "http://127.0.0.1:3000"`
	if address == "" {
		return "where the implementation listens, " + like + ", is missing"
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return fmt.Sprintf("%q is no URL %s", address, like)
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ws" && u.Scheme != "wss":
		return fmt.Sprintf("%q has the scheme %q: http, https, ws or wss, %s", address, u.Scheme, like)
	case u.User != nil, u.Query().Has("access_token"):
		return "it holds a secret, and addresses reach the log: the token belongs in account.token"
	}
	return ""
}
