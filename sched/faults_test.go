package sched_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

var onlySeed = flag.Uint64("seed", 0, "the one seed that TestFaults plays; 0 means 1 to 50")

// Fifty chains of mixed methods in bad weather. Whatever happens, each readback
// is called once and later than Add, nothing is executed twice that must not
// be, nothing is left open, and the loop does not spin.
func TestFaults(t *testing.T) {
	seeds := []uint64{*onlySeed}
	if *onlySeed == 0 {
		seeds = seeds[:0]
		for seed := range uint64(50) {
			seeds = append(seeds, seed+1)
		}
	}
	outcomes := map[sched.Kind]int{}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			playWeather(t, seed, outcomes)
			if t.Failed() {
				t.Logf("again: go test -run TestFaults -seed %d ./sched", seed)
			}
		})
	}
	t.Logf("how the requests ended: %v", outcomes)
	if outcomes[sched.BadUpload] > 0 {
		t.Error("no body was bad")
	}
	if *onlySeed == 0 {
		for _, kind := range []sched.Kind{"", sched.Connect, sched.Resolve, sched.Reset, sched.EmptyReply, sched.TruncatedBody, sched.FirstByteTimeout} {
			if outcomes[kind] == 0 {
				t.Errorf("no request ended with %q: the weather is too fair", kind)
			}
		}
	}
}

func playWeather(t *testing.T, seed uint64, outcomes map[sched.Kind]int) {
	const chains, steps = 50, 6
	limit := 5 * time.Second
	v := newLife(t, sim.Options{Seed: seed, Jitter: ms(3), Descriptors: 3 + 12, Window: 2048}, sched.Options{
		MaxConns:        10,
		MaxConnsPerHost: int(seed % 4), // 0: no bound
		MaxIdlePerHost:  int(seed % 3),
		MaxIdle:         int(seed % 7),
		MaxAge:          time.Duration(seed%5) * time.Second,
		IdleTimeout:     2 * time.Second,
		Timeouts:        sched.Timeouts{Connect: limit, FirstByte: limit, Stall: limit, Queue: time.Hour},
	})
	dice := rand.New(rand.NewPCG(seed, 5))
	executed := map[string]int{}
	for i := range 5 {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 80)
		other := netip.AddrFrom4([4]byte{10, 0, 1, byte(i+1) % 5})
		v.w.Host(fmt.Sprintf("h%d.example", i), at.Addr(), other)
		v.w.Listen(at, sim.HTTP(func(x *sim.Exchange) {
			executed[x.Request.Header.Get("X-Id")]++
			if want := x.Request.Header.Get("X-Length"); want != fmt.Sprint(len(x.Body)) {
				t.Errorf("%d bytes of a body were executed; want %s", len(x.Body), want)
			}
			x.Close = dice.IntN(10) == 0
			body := noise(dice.IntN(4096))
			v.w.After(time.Duration(dice.IntN(50))*time.Millisecond, func() { x.Reply(200, nil, body) })
		}))
	}
	v.w.Faults(sim.Profile{Refuse: .05, Silent: .02, NoDescriptor: .05, Cut: .3, Short: .1, Spurious: .2, NameFails: .1})

	body := &source{} // of all uploads
	type request struct {
		id     string
		once   bool // must not be executed twice
		called int
	}
	var all []*request
	var add func(chain *sched.Chain, left int) sched.Next
	add = func(chain *sched.Chain, left int) sched.Next {
		m := methods[dice.IntN(len(methods))]
		r := &request{id: fmt.Sprint(len(all)), once: !m.replayable}
		all = append(all, r)
		req := sched.Get(fmt.Sprintf("http://h%d.example/", dice.IntN(5)))
		req.Method, req.Replayable = m.method, m.flag
		if m.method == "POST" || m.method == "PUT" {
			req.Body = noise(dice.IntN(6000))
		}
		req.Header.Add("X-Length", fmt.Sprint(len(req.Body)))
		if len(req.Body) > 0 && dice.IntN(2) == 0 {
			req.Upload, req.Body = body.of(int64(len(req.Body)), req.Body), nil
			if req.Upload.Once = dice.IntN(3) == 0; dice.IntN(2) == 0 {
				req.Upload.Length = httpwire.Chunked
			}
			v.w.WorkTakes(time.Duration(dice.IntN(20)) * time.Millisecond)
		}
		if dice.IntN(4) == 0 {
			req.ExpectContinue = time.Duration(dice.IntN(500)) * time.Millisecond
		}
		if m.key {
			req.Header.Add("Idempotency-Key", r.id)
		}
		req.Header.Add("X-Id", r.id)
		read := func(resp *sched.Response, err error) sched.Next {
			if r.called++; (resp == nil) == (err == nil) {
				t.Errorf("request %s got %v and %v; want exactly one", r.id, resp, err)
			}
			kind := sched.Kind("")
			if err != nil {
				kind = err.(*sched.Error).Kind
			}
			outcomes[kind]++
			if left == 0 || !chain.Active() { // what a cancelled one returns is ignored
				return sched.Next{}
			}
			return add(chain, left-1)
		}
		return sched.Next{Request: req, Readback: read, Delay: time.Duration(dice.IntN(4000)-2000) * time.Millisecond}
	}
	for range chains {
		var chain sched.Chain
		n := add(&chain, steps-1)
		r := all[len(all)-1]
		chain = v.s.AddAfter(n.Delay, n.Request, n.Readback)
		if r.called != 0 {
			t.Errorf("request %s: the readback ran inside Add", r.id)
		}
		if dice.IntN(10) == 0 {
			v.at(time.Duration(dice.IntN(3000))*time.Millisecond, chain.Cancel)
		}
	}
	v.untilQuiet()
	v.wantClosed(body)
	v.close()
	for _, r := range all {
		if r.called != 1 {
			t.Errorf("request %s: the readback was called %d times; want once", r.id, r.called)
		}
		if n := executed[r.id]; n > 2 || r.once && n > 1 {
			t.Errorf("request %s was executed %d times; replayable %v", r.id, n, !r.once)
		}
	}
	st := v.w.Stats()
	if most := 20_000 + st.Sent + st.Received; st.Waits > most {
		t.Errorf("%d turns for %d bytes; want at most %d", st.Waits, st.Sent+st.Received, most)
	}
}
