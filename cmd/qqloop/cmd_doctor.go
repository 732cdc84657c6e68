package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/qqloop/qqloop/bot/store"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

type doctorCmd struct {
	accountFlags
	Timeout time.Duration `default:"5s" placeholder:"TIME" help:"How long to wait for each answer. Default: ${default}."`
}

// Help is the longer text of qqloop doctor --help.
func (*doctorCmd) Help() string {
	return `Checks the configuration, its files, and for each account the address, the token, the protocol, the clock, the account's state and the events. One line for each check: what is so, and where something is wrong, what to do.

    ok     mine: address   http://127.0.0.1:3000 answers
    WRONG  mine: token     the server refuses the access token
           do this: copy the one of the implementation's network settings: blanks and case count

It sends no message. The status is 1 if something is wrong, 2 if the configuration cannot be read.`
}

// Run checks everything that it can.
func (c *doctorCmd) Run(e *env) error {
	if c.Timeout <= 0 {
		return usagef("--timeout %v: a time above 0", c.Timeout)
	}
	path, err := findConfig(c.Config)
	if err != nil {
		return err
	}
	cfg, err := readConfig(path)
	if err != nil {
		return err
	}
	d := &doctor{env: e, config: cfg, patience: c.Timeout, now: time.Now}
	d.tell("", finding{check: "config", says: fmt.Sprintf("%s, accounts: %d", path, len(cfg.Accounts))})
	d.secret("", "config", path, cfg.holdsSecret())
	if err := d.store(cfg.storeFile()); err != nil {
		return err
	}
	checked := 0
	for i := range cfg.Accounts {
		a := &cfg.Accounts[i]
		if c.Account != "" && a.Name != c.Account {
			continue
		}
		checked++
		if e.ctx.Err() != nil {
			return &exitError{code: exitInterrupted}
		}
		if err := d.account(a); err != nil {
			return err
		}
	}
	switch {
	case checked == 0:
		return usagef("--account %s: %s has no such account", c.Account, path)
	case d.err != nil:
		return fmt.Errorf("standard output: %w", d.err)
	case d.wrong > 0:
		return &exitError{code: exitFailed}
	}
	return nil
}

// A doctor looks at one configuration.
type doctor struct {
	env      *env
	config   *config
	patience time.Duration
	now      func() time.Time
	wrong    int
	err      error // of standard output
}

func (d *doctor) tell(account string, f finding) {
	if account != "" {
		f.check = account + ": " + f.check
	}
	line := fmt.Sprintf("ok     %-18s %s\n", f.check, f.says)
	if f.wrong {
		d.wrong++
		line = fmt.Sprintf("WRONG  %-18s %s\n       do this: %s\n", f.check, f.says, f.remedy)
	}
	if _, err := io.WriteString(d.env.stdout, line); err != nil && d.err == nil {
		d.err = err
	}
}

// holdsSecret reports whether the file itself has a token in it.
func (c *config) holdsSecret() bool {
	for _, a := range c.Accounts {
		if a.Token != "" {
			return true
		}
	}
	return false
}

// secret looks at who may read a file.
func (d *doctor) secret(account, check, path string, secret bool) {
	info, err := os.Stat(path)
	if err != nil || !secret || info.Mode().Perm()&0o077 == 0 {
		return
	}
	d.tell(account, finding{check, true, fmt.Sprintf("%s holds a secret, and others on this machine can read it", path), "chmod 600 " + path})
}

func (d *doctor) account(a *accountConfig) error {
	if a.service() == serviceWebQQ {
		return d.webqq(a)
	}
	token, err := d.config.token(a)
	if err != nil {
		d.tell(a.Name, finding{"token", true, oneLine(err.Error()), "write the token there, with mode 600"})
		return nil
	}
	if a.TokenFile != "" {
		d.secret(a.Name, "token", d.config.inDir(a.TokenFile), true)
	}
	roots, err := a.roots()
	if err != nil {
		return err
	}
	p := &probe{address: a.Address, token: token, transport: a.Transport, roots: roots, patience: d.patience, now: d.now,
		found: func(f finding) { d.tell(a.Name, f) }}
	_, err = p.run()
	return err
}

