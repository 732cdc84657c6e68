package sched_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// What the socket does not take waits, up to a bound, and all of it arrives.
func TestConnWrite(t *testing.T) {
	v := newLife(t, sim.Options{Window: 1000}, sched.Options{})
	var peer *sim.Peer
	got := 0
	v.w.Listen(addr, switcher(switching, func(p *sim.Peer) {
		peer = p
		p.OnData = func(b []byte) { got += len(b) }
	}))
	k := v.take(upgrade("http://a.example/"), func(k *taken) {
		if _, err := k.Write([]byte("too early")); !errors.Is(err, sched.ErrConnClosed) {
			t.Errorf("write before Take: got %v; want %v", err, sched.ErrConnClosed)
		}
		k.handler.MaxBuffered = 5000
	})
	v.runFor(time.Second)
	peer.Pause(true)
	if n, err := k.Write(make([]byte, 4000)); n != 4000 || err != nil || k.Buffered() != 3000 {
		t.Errorf("write: got %d, %v, and %d wait; want 4000, nil, and 3000", n, err, k.Buffered())
	}
	if n, err := k.Write(make([]byte, 2000)); n != 2000 || err != nil || k.Buffered() != 5000 {
		t.Errorf("write: got %d, %v, and %d wait; want 2000, nil, and 5000", n, err, k.Buffered())
	}
	_, err := k.Write([]byte("x"))
	full, _ := errors.AsType[*sched.BufferFullError](err)
	if want := (sched.BufferFullError{Buffered: 5000, Len: 1, Max: 5000}); full == nil || *full != want {
		t.Errorf("write: got %v; want %v", err, &want)
	}
	v.runFor(time.Hour)
	if len(k.calls) != 0 || k.Buffered() != 5000 {
		t.Errorf("an hour later: told %v, and %d wait; want nothing new", k.calls, k.Buffered())
	}
	peer.Pause(false)
	v.runFor(time.Second)
	if got != 6000 || k.Buffered() != 0 || fmt.Sprint(k.calls) != "[drain]" {
		t.Errorf("%d bytes came, %d wait, told %v; want 6000, 0, and one drain", got, k.Buffered(), k.calls)
	}
	k.Write([]byte("small"))
	v.runFor(time.Second)
	if got != 6005 || len(k.calls) != 1 {
		t.Errorf("%d bytes came, told %v; want 6005, and no drain of what did not wait", got, k.calls)
	}
	k.Close()
	v.runFor(time.Second)
	v.close()
}

// A paused connection lets the server's window fill, from the very first byte.
func TestConnPause(t *testing.T) {
	for _, early := range []string{"", "early "} {
		v := newLife(t, sim.Options{Window: 1000}, sched.Options{})
		late := strings.Repeat("late ", 2000)
		v.w.Listen(addr, switcher(switching+early, func(p *sim.Peer) {
			v.w.After(time.Second, func() { p.Write([]byte(late)); p.CloseWrite() })
		}))
		k := v.take(upgrade("http://a.example/"), func(k *taken) { k.Pause() })
		v.runFor(time.Hour)
		if k.data.Len() > 0 || len(k.calls) > 0 {
			t.Errorf("%d bytes came although it was paused; told %v", k.data.Len(), k.calls)
		}
		if got := v.w.Stats().Received; got > uint64(len(switching+early)) {
			t.Errorf("%d bytes were read; want none behind the head", got)
		}
		k.handler.OnData = func(b []byte) { // one piece at a time
			k.data.Write(b)
			k.Pause()
			v.l.CallLater(ms(10), k.Resume)
		}
		k.Take(k.handler)
		k.Resume()
		v.runFor(time.Hour)
		if got := k.data.String(); got != early+late {
			t.Errorf("got %d bytes; want the %d that were sent", len(got), len(early+late))
		}
		k.wantEnd(nil)
		if got := v.w.Stats().Waits; got > 1000 {
			t.Errorf("%d turns; want a loop that waits and does not spin", got)
		}
		k.Close()
		v.close()
	}
}

