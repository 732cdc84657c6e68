package sim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// One host, one server that thinks for a minute, and a program on a loop that
// looks the name up, connects, asks, and reads to the end.
func Example() {
	addr := netip.MustParseAddr("203.0.113.7")
	w := sim.New(sim.Options{Latency: 10 * time.Millisecond})
	w.Host("bot.example", addr)
	w.Listen(netip.AddrPortFrom(addr, 80), sim.HTTP(func(x *sim.Exchange) {
		fmt.Println(w.Now(), "the server reads", x.Request.Method, x.Request.URL)
		w.After(time.Minute, func() { x.Reply(200, nil, []byte("news")) })
	}))

	l, err := loop.New(w.Loop())
	if err != nil {
		log.Fatal(err)
	}
	k := w.Kernel()

	var fd int
	var response []byte
	read := func(int, loop.Events) {
		buf := make([]byte, 4096)
		n, err := k.Read(fd, buf)
		response = append(response, buf[:n]...)
		if err == io.EOF {
			l.RemoveHandler(fd) // first remove,
			k.Close(fd)         // then close
		}
	}
	connected := func(int, loop.Events) {
		if err := k.ConnectError(fd); err != nil {
			log.Fatal(err)
		}
		fmt.Println(w.Now(), "connected")
		k.Write(fd, []byte("GET /poll HTTP/1.1\r\nHost: bot.example\r\nConnection: close\r\n\r\n"))
		l.RemoveHandler(fd)
		l.AddHandler(fd, loop.Read, read)
	}
	k.Lookup(context.Background(), "bot.example", func(addrs []netip.Addr, err error) {
		fmt.Println(w.Now(), "bot.example is", addrs, err)
		l.AddCallback(func() {
			if fd, err = k.Connect(netip.AddrPortFrom(addrs[0], 80)); err != nil {
				log.Fatal(err)
			}
			l.AddHandler(fd, loop.Write, connected)
		})
	})

	err = l.Run()
	fmt.Println(w.Now(), "the end:", errors.Is(err, sim.ErrNothing))
	head, body, _ := bytes.Cut(response, []byte("\r\n\r\n"))
	fmt.Printf("%q\n%q\n", head, body)
	fmt.Println(w.Open(), "sockets open,", len(w.Violations()), "violations")

	// Output:
	// 20ms bot.example is [203.0.113.7] <nil>
	// 40ms connected
	// 50ms the server reads GET /poll
	// 1m0.07s the end: true
	// "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4"
	// "news"
	// 0 sockets open, 0 violations
}
