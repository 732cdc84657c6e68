package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

type initCmd struct {
	Config    string  `short:"c" default:"qqloop.toml" placeholder:"FILE" help:"The file to write. Default: ${default}."`
	Address   *string `placeholder:"URL" help:"Where the implementation of OneBot is: http://127.0.0.1:3000."`
	TokenFile *string `placeholder:"FILE" help:"The access token is in this file, which the configuration will name. Default: it is asked for, or read from standard input."`
	Owner     *uint64 `placeholder:"QQ" help:"Your own number: rules may be for the owner alone."`
	Nick      *string `placeholder:"NAME" help:"The name by which people in groups mention the bot. Default: the account's."`
	Force     bool    `help:"Replace a file that is there."`
	NoProbe   bool    `help:"Do not ask the address what is there."`
}

// Help is the longer text of qqloop init --help.
func (*initCmd) Help() string {
	return `Writes a configuration for an account on OneBot 11: NapCat, LLBot. It asks what no flag tells, asks the address whether it works, and writes the file with mode 600.

When standard input is no terminal nothing is asked: the address is a flag's, and the first line is the token, if --token-file names none.

    qqloop init
    printf '%s\n' "$TOKEN" | qqloop init --address http://127.0.0.1:3000

The file is written although something is wrong there, and the status is then 1: qqloop doctor tells again.`
}

// Run asks, probes and writes.
func (c *initCmd) Run(e *env) error {
	if _, err := os.Lstat(c.Config); err == nil && !c.Force {
		return usagef("%s is there already: --force replaces it", c.Config)
	}
	q := &questions{env: e, asks: isTerminal(e.stdin) && isTerminal(e.stderr), in: bufio.NewReader(e.stdin)}
	a := accountConfig{Service: serviceOneBot}
	var err error
	if a.Address, err = q.address(c.Address); err != nil {
		return err
	}
	token := ""
	if c.TokenFile != nil {
		b, err := os.ReadFile(*c.TokenFile)
		if err != nil {
			return usagef("--token-file: %w", err)
		}
		a.TokenFile, token = *c.TokenFile, strings.TrimRight(string(b), "\r\n")
	} else {
		if token, err = q.secret("The access token there (nothing: it has none): "); err != nil {
			return err
		}
		a.Token = token
	}
	owner, err := q.owner(c.Owner)
	if err != nil {
		return err
	}
	if c.Nick != nil {
		a.Nick = *c.Nick
	}
	good := true
	if !c.NoProbe {
		d := &doctor{env: &env{stdout: e.stderr}}
		p := &probe{address: a.Address, token: token, patience: 10 * time.Second, now: time.Now,
			found: func(f finding) { d.tell("", f) }}
		if good, err = p.run(); err != nil {
			return err
		}
	}
	text := initialConfig(&a, owner)
	if _, err := parseConfig(c.Config, []byte(text)); err != nil {
		return usagef("that would make no configuration: %w", err)
	}
	if err := writeSecret(c.Config, []byte(text)); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s is written. Next: qqloop run -c %s\n", c.Config, c.Config)
	if !good {
		return &exitError{code: exitFailed}
	}
	return nil
}

// initialConfig is the file, with words about what may be added.
func initialConfig(a *accountConfig, owner string) string {
	var b strings.Builder
	b.WriteString("# The bot's configuration, for qqloop run. qqloop run --help has every key.\n\n[account]\nservice = \"onebot\"\n")
	fmt.Fprintf(&b, "# Where the implementation (NapCat, LLBot) listens.\naddress = %s\n", tomlString(a.Address))
	switch {
	case a.TokenFile != "":
		fmt.Fprintf(&b, "# The access token of its network settings is in this file.\ntoken-file = %s\n", tomlString(a.TokenFile))
	case a.Token != "":
		fmt.Fprintf(&b, "# The access token of its network settings: keep this file to yourself.\ntoken = %s\n", tomlString(a.Token))
	default:
		b.WriteString("# It has no access token. Set one there, and here, if others can reach the port.\n# token = \"...\"\n")
	}
	b.WriteString("# How events come: auto, sse, poll or ws.\ntransport = \"auto\"\n")
	b.WriteString("# People in groups say @NAME to the bot; without this, the account's nick.\n")
	if a.Nick != "" {
		fmt.Fprintf(&b, "nick = %s\n", tomlString(a.Nick))
	} else {
		b.WriteString("# nick = \"bot\"\n")
	}
	b.WriteString(`
[bot]
# Reminders that one person may have waiting, and their longest time.
max-reminders = 5
max-delay = "24h"
# time-zone = "Asia/Shanghai"

[log]
level = "info"

[people]
# Your own number; rules may say allow = ["owner"].
`)
	if owner == "" {
		b.WriteString("# owner = \"20002\"\n")
	} else {
		fmt.Fprintf(&b, "owner = %s\n", tomlString(owner))
	}
	return b.String()
}

// tomlString writes a basic string.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// questions are put to whoever sits at the terminal; elsewhere lines are read
// and nothing is asked.
type questions struct {
	env  *env
	asks bool
	in   *bufio.Reader
}

// address takes the flag's, or asks until the answer is one.
func (q *questions) address(given *string) (string, error) {
	if given != nil {
		if reason := badOneBotAddress(*given); reason != "" {
			return "", usagef("--address: %s", reason)
		}
		return *given, nil
	}
	if !q.asks {
		return "", usagef("--address URL: where the implementation listens, such as http://127.0.0.1:3000")
	}
	for {
		line, err := q.line("Where does the implementation listen? [http://127.0.0.1:3000] ")
		if err != nil {
			return "", err
		}
		if line == "" {
			line = "http://127.0.0.1:3000"
		}
		if _, _, err := net.SplitHostPort(line); err == nil { // as people write it
			line = "http://" + line
		}
		reason := badOneBotAddress(line)
		if reason == "" {
			return line, nil
		}
		fmt.Fprintln(q.env.stderr, reason)
	}
}

// owner takes the flag's number, or asks for one.
func (q *questions) owner(given *uint64) (string, error) {
	if given != nil {
		return strconv.FormatUint(*given, 10), nil
	}
	for q.asks {
		line, err := q.line("Your own QQ number (nothing: later): ")
		if err != nil || line == "" {
			return "", err
		}
		if n, err := strconv.ParseUint(line, 10, 64); err == nil && n > 0 {
			return line, nil
		}
		fmt.Fprintf(q.env.stderr, "%q is no number\n", line)
	}
	return "", nil
}

// line reads a line; the end of the input is an empty one where nobody is
// asked.
func (q *questions) line(question string) (string, error) {
	if q.asks {
		io.WriteString(q.env.stderr, question)
	}
	line, err := q.in.ReadString('\n')
	if err != nil && (line == "" && q.asks || !errors.Is(err, io.EOF)) {
		return "", fmt.Errorf("standard input: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// secret reads a line without showing it.
func (q *questions) secret(question string) (string, error) {
	f, ok := q.env.stdin.(*os.File)
	if !q.asks || !ok {
		return q.line("")
	}
	io.WriteString(q.env.stderr, question)
	b, err := term.ReadPassword(int(f.Fd()))
	io.WriteString(q.env.stderr, "\n")
	if err != nil {
		return "", fmt.Errorf("the terminal: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
