package sched_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/kernel"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// slowWorker is a simulated kernel with one worker, who takes a while for each
// piece of work.
type slowWorker struct {
	kernel.Kernel
	w         *sim.World
	each      time.Duration
	free      time.Duration // when it will be
	with      int           // pieces that it has
	most, all int
}

func (k *slowWorker) Compute(work, done func()) bool {
	k.all++
	k.with++
	k.most = max(k.most, k.with)
	k.free = max(k.free, k.w.Now()) + k.each
	k.w.After(k.free-k.w.Now(), func() { work(); k.with--; done() })
	return true
}

// newSlowWorker returns a life whose handshakes are computed slowly, all but
// the first four.
func newSlowWorker(t *testing.T, each time.Duration) (*life, *slowWorker) {
	v := newLife(t, sim.Options{}, sched.Options{})
	k := &slowWorker{Kernel: v.w.Kernel(), w: v.w, each: each}
	v.s.Close()
	v.s = sched.New(v.l, trusting(sched.Options{Kernel: k}))
	return v, k
}

// In a burst a handshake begins when another ends, and those that have begun go
// first: be it the worker that is slow, or the server.
func TestBurstIsBegunBitByBit(t *testing.T) {
	const many = 300
	for _, c := range []struct {
		name           string
		worker, server time.Duration // for a step, and for a handshake
		most           int           // that have begun
	}{
		{"slow worker", ms(1), 0, 30},
		{"slow server", 0, ms(1), 16 + 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, k := newSlowWorker(t, c.worker)
			underWay, most, free := 0, 0, time.Duration(0)
			l := v.https(&tls.Config{}, func(p *tlsPeer) {
				p.hello()
				underWay++
				most = max(most, underWay)
				free = max(free, v.w.Now()) + c.server
				p.sleep(free - v.w.Now())
				p.Handshake()
				underWay--
				answering(func(_ *tlsPeer, r *http.Request, _ []byte) string { return ok(r.URL.Path) })(p)
			})
			var all []*outcome
			for i := range many {
				all = append(all, v.get(fmt.Sprint("https://a.example/", i)))
			}
			v.run()
			for i, o := range all {
				v.wantBody(o, fmt.Sprint("/", i))
			}
			if k.most > 16 || k.all < many || l.Accepted() != many {
				t.Errorf("%d of %d pieces of work were with the worker at once; want at most 16", k.most, k.all)
			}
			if most > c.most {
				t.Errorf("%d handshakes were under way at once; want at most %d", most, c.most)
			}
		})
	}
}

// However many handshakes the workers have, those of four connections are the
// loop's, for it makes them with less work.
func TestLoopKeepsItsShareOfHandshakes(t *testing.T) {
	v, k := newSlowWorker(t, 0)
	v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
	release := v.occupy() // of the loop, by b.example, which is silent
	for range 6 {
		v.get("https://b.example/")
	}
	var o *outcome
	v.at(ms(100), func() {
		release()
		o = v.get("https://a.example/")
	})
	v.run()
	v.wantBody(o, "x")
	if k.all != 6 {
		t.Errorf("the worker made %d steps; want the first one of each of the 6 that it was given", k.all)
	}
}

// hello waits until a byte has come.
func (p *tlsPeer) hello() {
	for p.wire.in == nil && p.wire.yield(struct{}{}) {
	}
}

// Servers that are silent in their handshakes do not hold up the others for
// long, though there are many.
func TestSilentServersHoldUpNoHandshake(t *testing.T) {
	v, _ := newSlowWorker(t, 0)
	v.w.Host("b.example", addrOf("10.0.0.2:443").Addr())
	v.w.Listen(addrOf("10.0.0.2:443"), nil)
	v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
	var silent, good []*outcome
	for range 900 {
		silent = append(silent, v.get("https://b.example/"))
	}
	for range 50 {
		good = append(good, v.get("https://a.example/"))
	}
	v.run()
	for _, o := range silent {
		v.wantKind(o, sched.TLSTimeout, sched.PhaseTLS)
	}
	for _, o := range good {
		v.wantBody(o, "x")
		if o.at > ms(310) {
			t.Errorf("one was answered after %v; want 300ms: 16, 32, 64, 128, 256, 512, 1024", o.at)
		}
	}
}

// Servers that are far away, too: what is under way grows to what they allow.
func TestBurstToFarServers(t *testing.T) {
	const many = 1000
	v := newLife(t, sim.Options{Latency: ms(100)}, trusting(sched.Options{}))
	v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
	var all []*outcome
	for range many {
		all = append(all, v.get("https://a.example/"))
	}
	v.run()
	for _, o := range all {
		v.wantBody(o, "x")
		if o.at > ms(1600) {
			t.Errorf("one was answered after %v; want at most 1.6s, with round trips of 200ms", o.at)
		}
	}
}

// A handshake may be called off while a step of it waits for a worker, its first
// or a later one: nothing is left, and nothing is computed for it.
func TestCalledOffBeforeAWorkerCame(t *testing.T) {
	for at := 4; at < 80; at += 5 {
		for _, how := range []string{"cancel", "close"} {
			t.Run(fmt.Sprint(how, "/", at), func(t *testing.T) {
				v, k := newSlowWorker(t, ms(3))
				v.https(nil, answering(func(*tlsPeer, *http.Request, []byte) string { return ok("x") }))
				var chains []sched.Chain
				calls := 0
				const many = 60
				for range many {
					chains = append(chains, v.s.Add(sched.Get("https://a.example/"), func(*sched.Response, error) sched.Next {
						calls++
						return sched.Next{}
					}))
				}
				asked := 0
				v.at(ms(at), func() {
					asked = k.all
					if how == "close" {
						v.s.Close()
					}
					for _, c := range chains {
						c.Cancel()
					}
				})
				v.untilQuietFrom(time.Second)
				v.close()
				if calls != many || how == "close" && k.all != asked {
					t.Errorf("%d readbacks were called, and %d pieces of work given out afterwards; want %d, and none", calls, k.all-asked, many)
				}
			})
		}
	}
}
