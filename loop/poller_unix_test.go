//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop

import (
	"math"
	"testing"
	"time"
)

func TestMillisUp(t *testing.T) {
	const ms = time.Millisecond
	for timeout, want := range map[time.Duration]int{
		-1:                       -1,
		math.MinInt64:            -1,
		0:                        0,
		1:                        1,
		ms - 1:                   1,
		ms:                       1,
		ms + 1:                   2,
		time.Hour:                3_600_000,
		math.MaxInt32 * ms:       math.MaxInt32,
		math.MaxInt32*ms + 1:     math.MaxInt32,
		(math.MaxInt32 + 1) * ms: math.MaxInt32,
		math.MaxInt64:            math.MaxInt32,
	} {
		if got := millisUp(timeout); got != want {
			t.Errorf("%v: got %d; want %d", timeout, got, want)
		}
	}
}