// The end of a connection is reported whether one asks or not: a paused one must
// not make the loop spin, and what came before the end is not lost.
func TestConnEndsWhilePaused(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*sim.Peer)
		want error
	}{
		{"RST", (*sim.Peer).Reset, syscall.ECONNRESET},
		{"FIN", (*sim.Peer).CloseWrite, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			v.w.Listen(addr, switcher(switching, func(p *sim.Peer) {
				v.w.After(time.Second, func() {
					p.Write([]byte("last words"))
					v.w.After(time.Second, func() { c.end(p) })
				})
			}))
			k := v.take(upgrade("http://a.example/"), func(k *taken) { k.Pause() })
			v.runFor(time.Minute)
			if c.want == nil {
				k.CloseWrite() // both halves: a hang-up
			}
			v.runFor(time.Minute)
			if got := v.w.Stats().Waits; got > 100 {
				t.Errorf("%d turns; want a loop that waits and does not spin", got)
			}
			if len(k.calls) != 0 {
				t.Errorf("told %v, though paused", k.calls)
			}
			k.Resume()
			v.runFor(time.Minute)
			if got := k.data.String(); got != "last words" {
				t.Errorf("got %q; want the last words", got)
			}
			k.wantEnd(c.want)
			if got := v.s.Stats().Open; got != 0 {
				t.Errorf("%d connections are open", got)
			}
			v.close()
		})
	}
}

// The kernel tells an error once. If a write has heard of it, the end is no less
// an error for that.
func TestConnWriteHearsOfTheEnd(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	v.w.Listen(addr, switcher(switching, func(p *sim.Peer) { v.w.After(time.Second, p.Reset) }))
	k := v.take(upgrade("http://a.example/"), func(k *taken) { k.Pause() })
	v.runFor(time.Minute)
	for range 2 {
		if _, err := k.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("write: got %v; want %v", err, syscall.ECONNRESET)
		}
	}
	if err := k.CloseWrite(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("CloseWrite: got %v; want %v", err, syscall.ECONNRESET)
	}
	k.Resume()
	v.runFor(time.Minute)
	k.wantEnd(syscall.ECONNRESET)
	v.close()
}

