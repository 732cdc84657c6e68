package sched_test

import (
	"bytes"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for another process before it gives up.
const patience = 20 * time.Second

// A peer is a server that is not ours, in a process of its own.
type peer struct {
	at   string // where it listens
	dir  string // its own
	stop func() // ends it; it ends with the test in any case
	end  syscall.Signal

	mu   sync.Mutex
	said bytes.Buffer
}

// startPeer starts a program that will listen at that address, and waits until
// it does.
func startPeer(t testing.TB, at, dir, program string, args ...string) *peer {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip("there is nobody to talk to:", err)
	}
	p := &peer{at: at, dir: dir, end: syscall.SIGTERM}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = p, p
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		cmd.Wait()
		close(gone)
	}()
	p.stop = func() {
		cmd.Process.Signal(p.end)
		select {
		case <-gone:
		case <-time.After(patience):
			cmd.Process.Kill()
			<-gone
		}
	}
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s says:\n%s", program, p.output())
		}
	})
	// Another process starts: there is nothing to wait on but a try.
	for tries := patience / (10 * time.Millisecond); tries > 0; tries-- {
		if c, err := net.Dial("tcp", at); err == nil {
			c.Close()
			return p
		}
		select {
		case <-gone:
			t.Fatalf("%s ended and said:\n%s", program, p.output())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen at %s and said:\n%s", program, at, p.output())
	return nil
}

// Write hears what the peer says.
func (p *peer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *peer) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}
