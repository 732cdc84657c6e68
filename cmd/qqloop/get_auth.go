package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/qqloop/qqloop/sched"
)

// auth returns the credentials of -u, or nil. Somebody who sits there is asked
// for a password that is not on the command line.
func (c *getCmd) auth(e *env) (*sched.Auth, error) {
	if c.User == nil {
		return nil, nil
	}
	user, password, ok := strings.Cut(*c.User, ":")
	if !ok {
		stdin, _ := e.stdin.(*os.File)
		if !isTerminal(e.stdin) || !isTerminal(e.stderr) {
			return nil, usagef("-u %q: write USER:PASSWORD, or 'USER:' for an empty password", user)
		}
		fmt.Fprintf(e.stderr, "Password of %s: ", user)
		typed, err := term.ReadPassword(int(stdin.Fd()))
		fmt.Fprintln(e.stderr)
		if err != nil {
			return nil, usagef("-u: the password was not read: %w", err)
		}
		password = string(typed)
	}
	return &sched.Auth{User: user, Password: password, Scheme: c.authScheme()}, nil
}

// authOf returns the credentials for a target: those of -u, else its own.
func (f *fetch) authOf(t *target) *sched.Auth {
	if f.auth != nil || t.user == nil {
		return f.auth
	}
	password, _ := t.user.Password()
	return &sched.Auth{User: t.user.Username(), Password: password, Scheme: f.cmd.authScheme()}
}

// authScheme is how credentials are shown. With two schemes named the server
// may choose.
func (c *getCmd) authScheme() sched.AuthScheme {
	switch {
	case c.AnyAuth || c.Basic && c.Digest:
		return sched.AuthAny
	case c.Digest:
		return sched.AuthDigest
	}
	return sched.AuthBasic
}

// withoutUser is u as it may be shown, and as others may be told of it.
func withoutUser(u *url.URL) string {
	plain := *u
	plain.User, plain.Fragment, plain.RawFragment = nil, "", ""
	return plain.String()
}
