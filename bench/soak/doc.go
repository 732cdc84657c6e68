// Soak runs the engine and a bot on real sockets for a given time, while the
// network breaks, and watches what they hold:
//
//	go run ./bench/soak --for 20m --conns 5000 --out DIR
//
// The process that is watched has one loop, on which chains ask for ever: long
// polls mostly, short replies, chunked ones, and posts. There are more chains than
// they may have connections, so that all of these are in use. A bot is logged in on the same
// loop, and its friend asks it to echo. The servers are another process: an HTTP
// origin and the WebQQ emulator, each behind a fault proxy that cuts, stalls,
// splits and corrupts replies at random bytes (one connection in three), and
// the emulator is restarted now and then.
//
// Each few seconds a sample is taken after a collection: descriptors,
// goroutines, heap, and how late the loop's timers were. DIR gets soak.json with
// all of them, soak.md with the slopes of their lines of least squares, and
// the plot as soak.svg and soak.png. The exit status is 1 if a line is not
// flat, a request was not completed exactly once, the bot answered a message
// twice, or something was left open in the end.
package main
