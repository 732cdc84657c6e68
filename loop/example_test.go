//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop_test

import (
	"fmt"
	"log"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/loop"
)

// Two pipes and a timer: what is written into the first pipe is answered
// through the second, and the timer asks.
func Example() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	var question, answer [2]int // [0] is for reading, [1] for writing
	for _, pipe := range []*[2]int{&question, &answer} {
		if err := unix.Pipe(pipe[:]); err != nil {
			log.Fatal(err)
		}
		for _, fd := range pipe {
			defer unix.Close(fd)
			if err := unix.SetNonblock(fd, true); err != nil {
				log.Fatal(err)
			}
		}
	}

	// receive calls got with each piece that arrives on fd.
	receive := func(fd int, got func(text string)) {
		err := l.AddHandler(fd, loop.Read, func(fd int, _ loop.Events) {
			buf := make([]byte, 64)
			n, err := unix.Read(fd, buf)
			if err != nil {
				return // EAGAIN: ready was a hint
			}
			got(string(buf[:n]))
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	receive(question[0], func(text string) {
		fmt.Println("asked:", text)
		unix.Write(answer[1], []byte("six times seven"))
	})
	receive(answer[0], func(text string) {
		fmt.Println("answered:", text)
		l.Stop()
	})
	l.CallLater(time.Millisecond, func() {
		unix.Write(question[1], []byte("how many?"))
	})

	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// asked: how many?
	// answered: six times seven
}

// Callbacks run before timers, and timers by deadline, whatever the order in
// which they were asked for.
func ExampleLoop_CallLater() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	l.CallLater(2*time.Millisecond, l.Stop)
	l.CallLater(1*time.Millisecond, func() { fmt.Println("a timer") })
	never := l.CallLater(1*time.Millisecond, func() { fmt.Println("never") })
	l.AddCallback(func() {
		fmt.Println("stopped in time:", never.Stop())
	})
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// stopped in time: true
	// a timer
}

// Work that would block is done by a goroutine, and its result comes back
// through the one door: what the callback touches needs no lock.
func ExampleLoop_AddCallback() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	total := 0 // belongs to the loop
	for n := range 4 {
		go func() {
			square := n * n
			l.AddCallback(func() {
				if total += square; total == 0+1+4+9 {
					l.Stop()
				}
			})
		}()
	}
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("total:", total)
	// Output:
	// total: 14
}

// A Timer that is part of the thing it watches over is not allocated, and may
// be started again and again.
func ExampleTimer() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	type connection struct {
		idle loop.Timer
	}
	c := new(connection)
	c.idle.Init(l, func() {
		fmt.Println("idle for too long")
		l.Stop()
	})
	c.idle.Reset(l.Time() + time.Hour)
	// Something arrives, and the hour starts anew; here, a millisecond does.
	c.idle.Reset(l.Time() + time.Millisecond)
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// idle for too long
}
