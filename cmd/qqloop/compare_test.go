package main

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestComparedWithCurl runs qqloop get and curl with the same arguments, on the
// same servers, and compares what they send, what they write and whether they
// fail. The lines of testdata/compare are the arguments:
//
//	  -L $URL/moved              both succeed
//	! -L $URL/loop               both fail
//	~dots $URL/../ok             they differ, for a reason of docs/curl.md
//	  -d @- $URL/echo < lines    with this file as standard input
//
// $URL, $TLS and $NGINX begin URLs of the servers, $ADDR, $PORT, $TLSPORT and
// $PROXY are where they are, and nobody listens at $DEAD. $SOCKET, $NAME and
// $NGINXSOCKET are the servers' Unix sockets, the second of them abstract.
func TestComparedWithCurl(t *testing.T) {
	if testing.Short() {
		t.Skip("some 300 processes: not with -short")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed: nothing to compare with")
	}
	version, err := exec.Command(curl, "--version").Output()
	check(t, err)
	differences := readDifferences(t)
	all := readComparisons(t, differences)
	for _, name := range []string{"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	t.Chdir(t.TempDir()) // to come back in the end
	nginx := startNginx(t)
	crypto := newCompareTLS(t)

	// curl runs a few at a time, and we in this process, one after the other:
	// the directory is the process's.
	ready := make(chan *comparison)
	go func() {
		defer close(ready)
		var wg sync.WaitGroup
		free := make(chan struct{}, 4)
		for _, c := range all {
			if c.skipped = nginx.url == "" && strings.Contains(c.line, "$NGINX"); c.skipped {
				continue
			}
			free <- struct{}{}
			wg.Go(func() {
				c.bed = newBed(c, nginx, crypto)
				c.theirs = c.bed.run(c.args, runCurl(curl))
				ready <- c
				<-free
			})
		}
		wg.Wait()
	}()
	for c := range ready {
		c.ours = c.bed.run(c.args, runOurs)
		c.bed.close()
	}

	counts := map[string]int{}
	for _, c := range all {
		switch {
		case c.skipped:
			counts["skipped"]++
			continue
		case c.differs != "":
			counts["differ"]++
		case c.fails:
			counts["fail"]++
		}
		counts["compared"]++
		c.report(t)
	}
	name, _, _ := strings.Cut(string(version), " (")
	t.Logf("%d invocations of qqloop get and %s compared, %d of which fail with both; %d differ on purpose, for %d reasons; %d skipped",
		counts["compared"], name, counts["fail"], counts["differ"], len(differences), counts["skipped"])
	checkCoverage(t, all)
}

// A comparison is a line of the table, and what came of it.
type comparison struct {
	where   string // file:line
	line    string
	fails   bool
	differs string // the name of a difference
	args    []string
	stdin   string // the name of a file
	skipped bool

	bed          *bed
	ours, theirs account
}

// report tells how the two runs differ.
func (c *comparison) report(t *testing.T) {
	t.Helper()
	for _, a := range []account{c.ours, c.theirs} {
		if a.err != nil {
			t.Errorf("%s: %s: %v", c.where, c.line, a.err)
			return
		}
	}
	var how []string
	note := func(what string, ours, theirs any) {
		if o, th := fmt.Sprintf("%q", ours), fmt.Sprintf("%q", theirs); o != th {
			how = append(how, fmt.Sprintf("  %s\n    qqloop %s\n    curl   %s", what, o, th))
		}
	}
	note("requests", c.ours.requests, c.theirs.requests)
	note("standard output", c.ours.stdout, c.theirs.stdout)
	note("story", c.ours.story, c.theirs.story)
	note("files", c.ours.files, c.theirs.files)
	if (c.ours.status == 0) != (c.theirs.status == 0) {
		how = append(how, fmt.Sprintf("  exit status\n    qqloop %d %s    curl   %d %s", c.ours.status, c.ours.stderr, c.theirs.status, c.theirs.stderr))
	}
	switch {
	case c.differs != "" && len(how) == 0:
		t.Errorf("%s: %s: no difference; want %s, or the line without it", c.where, c.line, c.differs)
	case c.differs != "":
	case len(how) > 0:
		t.Errorf("%s: %s: they differ:\n%s", c.where, c.line, strings.Join(how, "\n"))
	case c.fails != (c.ours.status != 0):
		t.Errorf("%s: %s: both ended with %d and %d; want failure: %v\n%s%s", c.where, c.line, c.ours.status, c.theirs.status, c.fails, c.ours.stderr, c.theirs.stderr)
	}
}
