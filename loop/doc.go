// Package loop is Tornado's IOLoop: it calls a function when a descriptor is
// ready, when a time has come, or when it is asked to. It stands on epoll,
// kqueue or poll(2) and knows nothing of sockets, bytes or HTTP.
//
// One goroutine owns a loop and everything on it: all methods are for the
// goroutine that calls Run (before Run, the one that prepares it), except
// AddCallback, Stop, Stats and Lag, which any goroutine may call.
//
// # A turn
//
// Run repeats these steps. The order is Tornado's, and promised:
//
//  1. The time is read. Time returns this reading until step 7.
//  2. The callbacks of this turn are fixed: those that are queued now. What
//     they add waits for the next turn.
//  3. The timers of this turn are fixed: those that are due now. They leave the
//     heap before anything runs, so one that starts itself again in the past
//     waits for the next turn too.
//  4. The callbacks run, in the order in which they were added.
//  5. The timers run, earliest deadline first, equal deadlines in the order in
//     which they were started, except those that were stopped or reset since
//     step 3.
//  6. If Stop was called, Run returns nil, and the descriptors are not looked at.
//  7. The poller waits: not at all if a callback is queued, else until the
//     earliest deadline (at least half a millisecond, or what the kernel
//     counts in), else without end. The time is read again.
//  8. The handlers of the ready descriptors run, each once, if the registration
//     that the kernel reported is still the one in the table.
//
// A signal that interrupts the wait makes step 8 empty and nothing else. Any
// other error of the wait leaves Run.
//
// # Descriptors
//
// A descriptor belongs to whoever opened it. AddHandler takes it as it is: make
// it non-blocking first. When you are done with it, call RemoveHandler, then
// close it, in one function and in this order. The kernel gives a closed number
// to the next socket that is opened; a registration that outlives its
// descriptor would be of another socket, or of none and impossible to remove.
//
// Registration is level-triggered: what is ready and not dealt with is reported
// again in the next turn. Error is reported unasked, and may come without Read
// or Write (at the end of a pipe it does): the read or write that is then tried
// tells the cause. To notice that a peer has closed, ask for Read, also when no
// data is expected.
//
// Each registration has a generation. When a handler removes another one that
// is ready in the same batch, closes its descriptor and registers a new one
// with the same number, the event that was found for the old one is dropped.
//
// # Life
//
// New, then AddHandler, AddCallback and timers, then Run until Stop; Run again
// goes on with what was left. Close comes after Run has returned. After Close,
// AddCallback, Stop and Timer.Reset do nothing; Run and the three methods for
// handlers return ErrClosed.
//
// A panic leaves Run like any panic, unless Options.OnPanic is set. In both
// cases the loop can go on: nothing that was taken up for this turn runs twice,
// and no callback or timer is lost.
//
// A loop that turns steadily allocates nothing. CallAt and CallLater allocate
// their Timer; a Timer that is part of another struct costs only its 24 bytes,
// and 16 in the heap while it is active.
//
// # How it does
//
// Stats counts turns, calls, and the time spent in work and in waits; Lag is a
// Histogram of how late timers were. Both are numbers that the loop publishes
// as it goes, so they can be read while a function holds it: Asleep is false
// then, and Turns stands still. All of this costs no reading of the clock that
// a turn does not make anyway. Which function it is that holds the loop, and
// for how long, only the watchdog knows: Options.SlowAfter, and LogSlow.
//
// # Differences from Tornado
//
// The names are Tornado's, and so is what they do (measured on version 4.5.3),
// with these exceptions, each for the reason below it.
//
//	Tornado                              here
//
//	add_handler twice raises, and yet    ErrRegistered; the first handler stays
//	the second handler is in force
//	   An operation that fails changes nothing.
//
//	remove_handler of an unknown fd      ErrNotRegistered
//	is silent
//	   It is the trace of a bug: most often close came before remove. Who does
//	   not care can ignore the error.
//
//	an event goes to whoever has the     to the registration it was found for,
//	number now, with all its bits        and only bits that are still wanted
//	   remove_handler drops the event of a removed number; a generation also
//	   covers a number that was registered again, and Write after an update to
//	   Read.
//
//	update_handler always calls epoll    not if nothing changes
//	   An HTTP connection asks for Read all its life: the call would be waste.
//
//	an fd may be an object               numbers only
//	   Owning the object would be owning its finaliser. Cases
//	   test_close_file_object, test_handler_callback_file_object and
//	   test_mixed_fd_fileobj do not apply.
//
//	a callback's exception is logged     a panic leaves Run, unless OnPanic is set
//	   A Go program whose invariants are broken stops, if it does not say
//	   otherwise. EPIPE is not special: in Go it is a value, not an exception.
//	   Case test_exception_logging_future and the like do not apply.
//
//	time() is the wall clock             Time is monotonic; Wall is separate
//	   A clock that is set must not fire, or hold, a timer. Case
//	   test_clock_backwards does not apply.
//
//	time() is read at each call          Time stands still between waits
//	   As in libuv: one reading for the whole batch. So CallLater counts from
//	   the last wait, and what this turn has used up counts as waited: seen
//	   from the call, the timer may be early by as much. It is never early on
//	   the scale of Time.
//
//	add_timeout, call_at, call_later,    CallAt, CallLater, Timer
//	remove_timeout(handle)
//	   Arguments go into the closure; a relative deadline is CallLater's.
//
//	a cancelled timeout stays in the     a stopped timer leaves the heap
//	heap until a sweep
//	   Nearly every timer of an HTTP client is stopped.
//
//	a wait lasts an hour at most         without end
//	   There is no clock to distrust, and no reason to wake.
//
//	close(all_fds=True)                  CloseAll
//	   A method and not a flag that reads as "true" at the call.
//
//	PeriodicCallback: jitter, and ticks  neither
//	skipped while a coroutine runs (5.1)
//	   A function has returned when it returns. Whoever wants jitter resets a
//	   Timer by a random time.
//
//	stop during run_sync: TimeoutError   ErrStopped; ErrTimeout is for time
//	   As in Tornado's later versions. RunSync takes a done function where
//	   run_sync takes a future; a plain result cannot be a mistake then, and
//	   test_sync_result and test_native_coroutine do not apply.
//
//	add_future, run_in_executor          AddCallback from the goroutine
//	   A goroutine ends with l.AddCallback(func() { use(result) }).
//
//	add_callback_from_signal,            AddCallback
//	spawn_callback
//	   Signals arrive on a channel, in a goroutine like any other; and there is
//	   no stack context to leave behind (test_pre_wrap,
//	   test_add_future_stack_context).
//
//	instance, current, make_current      pass the *Loop
//	   Go has no thread locals and wants no globals. TestIOLoopCurrent does not
//	   apply.
//
//	set_blocking_log_threshold: SIGALRM  Options.SlowAfter and OnSlow
//	   Signals are the runtime's. Functions are named when they return, and a
//	   goroutine shows the stack of one that does not.
//
// # Not guaranteed
//
// The order among descriptors that are ready in one batch; how many turns a
// piece of work takes; that a handler finds what it was called for (be prepared
// for EAGAIN); that a wait lasts as long as it was asked to; what happens to a
// registration whose descriptor was closed first; how soon after a deadline a
// timer runs, for that depends on everything else that runs.
//
// # Systems
//
// Linux has epoll, macOS and the BSDs have kqueue, and both have poll(2) as
// well, by name: see NewPoller. On other systems the package compiles and New
// fails.
//
// On Linux, epoll and poll(2) pass the same tests, to the bit. kqueue is
// compiled and vetted for five systems, and its translation of events is tested
// apart from the kernel, but the authors have not run it. It differs in one
// point that is known: on a descriptor that asks for neither Read nor Write it
// reports nothing, not even errors.
package loop
