//go:build linux

package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bench/origin"
	"github.com/qqloop/qqloop/bench/peers"
)

// A scenario is a kind of work.
type scenario struct {
	name     string
	about    string
	conns    []int // in a full run
	quick    []int // with --quick
	fixed    bool  // --conns does not concern it
	variants []string

	// job fills in what to ask for. The numbers of requests are for a full
	// run; with --quick they are halved.
	job func(job *peers.Job, at *origin.Addrs, variant string)
}

// scenarios are all there are, in the order in which they are run.
var scenarios = []scenario{
	{
		name: "get",
		about: "Small GETs over kept connections, each busy all the time: 117 bytes come back behind a head of five fields. " +
			"System calls are counted at 64 connections.",
		conns: []int{1, 16, 64, 256, 1000, 10000}, quick: []int{64, 1000},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want = at.Small+"/small", origin.Small
			job.Warm, job.N = max(2000, 2*job.Conns), max(20000, 4*job.Conns)
			if job.Conns == 1 {
				job.N = 8000
			}
		},
	},
	{
		name:  "get-tls",
		about: "The same over TLS 1.3; the origin is net/http, which the client has to wait for.",
		conns: []int{64}, quick: []int{64},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want, job.CA = at.TLS+"/small", origin.Small, at.CA
			job.Warm, job.N = 1000, 10000
		},
	},
	{
		name:  "post",
		about: "POSTs of 1 KB over kept connections; a small answer comes when the body is whole.",
		conns: []int{64}, quick: []int{64},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.Method, job.URL, job.Want, job.Upload = "POST", at.Small+"/post", origin.Small, 1024
			job.Warm, job.N = 2000, 16000
		},
	},
	{
		name: "chain",
		about: "One request after the other, as in the article of 2013: each answer names the next URL, for which a new request " +
			"is made. Tornado's simple client and urllib open a connection for each, as they did then.",
		conns: []int{1}, quick: []int{1}, fixed: true,
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Chain = at.Small+"/chain/0", true
			job.Warm, job.N = 500, 6000
		},
	},
	{
		name: "park",
		about: "Long polls: so many requests wait at once, each on a connection of its own. What they cost is measured while " +
			"they wait; then all are answered at once, and times are from then to each answer. None may be lost. " +
			"CPU is for all of it: connecting, sending, waiting, reading.",
		conns: []int{1000, 5000, 15000}, quick: []int{1000, 5000},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want, job.Park = at.Small+"/park", origin.Small, true
			job.Control = strings.TrimPrefix(at.Small, "http://")
		},
	},
	{
		name:  "idle-tls",
		about: "So many connections over TLS have had one answer each and are kept. CPU is for all of it, and is the handshakes'.",
		conns: []int{1000, 5000}, quick: []int{500},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want, job.CA = at.TLS+"/park", origin.Small, at.CA
			job.Park, job.Idle, job.Control = true, true, strings.TrimPrefix(at.Large, "http://")
		},
	},
	{
		name:  "handshake",
		about: "A connection and a TLS handshake for each GET, sixteen at a time: full ones, and resumed sessions.",
		conns: []int{16}, quick: []int{16}, variants: []string{"full", "resumed"},
		job: func(job *peers.Job, at *origin.Addrs, variant string) {
			job.URL, job.Want, job.CA = at.TLS+"/small", origin.Small, at.CA
			job.Fresh, job.Resume = true, variant == "resumed"
			job.Warm, job.N = 64, 600
		},
	},
	{
		name:  "download",
		about: "Bodies of 8 MiB with a length, from net/http, read in pieces by those that can. A request is a body.",
		conns: []int{1, 4}, quick: []int{1},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Long = at.Large+"/long", origin.Long
			job.Warm, job.N = 8, 48
		},
	},
	{
		name:  "upload",
		about: "Bodies of 8 MiB to net/http, which counts them: from memory, and from a reader of known length. A request is a body.",
		conns: []int{1, 4}, quick: []int{1}, variants: []string{"memory", "reader"},
		job: func(job *peers.Job, at *origin.Addrs, variant string) {
			job.Method, job.URL, job.Upload, job.Want = "POST", at.Large+"/upload", origin.Long, strconv.Itoa(origin.Long)
			job.Reader = variant == "reader"
			job.Warm, job.N = 8, 48
		},
	},
	{
		name: "open-loop",
		about: "Small GETs at a fixed rate, the same for all: half of what net/http has just been seen to manage. Times count from " +
			"when a request was due, not from when it was sent: what a slow answer holds up is counted as slow.",
		conns: []int{64}, quick: []int{64},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want = at.Small+"/small", origin.Small
			job.Warm, job.N = 1000, 10000
		},
	},
	{
		name: "timers",
		about: "Timers that start themselves again when they fire, after 50 to 1,000 ms. Times are how late they were; " +
			"a request is one firing.",
		conns: []int{10000}, quick: []int{10000}, fixed: true,
		job: func(job *peers.Job, _ *origin.Addrs, _ string) { job.Warm, job.N = 10000, 30000 },
	},
	{
		name: "sse",
		about: "Event streams, each with an event of some 80 bytes every 10 ms. Times are from the origin's clock to the client's " +
			"handler; a request is one event.",
		conns: []int{100}, quick: []int{100},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL = at.Large + "/events/100000/10"
			job.Warm, job.N = 20*job.Conns, 100*job.Conns
		},
	},
	{
		name:  "roundtrip",
		about: "The scenario get through http.Client, with each engine as its RoundTripper.",
		conns: []int{1, 64}, quick: []int{64},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want, job.Face = at.Small+"/small", origin.Small, "roundtrip"
			job.Warm, job.N = 2000, 10000
		},
	},
	{
		name:  "roundtrip-park",
		about: "The scenario park through http.Client, with each engine as its RoundTripper: the caller's goroutine waits in both.",
		conns: []int{1000, 5000}, quick: []int{1000},
		job: func(job *peers.Job, at *origin.Addrs, _ string) {
			job.URL, job.Want, job.Park, job.Face = at.Small+"/park", origin.Small, true, "roundtrip"
			job.Control = strings.TrimPrefix(at.Small, "http://")
		},
	},
	{
		name:  "loops",
		about: "The scenario get on one loop and on two; clients with goroutines get as many processors.",
		conns: []int{64}, quick: []int{64}, variants: []string{"1 loop", "2 loops"},
		job: func(job *peers.Job, at *origin.Addrs, variant string) {
			job.URL, job.Want = at.Small+"/small", origin.Small
			job.Warm, job.N = 2000, 20000
			job.Loops, _ = strconv.Atoi(strings.Fields(variant)[0])
		},
	},
	{
		name: "accounts",
		about: "So many OneBot accounts, each of an implementation of its own, with a bot for each, all on one loop. Memory is what " +
			"an account holds while it listens; then people say ten messages a second in all, and CPU is for all that goes on " +
			"meanwhile, checks of the idle accounts included. A request is a message, and times are from when it was said to when " +
			"the answer had come.",
		conns: []int{1000}, quick: []int{1000}, fixed: true, variants: []string{"sse", "ws"},
		job: func(job *peers.Job, at *origin.Addrs, variant string) {
			job.Bots, job.Control, job.URL = variant, strings.TrimPrefix(at.Large, "http://"), at.Large
			job.N, job.Interval = 300, 100*time.Millisecond
		},
	},
	{
		name:  "parser",
		about: "The parsers alone, at a head of twelve fields that is in memory. A request is a head.",
		conns: []int{0}, quick: []int{0}, fixed: true,
		job: func(job *peers.Job, _ *origin.Addrs, _ string) { job.N = 150000 },
	},
}

func scenarioNames() (names []string) {
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

// paced is the scenario whose rate is found out first.
const paced = "open-loop"

// pace sets the interval at which each worker sends, for so many requests a
// second over all.
func pace(job *peers.Job, rate int) {
	job.Interval = time.Duration(job.Conns) * time.Second / time.Duration(rate)
}
