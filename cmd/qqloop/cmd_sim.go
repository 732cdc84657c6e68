package main

import (
	"fmt"
	"time"

	"github.com/qqloop/qqloop/bot/life"
)

type simCmd struct {
	Service string `default:"webqq" enum:"webqq,onebot" placeholder:"NAME" help:"Which service the bot lives on: webqq or onebot. Default: webqq."`
	Seed    uint64 `default:"1" placeholder:"N" help:"Which life: the same seed is the same life. Default: 1."`
	Days    int    `default:"30" placeholder:"D" help:"How long it lasts; another length is another life. Default: 30."`
	Trace   bool   `help:"Tell every step: what people say, what befalls the world, requests, readbacks, delays."`
}

// Help is the longer text of qqloop sim --help.
func (*simCmd) Help() string {
	return `The bot lives on a simulated machine and network, beside the emulator of the service, in virtual time: people talk, sessions expire, the network is cut, servers restart, the laptop sleeps, the process is killed. All of it comes from the seed. What must never happen is watched for, and told with the moment; then the exit status is 1.

A failing test names the command that repeats it.`
}

// Run lives the life and tells it.
func (c *simCmd) Run(e *env) error {
	if c.Days < 1 {
		return usagef("--days %d: a life lasts one day or more", c.Days)
	}
	o := life.Options{Service: c.Service, Seed: c.Seed, Days: c.Days}
	if c.Trace {
		o.Trace = func(at time.Duration, line string) {
			const day = 24 * time.Hour
			fmt.Fprintf(e.stdout, "%d %v %s\n", at/day+1, (at % day).Round(time.Microsecond), line)
		}
	}
	o.Stop = func() bool { return e.ctx.Err() != nil }
	r := life.Run(o)
	if e.ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	fmt.Fprintln(e.stdout, r)
	if n := len(r.Violations); n > 0 {
		return fmt.Errorf("%d things happened that must never happen", n)
	}
	return nil
}
