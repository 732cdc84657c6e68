package life

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// seeds are those that are lived: so many from 1 on, or what QQLOOP_LIVES says,
// "5000" or "201-400".
func seeds(t *testing.T, many int) (first, last uint64) {
	switch s := os.Getenv("QQLOOP_LIVES"); {
	case s != "":
		from, to, ok := strings.Cut(s, "-")
		if !ok {
			from, to = "1", s
		}
		var errs [2]error
		first, errs[0] = strconv.ParseUint(from, 10, 64)
		last, errs[1] = strconv.ParseUint(to, 10, 64)
		if errors.Join(errs[:]...) != nil || first < 1 || last < first {
			t.Fatalf("QQLOOP_LIVES is %q; want a number above zero, or two as in 201-400", s)
		}
		return first, last
	case race || testing.Short():
		return 1, uint64(max(2, many/20))
	}
	return 1, uint64(many)
}

// Thirty days of the whole bot for each seed, under everything that the
// simulator knows. 5,000 of them:
//
//	QQLOOP_LIVES=5000 go test ./bot/life -run 'TestLives$' -timeout 3h
func TestLives(t *testing.T) {
	sum := liveAll(t, WebQQ, 200)
	if sum.Answered == 0 || sum.Lost == 0 || sum.Unknown == 0 {
		t.Errorf("too quiet: %d answered, %d lost, %d unknown", sum.Answered, sum.Lost, sum.Unknown)
	}
}

// The same on OneBot, in each flavour and by each transport. Here the protocol
// loses nothing: what was said while the bot was away is in the history.
func TestOneBotLives(t *testing.T) {
	sum := liveAll(t, OneBot, 25)
	if sum.Answered == 0 || sum.Lost != 0 || sum.Unknown == 0 {
		t.Errorf("%d answered, %d lost, %d unknown; want some, none, some", sum.Answered, sum.Lost, sum.Unknown)
	}
}

// liveAll lives many lives, as many at a time as there are processors, up to the
// first in which something is wrong.
func liveAll(t *testing.T, service string, many int) Result {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // the heaps are small, and the lives full of JSON
	first, last := seeds(t, many)
	began := time.Now()
	var (
		next atomic.Uint64
		mu   sync.Mutex
		sum  Result
		all  sync.WaitGroup
	)
	next.Store(first - 1)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for seed := next.Add(1); seed <= last && !t.Failed(); seed = next.Add(1) {
				r := Run(Options{Service: service, Seed: seed})
				mu.Lock()
				sum.Merge(r)
				for _, v := range r.Violations {
					t.Errorf("%v", v)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	took := time.Since(began).Seconds()
	_, told, _ := strings.Cut(sum.String(), ": ")
	fmt.Printf("%d lives on %s: %s\n  %.0f days a second\n", last-first+1, service, told, float64(sum.Days)/took)
	if sum.Processes <= int(last-first+1) {
		t.Errorf("too quiet: no process was begun anew")
	}
	return sum
}

// The same seed is the same life, to the last line of its story.
func TestSameSeedSameLife(t *testing.T) {
	for _, service := range []string{WebQQ, OneBot} {
		t.Run(service, func(t *testing.T) { sameLife(t, service) })
	}
}

func sameLife(t *testing.T, service string) {
	var stories [2][]string
	for i := range stories {
		Run(Options{Service: service, Seed: 7, Days: 3, Trace: func(at time.Duration, line string) {
			stories[i] = append(stories[i], fmt.Sprint(at, " ", line))
		}})
	}
	if len(stories[0]) != len(stories[1]) {
		t.Fatalf("got %d lines, then %d; want as many", len(stories[0]), len(stories[1]))
	}
	for i, line := range stories[0] {
		if line != stories[1][i] {
			t.Fatalf("line %d: got\n%s\nthen\n%s", i, line, stories[1][i])
		}
	}
}

// What a life remembers does not grow with its days.
func TestMemoryBounded(t *testing.T) {
	if race || testing.Short() {
		t.Skip("a heap is measured without -race and -short")
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early, late uint64
	r := Run(Options{Seed: 3, Days: 12, Morning: func(day int) {
		switch day {
		case 3:
			early = heap()
		case 11:
			late = heap()
		}
	}})
	for _, v := range r.Violations {
		t.Errorf("%v", v)
	}
	if late > early+2<<20 {
		t.Errorf("got %d bytes on day 4 and %d on day 12; want no growth beyond 2 MiB", early, late)
	}
}
