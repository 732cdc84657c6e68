package faultproxy

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// A Proxy listens until it is closed. Its methods may be called from any
// goroutine.
type Proxy struct {
	listener net.Listener
	network  string
	target   string
	script   Script
	accepted atomic.Int64
	running  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

// Listen starts a proxy on a free port of 127.0.0.1. Target is where it
// connects to: host:port, or the path of a Unix socket. A nil script breaks
// nothing.
func Listen(target string, script Script) (*Proxy, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fault proxy: %w", err)
	}
	p := &Proxy{listener: l, network: "tcp", target: target, script: script, open: map[net.Conn]struct{}{}}
	if target != "" && target[0] == '/' {
		p.network = "unix"
	}
	p.running.Go(p.accept)
	return p, nil
}

// Addr returns host:port of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Accepted returns how many connections there have been.
func (p *Proxy) Accepted() int { return int(p.accepted.Load()) }

// Open returns how many sockets the proxy holds, of both sides.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// Close ends all connections and returns when no goroutine of the proxy is
// left.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the client was gone before us, or descriptors are short
		}
		n := int(p.accepted.Add(1)) - 1
		var faults []Fault
		if p.script != nil {
			faults = p.script(n)
		}
		if p.keep(c) {
			p.running.Go(func() { p.serve(c, faults) })
		}
	}
}

// keep notes that c is open, or closes it if the proxy is.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
		return false
	}
	p.open[c] = struct{}{}
	return true
}

// drop closes c.
func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	c.Close()
}
