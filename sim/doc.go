// Package sim is a simulated operating system with a network behind it: the
// other side of the seam on which the engine stands. The loop, the engine and a
// whole bot run on it unchanged, in virtual time, with every fault that a
// network knows, and any run repeats from its seed.
//
// # A test of your own chain
//
// A world has names, servers, and what goes wrong; the program under test gets
// its loop and its kernel:
//
//	w := sim.New(sim.Options{Seed: 1})
//	addr := netip.MustParseAddr("203.0.113.7")
//	w.Host("bot.example", addr)
//	server := w.Listen(netip.AddrPortFrom(addr, 80), sim.HTTP(func(x *sim.Exchange) {
//		w.After(time.Minute, func() { x.Reply(200, nil, []byte("news")) }) // a long poll
//	}))
//	server.Fault(2, sim.Fault{Down: sim.Cut{By: sim.FIN}}) // connection 2: an empty reply
//
//	l, err := loop.New(w.Loop())
//	s := sched.New(l, sched.Options{Kernel: w.Kernel()})
//	s.Add(sched.Get("http://bot.example/poll"), readback)
//	l.CallLater(30*24*time.Hour, l.Stop) // a month, in the blink of an eye
//	err = l.Run()
//
// Afterwards ask the world what it has seen: Violations should be empty, Open
// should be 0 once the stream is closed (or a socket has leaked), and Stats
// says whether the loop took more turns than it had to. Trace shows every
// system call and every packet.
//
// The zero Profile is fair weather. With Faults the network is as bad as you
// like, and a test over a range of seeds finds what no script thought of: when
// one fails, its seed is the whole bug report.
//
// # Time
//
// Time stands still while the program runs and moves only inside the poller's
// Wait: there the world's events happen, one after the other, until one makes a
// descriptor ready, the timeout has passed, or Wake was called. Events are
// ordered by time, and at one time by the order in which they were asked for.
// So a wait of an hour takes no time, and no test sleeps. Spend lets time pass
// as if the program had worked.
//
// If nothing is ready and nothing will ever happen, Wait says ErrNothing: a
// hang is an error at once. If the program turns and turns and nothing moves,
// it says ErrSpinning. Both come out of Loop.Run in a *loop.OpError.
//
// What the engine gives to a worker, such as to read the next piece of a request's
// body, takes as long as WorkTakes says.
//
// A world is of one goroutine, the loop's. It does not wait for others: a
// program that does part of its work elsewhere and comes back by AddCallback
// finds that the world has ended meanwhile.
//
// # What is simulated
//
// Sockets behave as Linux's do, to the bits of epoll(7): a connect that is
// refused is WRITE|ERROR (0x1c), a reset READ|ERROR (0x19, or 0x18 if READ was
// not asked for), a FIN is READ, and nothing to one who did not ask. What
// arrived before a reset can be read; then comes the error, once; then the end.
// Descriptors are numbered from 3, the lowest free one first. One table of
// cases holds this side and the real kernel to the same answers.
//
// Packets take Latency and Jitter and keep their order in a connection; those of
// two connections overtake each other. Bandwidth may be bounded for the machine,
// for a server and for a connection. A window bounds what is on its way and
// slows a writer whose reader is slow. A connect without an answer fails after
// 127 seconds. Unplug cuts a line for a while, as TCP lives through it or not.
//
// The machine is simulated, too: Suspend closes its lid, JumpWall sets its
// clock, Exit kills the process, so that the next one finds what it left.
// An event of a descriptor's last owner may come late (Profile.Stale).
// EINTR is an empty Wait (Profile.Interrupt): other calls that a signal
// interrupts are begun again below the seam, as in the real kernel package.
//
// Not simulated: single lost packets outside of Unplug (a connection cut by
// Silence stays silent for ever), the backlog of a listener, TIME_WAIT, and
// everything but TCP and streams of the Unix domain (ListenUnix).
package sim