// Each side may end its half first.
func TestConnCloseWrite(t *testing.T) {
	t.Run("we first", func(t *testing.T) {
		v := newLife(t, sim.Options{Window: 1000}, sched.Options{})
		got, eof := 0, false
		v.w.Listen(addr, switcher(switching, func(p *sim.Peer) {
			p.OnData = func(b []byte) { got += len(b) }
			p.OnEOF = func() {
				eof = true
				p.Write([]byte("goodbye"))
				p.CloseWrite()
			}
		}))
		k := v.take(upgrade("http://a.example/"), nil)
		v.runFor(time.Second)
		k.Write(make([]byte, 5000))
		if err := k.CloseWrite(); err != nil {
			t.Error(err)
		}
		if _, err := k.Write([]byte("x")); !errors.Is(err, sched.ErrConnClosed) {
			t.Errorf("write after CloseWrite: got %v; want %v", err, sched.ErrConnClosed)
		}
		v.runFor(time.Second)
		if got != 5000 || !eof || k.data.String() != "goodbye" {
			t.Errorf("%d bytes came, EOF %v, and %q back; want 5000, and a goodbye", got, eof, k.data.String())
		}
		k.wantEnd(nil)
		if got := v.s.Stats().Open; got != 0 {
			t.Error("the connection is open, though both sides have ended it")
		}
		v.close()
	})
	t.Run("the server first", func(t *testing.T) {
		v := newLife(t, sim.Options{Window: 1000}, sched.Options{})
		got, gone := 0, []error(nil)
		v.w.Listen(addr, switcher(switching, func(p *sim.Peer) {
			p.OnData = func(b []byte) { got += len(b) }
			p.OnClose = func(err error) { gone = append(gone, err) }
			v.w.After(time.Second, p.CloseWrite)
		}))
		k := v.take(upgrade("http://a.example/"), nil)
		v.runFor(time.Minute)
		k.wantEnd(nil)
		if n := v.w.Stats().Waits; n > 100 {
			t.Errorf("%d turns; want a loop that waits and does not spin", n)
		}
		k.Write(make([]byte, 5000))
		k.CloseWrite()
		v.runFor(time.Minute)
		if got != 5000 || len(gone) != 1 || gone[0] != io.EOF {
			t.Errorf("%d bytes came, then %v; want 5000, then %v", got, gone, io.EOF)
		}
		if got := v.s.Stats().Open; got != 0 {
			t.Error("the connection is open, though both sides have ended it")
		}
		k.wantEnd(nil)
		v.close()
	})
	t.Run("the server first, and then it goes", func(t *testing.T) {
		v := newLife(t, sim.Options{}, sched.Options{})
		v.w.Listen(addr, switcher(switching, func(p *sim.Peer) { v.w.After(time.Second, p.Close) }))
		k := v.take(upgrade("http://a.example/"), nil)
		v.runFor(time.Minute)
		k.wantEnd(nil)
		k.Write([]byte("anybody there?"))
		v.runFor(time.Minute)
		if got := v.s.Stats().Open; got != 0 {
			t.Error("the connection is open, though an RST has come")
		}
		if _, err := k.Write([]byte("x")); err == nil {
			t.Error("a write to nobody went well")
		}
		k.wantEnd(nil)
		v.close()
	})
}

// The handler may do anything, at any time.
func TestConnCallbacksDoAnything(t *testing.T) {
	for when, place := range map[string]func(*taken, func()){
		"OnData":  func(k *taken, do func()) { k.handler.OnData = func([]byte) { do() } },
		"OnDrain": func(k *taken, do func()) { k.handler.OnDrain = do },
		"OnEnd": func(k *taken, do func()) {
			end := k.handler.OnEnd
			k.handler.OnEnd = func(err error) { end(err); do() }
		},
	} {
		for what, do := range map[string]func(*taken){
			"Close":        func(k *taken) { k.Close() },
			"Stream.Close": func(k *taken) { k.v.s.Close() },
			"CloseWrite":   func(k *taken) { k.CloseWrite() },
			"Pause": func(k *taken) {
				k.Pause()
				k.v.l.CallLater(ms(10), k.Resume)
			},
			"Write": func(k *taken) { k.Write(make([]byte, 100)) },
			"Add":   func(k *taken) { k.v.get("http://10.0.0.2/") },
			"Take":  func(k *taken) { k.Take(k.handler) },
		} {
			t.Run(when+" "+what, func(t *testing.T) {
				v := newLife(t, sim.Options{Window: 1000}, sched.Options{})
				v.w.Listen(addrOf("10.0.0.2:80"), sim.HTTP(reply("x")))
				var peer *sim.Peer
				v.w.Listen(addr, switcher(switching+"early", func(p *sim.Peer) {
					peer = p
					p.OnData = nil
				}))
				calls := 0
				k := v.take(upgrade("http://a.example/"), func(k *taken) {
					place(k, func() {
						if calls++; calls < 3 {
							do(k)
						}
					})
				})
				v.runFor(ms(10))
				k.Write(make([]byte, 3000))
				v.runFor(ms(100))
				peer.Write([]byte("more"))
				peer.CloseWrite()
				v.runFor(ms(100))
				if calls == 0 {
					t.Errorf("%s was not called", when)
				}
				k.Close()
				v.runFor(ms(100))
				if n := len(k.causes); n != 1 {
					t.Errorf("OnEnd was called %d times; want once", n)
				}
				v.close()
			})
		}
	}
}
