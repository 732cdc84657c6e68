package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/webqq"
)

type accountsCmd struct {
	accountFlags
	Timeout time.Duration `default:"10s" placeholder:"TIME" help:"How long to wait for the slowest. Default: ${default}."`
}

// Help is the longer text of qqloop accounts --help.
func (*accountsCmd) Help() string {
	return `One line for each account of the configuration: its name there, its number and nick, the service, and whether it is online or why not. The status is 1 if one is not.

WebQQ has one session for each account: asking takes it over from a running qqloop run.`
}

// Run asks all accounts at once.
func (c *accountsCmd) Run(e *env) error {
	v := &visit{}
	settled := map[*seat]bool{}
	settle := func(s *seat) {
		settled[s] = true
		if len(settled) == len(v.seats) {
			v.end(nil)
		}
	}
	o := visitor(e)
	o.state = func(s *seat, retry time.Duration) {
		offline := s.one != nil && s.one.State() == onebot.AccountOffline
		gone := s.one != nil && s.one.State() == onebot.Stopped || s.web != nil && s.web.State() == webqq.Offline
		if s.online || offline || gone || retry > 0 {
			settle(s)
		}
	}
	o.qr = func(s *seat, _ []byte) {
		s.err = fmt.Errorf("it wants a QR code to be scanned: qqloop run shows it")
		settle(s)
	}
	var err error
	o.captcha = func([]byte, func(string)) { v.end(nil) }
	if v.roster, err = c.roster(o); err != nil {
		return err
	}
	defer v.close()
	v.loop.CallLater(c.Timeout, func() { v.end(nil) })
	if err := v.run(e.ctx); err != nil && e.ctx.Err() != nil {
		return err
	}
	table := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, s := range v.seats {
		state := s.state
		if !s.online && s.err != nil {
			state += ": " + strings.ReplaceAll(s.err.Error(), "\n", " ")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.name, s.who(), s.config.service(), state)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if slices.ContainsFunc(v.seats, func(s *seat) bool { return !s.online }) {
		return &exitError{code: exitFailed}
	}
	return nil
}
