// Package life lets a bot live for a month, in a second or two, and looks on.
//
// One seed is one life: a bot as the command builds it (package bot over
// webqq.Client or onebot.Client over sched.Stream over loop.Loop), on a
// simulated machine, with the emulator of the service on another one; OneBot's
// is NapCat or LLBot, followed by event stream, poll or WebSocket. Friends and
// members of groups talk to it at all hours. Meanwhile the network is cut for
// seconds or hours, servers restart, hang, and send more than they should, the
// name service is out of order, descriptors run out, the session expires,
// somebody else logs in with the account, QQ puts it out, the laptop sleeps,
// its clock jumps, and the process is ended and begun again. All of it is
// drawn from the seed, so that a life repeats exactly: Replay is the command
// that does it, with a trace.
//
// # What is watched
//
// Nothing is asked of the code under test that its users could not ask; all is
// seen from outside, at the seams: the poller below the loop, the kernel below
// the sockets, the Adder between client and stream, the Account between bot and
// client, and the servers at the far end.
//
//	readback     each is called exactly once, and never before Add returned
//	response     it answers its own request; no byte of one reaches another
//	twice        the servers get no request twice that is not replayable
//	descriptor   those that are open are known to a stream; none in the end
//	slot         the pools are empty in the end
//	timer        none is armed in the end
//	deadline     nothing waits without one, nor for longer than it says
//	bound        what waits, and what is remembered, stays small
//	spin         the loop turns as often as there is something to do
//	answer       no message is answered twice, nor one that was not for the bot
//	unanswered   a message is answered, or it is known why it could not be
//	settled      an hour of fair weather mends everything
//	panic        nothing panics
//	kernel       what sim.World.Violations knows
//
// # What may be lost
//
// WebQQ itself loses messages: the service lets go of one when it answers a
// poll with it, and nobody learns whether the answer arrived. OneBot's servers
// keep a history, so that there nothing may be lost. And on both a send whose
// connection ended before its answer may have been taken: it is not sent
// again. Both are counted, and for each it is checked that it was so: the
// program never got to read that reply from its socket; the send's error says
// that its outcome is unknown, or the process ended in the middle of it.
package life
