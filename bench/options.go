//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// options are what the flags say.
type options struct {
	quick     bool
	out       string
	scenarios []string // nil means all
	peers     []string // likewise
	conns     []int    // nil means each scenario's own
	rounds    int
	pin       bool
	readme    bool // measure nothing
}

// parse reads the flags. What is wrong it has told on stderr.
func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	var scenarioList, peerList, connList string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.quick, "quick", false, "fewer scenarios, connections and requests: under three minutes")
	f.StringVar(&o.out, "out", "bench-out", "`DIR` for results.json and the report")
	f.StringVar(&scenarioList, "scenario", "", "only these: a `LIST` with commas, of\n"+strings.Join(scenarioNames(), " "))
	f.StringVar(&peerList, "peers", "", "only these: a `LIST` with commas, of\n"+strings.Join(peerNames(), " "))
	f.StringVar(&connList, "conns", "", "these numbers of connections: a `LIST` with commas")
	f.IntVar(&o.rounds, "rounds", 0, "how often each is measured (default 5, with --quick 3;\nfewer where time is short)")
	f.BoolVar(&o.pin, "pin", false, "the origin on the first core, peers on the second")
	f.BoolVar(&o.readme, "readme", false, "measure nothing: write the report of DIR's results.json anew,\nand its table into README.md and README.zh-CN.md")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	fail := func(format string, a ...any) (*options, error) {
		err := fmt.Errorf(format, a...)
		fmt.Fprintln(stderr, "bench:", err)
		return nil, err
	}
	if f.NArg() > 0 {
		return fail("%q: there are only flags here", f.Arg(0))
	}
	switch {
	case o.rounds < 0:
		return fail("--rounds %d: want 1 or more", o.rounds)
	case o.rounds == 0 && o.quick:
		o.rounds = 3
	case o.rounds == 0:
		o.rounds = 5
	}
	o.scenarios, o.peers = list(scenarioList), list(peerList)
	for _, name := range o.scenarios {
		if !slices.Contains(scenarioNames(), name) {
			return fail("--scenario: there is no %q; there are %s", name, strings.Join(scenarioNames(), ", "))
		}
	}
	for _, name := range o.peers {
		if !slices.Contains(peerNames(), name) {
			return fail("--peers: there is no %q; there are %s", name, strings.Join(peerNames(), ", "))
		}
	}
	for _, text := range list(connList) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fail("--conns: %q is no number of connections", text)
		}
		o.conns = append(o.conns, n)
	}
	return o, nil
}

func list(text string) (all []string) {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, word)
		}
	}
	return all
}
