package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// A config is the file of qqloop run. Unknown keys are errors: a misspelt one
// would otherwise be silently without effect.
type config struct {
	path string // where it was read from; names in it are relative to it

	Account accountConfig `toml:"account"`
	Service serviceConfig `toml:"service,omitempty"`
	OneBot  oneBotConfig  `toml:"onebot,omitempty"`
	Bot     botConfig     `toml:"bot,omitempty"`
	Session sessionConfig `toml:"session,omitempty"`
	Log     logConfig     `toml:"log,omitempty"`
}

type accountConfig struct {
	QQ    uint64 `toml:"qq,omitempty" comment:"The account's number. With login = \"password\" it is needed; with \"qr\" nobody else may scan."`
	Nick  string `toml:"nick,omitempty" comment:"The name by which people in groups mention the bot: @bot."`
	Login string `toml:"login,omitempty" comment:"\"qr\" (SmartQQ) or \"password\" (WebQQ)."`

	PasswordFile string `toml:"password-file,omitempty" comment:"The password is in this file, or in this environment variable; never here."`
	PasswordEnv  string `toml:"password-env,omitempty"`
}

type botConfig struct {
	TitleAllow   []netip.Prefix `toml:"title-allow,omitempty" comment:"Networks that the title command may reach although they are not public."`
	MaxReminders int            `toml:"max-reminders,omitempty" comment:"Reminders that one person may have waiting."`
	MaxDelay     duration       `toml:"max-delay,omitempty" comment:"The longest time of a reminder."`
	TimeZone     string         `toml:"time-zone,omitempty"` // "Asia/Shanghai"; "" is the machine's
}

type sessionConfig struct {
	// Nil is beside the configuration: bot.session for bot.toml. "" keeps none.
	File *string `toml:"file,omitempty"`
}

type logConfig struct {
	Format string `toml:"format,omitempty"` // "text" or "json"
	Level  string `toml:"level,omitempty"`  // "debug", "info", "warn", "error"
}

// A duration is a string in TOML: "500ms". Nil means that it was not given.
type duration struct{ *time.Duration }

// UnmarshalText reads "500ms".
func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration such as \"500ms\" or \"2s\"", text)
	}
	d.Duration = &v
	return nil
}

// MarshalText writes "500ms".
func (d duration) MarshalText() ([]byte, error) { return []byte(d.Duration.String()), nil }

// or returns d, or def if it was not given.
func (d duration) or(def time.Duration) time.Duration {
	if d.Duration == nil {
		return def
	}
	return *d.Duration
}

// configName is what the file is called where it is looked for.
const configName = "qqloop.toml"

// findConfig returns the file to read: the named one, else the one in the
// working directory, else the one in the user's config directory.
func findConfig(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	places := []string{configName}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "qqloop", configName))
	}
	for _, place := range places {
		if _, err := os.Stat(place); !errors.Is(err, fs.ErrNotExist) {
			return place, nil
		}
	}
	return "", usagef("no configuration: looked for %s. The command init, which will write one, comes with a later version: until then let qqloop emulate --config-out %s write one, or name yours with -c FILE",
		strings.Join(places, " and "), configName)
}

// readConfig reads and checks a file. Its errors name the file and the line.
func readConfig(path string) (*config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("the configuration cannot be read: %w", err)
	}
	c, err := parseConfig(path, text)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	return c, nil
}

func parseConfig(path string, text []byte) (*config, error) {
	c := &config{path: path}
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(c)
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		bad := missing.Errors[0]
		line, _ := bad.Position()
		return nil, fmt.Errorf("%s:%d: there is no key %q here: see qqloop run --help for all of them", path, line, strings.Join(bad.Key(), "."))
	}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := bad.Position()
		return nil, fmt.Errorf("%s:%d: %s", path, line, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key, reason := c.check(); reason != "" {
		return nil, fmt.Errorf("%s:%d: %s: %s", path, lineOfKey(text, key), strings.Join(key, "."), reason)
	}
	return c, nil
}

// check returns the first key whose value cannot be used, and why.
func (c *config) check() (key []string, reason string) {
	switch c.Account.Login {
	case "", "qr":
	case "password":
		if c.Account.QQ == 0 {
			return []string{"account", "login"}, `"password" needs account.qq, the number to log in with`
		}
		if (c.Account.PasswordFile == "") == (c.Account.PasswordEnv == "") {
			return []string{"account", "login"}, `"password" needs one of account.password-file and account.password-env`
		}
	default:
		return []string{"account", "login"}, fmt.Sprintf(`%q is no way to log in: "qr" or "password"`, c.Account.Login)
	}
	if key, reason := c.Service.check(); reason != "" {
		return append([]string{"service"}, key...), reason
	}
	if key, reason := c.OneBot.check(c); reason != "" {
		return append([]string{"onebot"}, key...), reason
	}
	if c.Bot.MaxReminders < 0 {
		return []string{"bot", "max-reminders"}, "a number above 0"
	}
	if _, err := time.LoadLocation(c.Bot.TimeZone); err != nil {
		return []string{"bot", "time-zone"}, fmt.Sprintf("%q is not a time zone such as \"Asia/Shanghai\"", c.Bot.TimeZone)
	}
	switch c.Log.Format {
	case "", "text", "json":
	default:
		return []string{"log", "format"}, fmt.Sprintf(`%q is no format: "text" or "json"`, c.Log.Format)
	}
	if _, err := logLevel(c.Log.Level); err != nil {
		return []string{"log", "level"}, err.Error()
	}
	return nil, ""
}

// lineOfKey finds the line on which a key stands, for messages about values that
// are good TOML and make no sense.
func lineOfKey(text []byte, key []string) int {
	table, n := "", 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			table, _, _ = strings.Cut(name, "]")
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		name = strings.ReplaceAll(strings.TrimSpace(name), `"`, "")
		if table != "" {
			name = table + "." + name
		}
		// An inline table stands where its own key does.
		if whole := strings.Join(key, "."); whole == name || name != "" && strings.HasPrefix(whole, name+".") {
			return n
		}
	}
	return 1
}

// inDir returns name as it is meant in the file: relative to the file.
func (c *config) inDir(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.path), name)
}

// sessionFile is where the session is kept, or "" for nowhere.
func (c *config) sessionFile() string {
	if c.Session.File == nil {
		return strings.TrimSuffix(c.path, filepath.Ext(c.path)) + ".session"
	}
	return c.inDir(*c.Session.File)
}

// password fetches the password from where the file says it is.
func (c *config) password() (string, error) {
	if name := c.Account.PasswordEnv; name != "" {
		if v := os.Getenv(name); v != "" {
			return v, nil
		}
		return "", usagef("%s: account.password-env: the environment variable %s is empty", c.path, name)
	}
	if c.Account.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(c.inDir(c.Account.PasswordFile))
	if err != nil {
		return "", usagef("%s: account.password-file: %w", c.path, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
