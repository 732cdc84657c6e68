package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/qqloop/qqloop/bot/rules"
	"github.com/qqloop/qqloop/bot/script"
)

// A config is the file of qqloop run. Unknown keys are errors: a misspelt one
// would otherwise be silently without effect.
type config struct {
	path  string // where it was read from; names in it are relative to it
	short bool   // it has one [account], not a list of them

	// Account and Service are the short form, for one account. Accounts has
	// every account of either form, checked and named.
	Account  accountConfig   `toml:"account"`
	Service  serviceConfig   `toml:"service,omitempty"`
	Accounts []accountConfig `toml:"-"`

	Bot     botConfig     `toml:"bot,omitempty"`
	Session sessionConfig `toml:"session,omitempty"`
	Store   storeConfig   `toml:"store,omitempty"`
	Log     logConfig     `toml:"log,omitempty"`

	// What may change while the bot runs.
	rules.File
	Scripts []script.Config `toml:"script,omitempty"`
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

type storeConfig struct {
	// Nil is beside the configuration: bot.state for bot.toml. "" keeps none.
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
	return "", usagef("no configuration: looked for %s. Let qqloop init write one, or name yours with -c FILE",
		strings.Join(places, " and "))
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
	var err error
	if many := manyAccounts(text); many {
		long := struct {
			Accounts []accountConfig `toml:"account"`
			Bot      botConfig       `toml:"bot"`
			Store    storeConfig     `toml:"store"`
			Log      logConfig       `toml:"log"`
			rules.File
			Scripts []script.Config `toml:"script"`
		}{}
		err = decodeStrictly(path, text, &long)
		c.Accounts, c.Bot, c.Store, c.Log, c.File, c.Scripts = long.Accounts, long.Bot, long.Store, long.Log, long.File, long.Scripts
	} else {
		err = decodeStrictly(path, text, c)
		c.Accounts = []accountConfig{c.Account}
		if key := c.Service.firstKey(); key != "" && err == nil {
			if c.Account.firstKey() != "" {
				return nil, fmt.Errorf("%s:%d: service.%s: say where the service is in [account] or in [service], not in both", path, lineOfKey(text, []string{"service", key}), key)
			}
			c.Accounts[0].serviceConfig = c.Service
		}
		if c.Session.File != nil && c.Account.Session == nil {
			c.Accounts[0].Session = c.Session.File
		}
		c.short = true
	}
	if err != nil {
		return nil, err
	}
	if key, reason := c.check(); reason != "" {
		shown := strings.Join(slices.DeleteFunc(slices.Clone(key), isNumber), ".")
		return nil, fmt.Errorf("%s:%d: %s: %s", path, lineOfKey(text, key), shown, reason)
	}
	var known rules.Known
	for _, a := range c.Accounts {
		known.Accounts = append(known.Accounts, a.Name)
	}
	if i, err := script.Check(c.Scripts, filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, rules.LineOf(text, "script", i), err)
	}
	for _, s := range c.Scripts {
		known.Scripts = append(known.Scripts, s.Name)
	}
	if err := c.File.Check(path, text, known); err != nil {
		return nil, err
	}
	return c, nil
}

// manyAccounts reports whether text has [[account]]. One that is no TOML has
// not; the strict reading tells why.
func manyAccounts(text []byte) bool {
	var form struct {
		Account any `toml:"account"`
	}
	if toml.Unmarshal(text, &form) != nil {
		return bytes.Contains(text, []byte("[[account]]"))
	}
	_, many := form.Account.([]any)
	return many
}

func decodeStrictly(path string, text []byte, into any) error {
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(into)
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		bad := missing.Errors[0]
		line, _ := bad.Position()
		return fmt.Errorf("%s:%d: there is no key %q here: see qqloop run --help for all of them", path, line, strings.Join(bad.Key(), "."))
	}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := bad.Position()
		return fmt.Errorf("%s:%d: %s", path, line, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// check returns the first key whose value cannot be used, and why. It names
// the accounts that have no name.
func (c *config) check() (key []string, reason string) {
	names := map[string]bool{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		table := []string{"account", strconv.Itoa(i)}
		if c.short {
			table = table[:1]
		}
		if key, reason := a.check(); reason != "" {
			if c.short && c.Service.firstKey() != "" && a.has(key[0]) {
				table = []string{"service"}
			}
			return append(table, key...), reason
		}
		if a.Name == "" {
			a.Name = fmt.Sprintf("%s%d", a.service(), i+1)
		}
		if names[a.Name] {
			return append(table, "name"), fmt.Sprintf("%q is another account's name already", a.Name)
		}
		names[a.Name] = true
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

// lineOfKey finds the line on which a key stands, or else its table, for
// messages about values that are good TOML and make no sense. The second
// [[account]] is "account", "1".
func lineOfKey(text []byte, key []string) int {
	table, n, fallback := "", 0, 1
	seen := map[string]int{}
	whole := strings.Join(key, ".")
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			table, _, _ = strings.Cut(strings.TrimPrefix(name, "["), "]")
			if strings.HasPrefix(name, "[") {
				seen[table]++
				table = fmt.Sprintf("%s.%d", table, seen[table]-1)
			}
			if strings.HasPrefix(whole, table+".") {
				fallback = n
			}
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		name = strings.ReplaceAll(strings.TrimSpace(name), `"`, "")
		if name == "" {
			continue
		}
		if table != "" {
			name = table + "." + name
		}
		// An inline table stands where its own key does.
		if whole == name || strings.HasPrefix(whole, name+".") {
			return n
		}
	}
	return fallback
}

// inDir returns name as it is meant in the file: relative to the file.
func (c *config) inDir(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.path), name)
}

// sessionFile is where the session of an account is kept, or "" for nowhere.
func (c *config) sessionFile(a *accountConfig) string {
	base := strings.TrimSuffix(c.path, filepath.Ext(c.path))
	switch {
	case a.Session != nil:
		return c.inDir(*a.Session)
	case c.short:
		return base + ".session"
	}
	return base + "." + a.Name + ".session"
}

// storeFile is where the state of all accounts is kept, or "" for nowhere.
func (c *config) storeFile() string {
	if c.Store.File == nil {
		return strings.TrimSuffix(c.path, filepath.Ext(c.path)) + ".state"
	}
	return c.inDir(*c.Store.File)
}

// password fetches the password from where the file says it is.
func (c *config) password(a *accountConfig) (string, error) {
	return c.secret("password", "", a.PasswordFile, a.PasswordEnv)
}

// token fetches the access token; "" is none.
func (c *config) token(a *accountConfig) (string, error) {
	return c.secret("token", a.Token, a.TokenFile, a.TokenEnv)
}

func (c *config) secret(what, value, file, env string) (string, error) {
	switch {
	case env != "":
		if v := os.Getenv(env); v != "" {
			return v, nil
		}
		return "", usagef("%s: account.%s-env: the environment variable %s is empty", c.path, what, env)
	case file != "":
		text, err := os.ReadFile(c.inDir(file))
		if err != nil {
			return "", usagef("%s: account.%s-file: %w", c.path, what, err)
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	return value, nil
}
