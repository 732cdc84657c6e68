package kernel

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A name server that is silent about some names holds up the others for a
// second, and not for as long as it is silent.
func TestSlowLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(t, Options{LookupWorkers: 2})
		r.deaf = true // the silent ones do not even hear that they are given up
		for i := range 8 {
			r.look(t.Context(), fmt.Sprint("silent", i))
			time.Sleep(slowAfter)
			synctest.Wait()
		}
		// 0 and 1 began at once. Each that was slow let another one in, up to
		// the two that count and six that do not.
		if len(r.asked) != 8 {
			t.Errorf("asked for %q; want all eight", r.asked)
		}
		r.look(t.Context(), "late")
		time.Sleep(10 * slowAfter)
		synctest.Wait()
		if len(r.asked) != 8 {
			t.Errorf("asked for %q; want no more than eight at once", r.asked)
		}
		r.gate <- struct{}{}
		synctest.Wait()
		if len(r.asked) != 9 {
			t.Errorf("asked for %q; want the late one, too", r.asked)
		}
		close(r.gate)
		synctest.Wait()
		r.want("late", nil)
		if n := r.sys.names; n.started != 2 || n.slow != 0 || len(n.running) != 0 {
			t.Errorf("%d workers, %d slow, %d running when all are over; want 2, none, none", n.started, n.slow, len(n.running))
		}
		r.sys.Shutdown()
		synctest.Wait()
	})
}

// What is slow, given up and answered late is still counted right.
func TestSlowLookupGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(t, Options{LookupWorkers: 1})
		r.deaf = true
		ctx, cancel := context.WithCancel(t.Context())
		r.look(ctx, "a")
		r.look(t.Context(), "b")
		r.pending("b")
		cancel()
		time.Sleep(slowAfter)
		synctest.Wait()
		r.want("a", context.Canceled)
		if !slices.Equal(r.asked, []string{"a", "b"}) {
			t.Errorf("asked for %q; want b beside a", r.asked)
		}
		r.end()
		r.want("b", nil)
	})
}