// store opens the state file, as run does.
func (d *doctor) store(file string) error {
	if file == "" {
		return nil
	}
	dir := filepath.Dir(file)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		d.disk("", dir)
		return nil
	}
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := store.Open(l, file)
	switch {
	case errors.Is(err, store.ErrLocked):
		d.tell("", finding{"store", true, file + " is in use by another qqloop", "stop that one if it should not run: two bots on one account answer everything twice"})
	case errors.Is(err, store.ErrDamaged):
		d.tell("", finding{"store", true, file + " is damaged", "move it away; what was not yet answered is lost with it"})
	case err != nil:
		says, remedy := diskTrouble(dir, err)
		d.tell("", finding{"store", true, says, remedy})
	default:
		s.Close()
		d.disk("", dir)
	}
	return nil
}

// webqq looks at an account on WebQQ: the service's address, and its files. It
// does not log in, since that would end the session that is in use.
func (d *doctor) webqq(a *accountConfig) error {
	if _, err := d.config.password(a); err != nil {
		d.tell(a.Name, finding{"password", true, oneLine(err.Error()), "write the password there, with mode 600"})
	} else if a.PasswordFile != "" {
		d.secret(a.Name, "password", d.config.inDir(a.PasswordFile), true)
	}
	if file := d.config.sessionFile(a); file != "" {
		d.secret(a.Name, "session", file, true)
		d.disk(a.Name, filepath.Dir(file))
	}
	if a.Address == "" && len(a.Hosts) == 0 {
		d.tell(a.Name, finding{"address", true, "none is given, and the service itself was switched off in 2019", "start qqloop emulate --config-out FILE and use that FILE, or use OneBot: qqloop init"})
		return nil
	}
	l, err := loop.New(loop.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	s := sched.New(l, sched.Options{Resolve: a.resolve})
	defer s.Close()
	p := &probe{address: "http://w.qq.com/", patience: d.patience, loop: l, stream: s}
	if p.base, err = url.Parse(p.address); err != nil {
		return err
	}
	if at, ok := a.resolve("w.qq.com", "80"); ok {
		p.base.Host = at.String()
	}
	if r := p.ask(s, p.base, nil); r.err != nil {
		says, _ := p.cause(r.err)
		d.tell(a.Name, finding{"address", true, says, "start qqloop emulate, and compare the address with what its ready line says"})
		return nil
	}
	d.tell(a.Name, finding{check: "address", says: p.base.Host + " answers"})
	return nil
}

// disk writes a file as large as what we keep, and removes it.
func (d *doctor) disk(account, dir string) {
	f, err := os.CreateTemp(dir, ".qqloop-doctor-*")
	if err == nil {
		_, err = f.Write(make([]byte, 64<<10))
		if err == nil {
			err = f.Sync()
		}
		if bad := f.Close(); err == nil {
			err = bad
		}
		os.Remove(f.Name())
	}
	if err == nil {
		d.tell(account, finding{check: "disk", says: dir + " can be written"})
		return
	}
	says, remedy := diskTrouble(dir, err)
	d.tell(account, finding{"disk", true, says, remedy})
}

// diskTrouble names the cause of a write that failed.
func diskTrouble(dir string, err error) (says, remedy string) {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk of " + dir + " is full", "make room there"
	case errors.Is(err, os.ErrNotExist):
		return "there is no directory " + dir, "mkdir -p " + dir
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return "nothing can be written to " + dir + ": " + rootOf(err).Error(), "make it writable for the user who runs qqloop"
	}
	return "nothing can be written to " + dir + ": " + rootOf(err).Error(), "keep the files elsewhere"
}
