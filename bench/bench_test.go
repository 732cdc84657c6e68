//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/peers"
	"github.com/qqloop/qqloop/bench/result"
)

// The conductor starts itself anew; in a test that is the test's binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == asOrigin || os.Args[1] == asPeer) {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command runs the command, and says what it said.
func command(t *testing.T, ctx context.Context, args ...string) (code int, stderr, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	var out, errs bytes.Buffer
	code = run(ctx, append(args, "--out", dir), strings.NewReader(""), &out, &errs)
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("a child is left: %v", err)
	}
	t.Log(out.String(), errs.String())
	return code, errs.String(), dir
}

// A run of all the ways in which a peer is started gives rows, with ratios.
func TestRun(t *testing.T) {
	code, _, dir := command(t, t.Context(), "--quick", "--scenario", "get,park,parser", "--conns", "8", "--rounds", "2",
		"--peers", "qqloop,nethttp,curl")
	if code != done {
		t.Fatalf("got status %d", code)
	}
	f, err := result.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "report.md")); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		scenario string
		conns    int
		figures  []string
	}{
		{"get", 8, []string{"cpu_us_per_req", "rps", "p50_us", "p99_us", "p999_us", "goroutines", "allocs_per_req", "gc_share", "origin_share"}},
		{"park", 8, []string{"bytes_per_waiting", "rss_per_waiting", "p99_us"}},
		{"parser", 0, []string{"cpu_us_per_req", "allocs_per_req"}},
	} {
		for _, peer := range []string{"qqloop", "nethttp"} {
			row := f.Row(c.scenario, "", peer, c.conns)
			if row == nil {
				t.Errorf("%s has no row in %s", peer, c.scenario)
				continue
			}
			for _, name := range c.figures {
				if got := row.Figures[name]; len(got.Rounds) != 2 {
					t.Errorf("%s in %s: %s is %+v; want two rounds", peer, c.scenario, name, got)
				}
			}
			if ratio, ok := row.Ratio["cpu_us_per_req"]; ok != (peer != "qqloop") || ok && ratio <= 0 {
				t.Errorf("%s in %s: the ratio is %v, %v", peer, c.scenario, ratio, ok)
			}
		}
	}
	for _, a := range f.Absent {
		if a.Reason == "" {
			t.Errorf("%+v gives no reason", a)
		}
	}
	if m := f.Machine; m.CPU == "" || m.Cores < 1 || m.Go == "" || m.Limit == 0 || m.Seconds <= 0 || m.Cut || !m.Quick {
		t.Errorf("got %+v", m)
	}
}

// Python's clients follow the chain to its end, where they are installed.
func TestRunOfPython(t *testing.T) {
	code, stderr, dir := command(t, t.Context(), "--quick", "--scenario", "chain", "--rounds", "1", "--peers", "tornado,tornado-curl,urllib")
	if strings.Contains(stderr, "nothing of that can be measured") {
		t.Skip(stderr)
	}
	if code != done {
		t.Fatalf("got status %d", code)
	}
	f, err := result.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, peer := range []string{"tornado", "tornado-curl", "urllib"} {
		excused := slices.ContainsFunc(f.Absent, func(a result.Absent) bool { return a.Peer == peer })
		if row := f.Row("chain", "", peer, 1); row == nil != excused || row != nil && row.Figures["cpu_us_per_req"].Median <= 0 {
			t.Errorf("%s: got %+v; excused: %v", peer, row, excused)
		}
	}
}

// An interrupt ends the children and leaves what there was.
func TestInterrupt(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	time.AfterFunc(time.Second, stop)
	code, _, dir := command(t, ctx, "--scenario", "get", "--conns", "4", "--rounds", "1000", "--peers", "qqloop")
	if code != interrupted {
		t.Errorf("got status %d; want %d", code, interrupted)
	}
	f, err := result.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Machine.Cut {
		t.Error("the file does not say that it was cut")
	}
}

func TestFlagsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--scenario gte", `no "gte"`},
		{"--peers wget", `no "wget"`},
		{"--conns 1,x", `"x"`},
		{"--conns 0", `"0"`},
		{"--rounds -1", "-1"},
		{"quick", "only flags"},
		{"--nope", "nope"},
	} {
		code, stderr, dir := command(t, t.Context(), strings.Fields(c.args)...)
		if code != usage || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: got status %d, %q; want %d and something with %q", c.args, code, stderr, usage, c.want)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: something was written", c.args)
		}
	}
}

func TestHelp(t *testing.T) {
	code, stderr, _ := command(t, t.Context(), "--help")
	for _, flag := range []string{"quick", "out", "scenario", "peers", "conns", "rounds", "pin"} {
		if code != done || !strings.Contains(stderr, "-"+flag) {
			t.Errorf("got status %d, and no word of --%s", code, flag)
		}
	}
}

// Every peer has a row in a scenario, or there is a reason: never neither.
func TestPlanIsWhole(t *testing.T) {
	groups, absent := plan(&options{})
	for _, s := range scenarios {
		for _, peer := range peerNames() {
			planned := slices.ContainsFunc(groups, func(g *group) bool {
				return g.scenario.name == s.name && slices.Contains(g.peers, peer)
			})
			excused := slices.ContainsFunc(absent, func(a result.Absent) bool {
				return a.Peer == peer && (a.Scenario == s.name || a.Scenario == "") && a.Reason != ""
			})
			if !planned && !excused {
				t.Errorf("%s is not in %s, and nobody says why", peer, s.name)
			}
		}
	}
	if got := len(scenarios); got != 17 {
		t.Errorf("there are %d scenarios; the contract has 16, and accounts stands beside them", got)
	}
}

// With more connections than there are descriptors nobody is started.
func TestTooManyConnections(t *testing.T) {
	limit := int(descriptors())
	for _, p := range peers.All {
		if tooMany(p.Name, "get", limit) == "" {
			t.Errorf("%s is asked for %d connections under a limit of %d", p.Name, limit, limit)
		}
	}
}

func TestStraceTotal(t *testing.T) {
	const text = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.001200           1      1200           write
 40.00    0.000800           1       800        10 read
------ ----------- ----------- --------- --------- ----------------
100.00    0.002000           1      2000        10 total
`
	if n, err := straceTotal(text); err != nil || n != 2000 {
		t.Errorf("got %d, %v; want 2000", n, err)
	}
	if n, err := straceTotal("strace: attach: ptrace: Operation not permitted\n"); err == nil {
		t.Errorf("got %d of nothing", n)
	}
}

// Ratios are of rows that were measured side by side.
func TestCompare(t *testing.T) {
	row := func(peer string, rounds ...float64) result.Row {
		return result.Row{Peer: peer, Figures: map[string]result.Figure{"rps": result.Of(rounds)}, Ratio: map[string]float64{}}
	}
	rows := []result.Row{row("qqloop", 2, 4), row("nethttp", 1, 1)}
	compare(rows)
	if got := rows[1].Ratio["rps"]; got != 3 {
		t.Errorf("got %v; want the median of 2 and 4", got)
	}
	if len(rows[0].Ratio) != 0 {
		t.Errorf("qqloop is compared with itself: %v", rows[0].Ratio)
	}
}
