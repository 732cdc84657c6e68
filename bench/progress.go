//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/load"
)

// progress tells how far a run is: a bar on a terminal, else a line for each
// measurement.
type progress struct {
	to       io.Writer
	terminal bool
	began    time.Time
	done     int
	total    int
}

func newProgress(to io.Writer) *progress {
	p := &progress{to: to, began: time.Now()}
	if f, ok := to.(*os.File); ok {
		_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		p.terminal = err == nil
	}
	return p
}

// begin tells what is measured now.
func (p *progress) begin(label string, round, rounds int) {
	if !p.terminal {
		return
	}
	const width = 24
	full := 0
	left := ""
	if p.total > 0 {
		full = min(p.done*width/p.total, width)
	}
	if p.done > 0 {
		each := time.Since(p.began) / time.Duration(p.done)
		left = (each * time.Duration(p.total-p.done)).Round(time.Second).String() + " left"
	}
	fmt.Fprintf(p.to, "\r\x1b[K[%s%s] %d/%d  %s  %s, round %d of %d",
		strings.Repeat("#", full), strings.Repeat("-", width-full), p.done, p.total, left, label, round, rounds)
}

// end tells what was measured.
func (p *progress) end(label string, round, rounds int, s load.Sample) {
	p.done++
	if p.terminal {
		return
	}
	text := ""
	for _, f := range []struct{ name, format string }{
		{"cpu_us_per_req", "%.2f µs of CPU"}, {"rps", "%.0f/s"}, {"bytes_per_waiting", "%.0f bytes each"}, {"p99_us", "p99 %.0f µs"},
	} {
		if v, ok := s.Figures[f.name]; ok {
			text += ", " + fmt.Sprintf(f.format, v)
		}
	}
	fmt.Fprintf(p.to, "%s, round %d of %d: %s\n", label, round, rounds, strings.TrimPrefix(text, ", "))
}

// failed tells that there was nothing to measure.
func (p *progress) failed(label string, round int, err error) {
	p.done++
	p.clear()
	fmt.Fprintf(p.to, "%s, round %d: FAILED: %v\n", label, round, err)
}

// skip says that so many measurements will not be made, for want of time.
func (p *progress) skip(n int) { p.total -= n }

// clear takes the bar away.
func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}
