package loop

import (
	"bytes"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// Slow tells which function held the loop, and for how long. A function may be
// reported twice: while it is Running, and when it has returned.
type Slow struct {
	// Func is the function's full name: "github.com/you/bot.(*Bot).readPoll",
	// and for a function literal that of the function around it, with ".func1".
	Func string

	// Took is how long it held the loop; while it is Running, at least how long.
	Took time.Duration

	// Stack is where it is, if it is Running; otherwise nil.
	Stack []byte

	// Running means that the function has not returned. OnSlow is then called
	// on the watchdog's goroutine, once for each call of the function, and may
	// overlap with a call on the loop's goroutine, where it is called otherwise.
	Running bool
}

// LogSlow returns an Options.OnSlow that warns of each function that held the
// loop, and of one that still does, with its stack.
func LogSlow(log *slog.Logger) func(Slow) {
	return func(s Slow) {
		if s.Running {
			log.Warn("a function holds the loop", "func", s.Func, "took", s.Took, "stack", string(s.Stack))
		} else {
			log.Warn("a function held the loop", "func", s.Func, "took", s.Took)
		}
	}
}

// A watchdog names the functions that hold the loop. It sees them twice: the
// loop's goroutine measures each on the loop's Clock when it has returned; and
// a goroutine of the watchdog's own, in real time, catches one that does not.
type watchdog struct {
	clock  Clock
	after  time.Duration
	onSlow func(Slow)

	// The loop's goroutine only.
	began       time.Duration
	longest     time.Duration // that a function took
	longestFunc uintptr

	// Shared: calls is odd while a function runs, pc is its code.
	calls atomic.Uint64
	pc    atomic.Uintptr

	// A watchdog over a loop that sleeps sleeps too: parked says so, and the
	// next function wakes it.
	parked atomic.Bool
	nudge  chan struct{} // of capacity 1
}

// begin notes that fn, a function of any type, is about to run.
func (w *watchdog) begin(fn any) {
	w.rename(fn)
	w.began = w.clock.Monotonic()
	w.calls.Add(1)
	if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
		select {
		case w.nudge <- struct{}{}:
		default:
		}
	}
}

// rename says that the function that runs does so on behalf of fn.
func (w *watchdog) rename(fn any) { w.pc.Store(reflect.ValueOf(fn).Pointer()) }

// end notes that the function has returned, or panicked.
func (w *watchdog) end() {
	if w.calls.Load()%2 == 0 {
		return
	}
	w.calls.Add(1)
	took := w.clock.Monotonic() - w.began
	if took > w.longest {
		w.longest, w.longestFunc = took, w.pc.Load()
	}
	if took >= w.after {
		w.onSlow(Slow{Func: funcName(w.pc.Load()), Took: took})
	}
}

// start starts the watching goroutine, and returns what ends it and waits for
// its end.
func (w *watchdog) start() (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	id := goroutineID()
	go func() {
		defer close(gone)
		w.patrol(id, quit)
	}()
	return func() {
		w.end() // if a panic is leaving Run
		close(quit)
		<-gone
	}
}

// patrol looks twice in each period. A call that it has seen for a whole period
// has run for at least that long.
func (w *watchdog) patrol(goroutine []byte, quit <-chan struct{}) {
	period := max(w.after/2, 1)
	tick := time.NewTicker(period)
	defer tick.Stop()
	var (
		call     uint64
		since    time.Time
		reported bool
	)
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			if c := w.calls.Load(); c != call {
				call, since, reported = c, now, false
				continue
			}
			if call%2 == 0 {
				// Parked is set before calls is looked at, and begin does it the
				// other way round: one of the two sees the other.
				w.parked.Store(true)
				if w.calls.Load() != call {
					w.parked.Store(false)
					continue
				}
				tick.Stop()
				select {
				case <-quit:
					return
				case <-w.nudge:
				}
				tick.Reset(period)
				continue
			}
			took := now.Sub(since)
			if reported || took < w.after {
				continue
			}
			reported = true
			slow := Slow{Func: funcName(w.pc.Load()), Took: took, Stack: stackOf(goroutine), Running: true}
			if w.calls.Load() == call { // else it returned while we looked
				w.onSlow(slow)
			}
		}
	}
}

// funcName drops the mark of a method value, which nobody has written.
func funcName(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return "unknown"
	}
	return strings.TrimSuffix(f.Name(), "-fm")
}

// goroutineID returns the head of this goroutine's stack trace up to its
// number: "goroutine 7 ". The runtime tells a goroutine's number nowhere else.
func goroutineID() []byte {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	return buf[:bytes.IndexByte(buf, '[')]
}

// stackOf returns the stack of the goroutine with that head. The runtime shows
// another goroutine's stack only together with all of them.
func stackOf(goroutine []byte) []byte {
	buf := make([]byte, 1<<16)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	for stack := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		if bytes.HasPrefix(stack, goroutine) {
			return bytes.Clone(stack)
		}
	}
	return nil
}
