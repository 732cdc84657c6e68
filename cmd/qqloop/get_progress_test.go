package main

import (
	"strings"
	"testing"
	"time"
)

// onPaper is a progress on a terminal of paper, and its clock.
func onPaper(columns int, now *time.Duration) (*progress, *strings.Builder) {
	var out strings.Builder
	return &progress{out: &out, columns: func() int { return columns }, now: func() time.Duration { return *now }}, &out
}

// shown is what a terminal would show after that: the lines that were not
// overwritten.
func shown(out *strings.Builder) string {
	var lines []string
	for line := range strings.SplitSeq(out.String(), "\n") {
		at := strings.LastIndex(line, "\r")
		lines = append(lines, strings.ReplaceAll(line[at+1:], "\x1b[K", ""))
	}
	return strings.Join(lines, "\n")
}

func TestProgressLine(t *testing.T) {
	var now time.Duration
	p, out := onPaper(80, &now)
	step := func(d time.Duration, n int, whole int64, want string) {
		t.Helper()
		now += d
		p.add(n, whole)
		p.tick()
		if got := shown(out); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
	p.begin("big.iso", "http://a.example/big.iso", 0)
	step(time.Second, 1<<20, 10<<20, "big.iso   10%  1.0 MiB of 10 MiB  1.0 MiB/s  0:09 left")
	step(time.Second, 3<<20, 10<<20, "big.iso   40%  4.0 MiB of 10 MiB  2.0 MiB/s  0:03 left")
	p.Write([]byte("a message\n"))
	step(0, 0, -1, "a message\nbig.iso   40%  4.0 MiB of 10 MiB  2.0 MiB/s  0:03 left")
	step(time.Second, 6<<20, 10<<20, "a message\nbig.iso  100%  10 MiB of 10 MiB  3.3 MiB/s  0:00 left")
	p.end(true)
	if want := "a message\nbig.iso  100%  10 MiB  3.3 MiB/s  in 0:03\n"; shown(out) != want {
		t.Errorf("got %q; want %q", shown(out), want)
	}

	out.Reset()
	p.begin("unknown", "", 0)
	step(time.Second, 2000, -1, "unknown  2.0 KiB  2.0 KiB/s")
	p.restart()
	step(time.Second, 500, -1, "unknown  500 B  250 B/s")
	p.end(false)
	if shown(out) != "" {
		t.Errorf("got %q after a failure; want nothing", shown(out))
	}

	p.begin("rest", "", 600)
	step(time.Second, 100, 200, "rest   87%  700 B of 800 B  100 B/s  0:01 left")
	p.end(false)
	p.begin("", "http://a.example/", 0) // to a terminal
	step(time.Second, 100, 200, "")
	p.end(true)
	p.stdout = true
	p.begin("", "http://a.example/\x1b[2J", 0)
	step(time.Second, 100, 200, "http://a.example/?[2J   50%  100 B of 200 B  100 B/s  0:01 left")
}

// TestProgressSpeed: it is that of the last seconds.
func TestProgressSpeed(t *testing.T) {
	var now time.Duration
	p, out := onPaper(80, &now)
	p.begin("f", "", 0)
	for range 100 { // fast, then slow
		now += progressStep
		p.add(200_000, -1)
		p.tick()
	}
	for range 2 * speedSteps {
		now += progressStep
		p.add(200, -1)
		p.tick()
	}
	if got := shown(out); !strings.HasSuffix(got, "  1000 B/s") {
		t.Errorf("got %q; want the speed of now, 1000 B/s", got)
	}
}

func TestProgressBar(t *testing.T) {
	var now time.Duration
	p, out := onPaper(30, &now)
	p.bar = true
	p.begin("f", "", 0)
	now = time.Second
	p.add(50, 100)
	p.tick()
	if want := strings.Repeat("#", 11) + strings.Repeat(" ", 11) + "  50.0%"; shown(out) != want {
		t.Errorf("got %q; want %q", shown(out), want)
	}
}

func TestProgressOfMany(t *testing.T) {
	var now time.Duration
	p, out := onPaper(80, &now)
	p.parallel, p.total = true, 3
	p.begin("a", "", 0)
	p.begin("b", "", 0)
	now = time.Second
	p.add(2048, 5000)
	p.tick()
	if want := "0 of 3 done, 2 under way  2.0 KiB  2.0 KiB/s  0:01"; shown(out) != want {
		t.Errorf("got %q; want %q", shown(out), want)
	}
	p.end(true)
	p.end(false)
	p.begin("c", "", 0)
	p.end(true)
	p.close()
	if want := "3 of 3 done, 1 failed  2.0 KiB  2.0 KiB/s  0:01\n"; shown(out) != want {
		t.Errorf("got %q; want %q", shown(out), want)
	}
}

// TestBeside: a line is never longer than the terminal, whatever the name.
func TestBeside(t *testing.T) {
	for _, test := range []struct {
		name    string
		columns int
		want    string
	}{
		{"name", 20, "name  100%"},
		{"a-very-long-name.iso", 20, "...g-name.iso  100%"},
		{"文件名很长很长.iso", 20, "...长很长.iso  100%"},
		{"name", 11, "name  100%"},
		{"name", 10, "...  100%"},
		{"name", 8, "  100%"},
		{"name", 4, "  1"},
		{"name", 0, "name  100%"},
	} {
		got := beside(test.name, "  100%", test.columns)
		if got != test.want || test.columns > 0 && textWidth([]rune(got)) >= test.columns {
			t.Errorf("%q in %d columns: got %q; want %q", test.name, test.columns, got, test.want)
		}
	}
}

func TestSizeAndClock(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 10 << 10: "10 KiB", 999 << 10: "999 KiB", 1000 << 10: "1.0 MiB", 5 << 30: "5.0 GiB", 1 << 50: "1024 TiB"} {
		if got := size(n); got != want {
			t.Errorf("%d: got %s; want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0:00", 1499 * time.Millisecond: "0:01", 61 * time.Second: "1:01", time.Hour + 62*time.Second: "1:01:02", 300 * time.Hour: "12d"} {
		if got := clock(d); got != want {
			t.Errorf("%v: got %s; want %s", d, got, want)
		}
	}
}
