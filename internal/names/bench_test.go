package names_test

import (
	"net/netip"
	"testing"

	"github.com/qqloop/qqloop/internal/names"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// BenchmarkCached is what a name costs that is known already.
func BenchmarkCached(b *testing.B) {
	w := sim.New(sim.Options{})
	l, err := loop.New(w.Loop())
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	c := names.New(l, w.Kernel(), names.Options{})
	w.Host("a.example", one)
	c.Lookup("a.example", func(addrs []netip.Addr, err error) { l.Stop() })
	if err := l.Run(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if addrs, err := c.Cached("a.example"); len(addrs) != 1 || err != nil {
			b.Fatal(addrs, err)
		}
	}
}
