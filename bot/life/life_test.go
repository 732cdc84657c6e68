package life

import (
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

// lives is how many seeds TestLives lives: 200, or what QQLOOP_LIVES says.
func lives(t *testing.T) int {
	if s := os.Getenv("QQLOOP_LIVES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("QQLOOP_LIVES is %q; want a number above zero", s)
		}
		return n
	}
	if race || testing.Short() {
		return 10
	}
	return 200
}

// Thirty days of the whole bot for each seed, under everything that the
// simulator knows. 5,000 of them:
//
//	QQLOOP_LIVES=5000 go test ./bot/life -run TestLives -timeout 3h
func TestLives(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // the heaps are small, and the lives full of JSON
	n := lives(t)
	began := time.Now()
	var (
		next atomic.Uint64
		mu   sync.Mutex
		sum  Result
		all  sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for seed := next.Add(1); seed <= uint64(n) && !t.Failed(); seed = next.Add(1) {
				r := Run(Options{Seed: seed})
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
	fmt.Printf("%d lives: %s\n  %.0f days a second\n", n, told, float64(sum.Days)/took)
	if sum.Answered == 0 || sum.Lost == 0 || sum.Unknown == 0 || sum.Processes <= n {
		t.Errorf("too quiet: %d answered, %d lost, %d unknown, %d processes", sum.Answered, sum.Lost, sum.Unknown, sum.Processes)
	}
}

// The same seed is the same life, to the last line of its story.
func TestSameSeedSameLife(t *testing.T) {
	var stories [2][]string
	for i := range stories {
		Run(Options{Seed: 7, Days: 3, Trace: func(at time.Duration, line string) {
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
