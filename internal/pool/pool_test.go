package pool

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type conn struct {
	Slot[*conn]
	name int
}

func newConn(p *Pool[*conn], key Key, name int) *conn {
	c := &conn{name: name}
	c.Conn = c
	p.Open(key, &c.Slot)
	return c
}

func TestFreshest(t *testing.T) {
	p := New[*conn]()
	key := Key{Scheme: "http", Host: "a.example"}
	for i := range 3 {
		newConn(p, key, i)
	}
	old, young := newConn(p, key, 10), newConn(p, key, 11)
	p.Idle(&old.Slot)
	p.Idle(&young.Slot)

	if got := p.Freshest(key); got != &young.Slot {
		t.Errorf("the freshest is %d; want the one that became idle last", got.Conn.name)
	}
	p.Take(&young.Slot)
	if got := p.Freshest(key); got != &old.Slot || got != p.Oldest() || got != p.OldestOf(key) {
		t.Errorf("the freshest is %v; want the one that is left, which is the oldest too", got)
	}
	other := Key{Scheme: "http", Host: "b.example"}
	if a, b := p.Freshest(other), p.OldestOf(other); a != nil || b != nil {
		t.Errorf("another host has %v and %v; want nothing", a, b)
	}
}

func TestCloseIsTheEndFromEveryState(t *testing.T) {
	p := New[*conn]()
	key := Key{Scheme: "http", Host: "a.example"}
	busy, idle := newConn(p, key, 0), newConn(p, key, 1)
	p.Idle(&idle.Slot)
	for _, c := range []*conn{busy, idle, idle} { // twice: out stays out
		p.Close(&c.Slot)
	}
	if open, idle, hosts := p.Len(); open+idle+hosts != 0 {
		t.Errorf("%d open, %d idle, %d hosts are left; want none", open, idle, hosts)
	}
}

func TestMisuseIsNamed(t *testing.T) {
	p := New[*conn]()
	c := newConn(p, Key{}, 0)
	p.Idle(&c.Slot)
	defer func() {
		if got, want := recover(), "pool: slot is idle, not busy"; got != want {
			t.Errorf("panic %v; want %q", got, want)
		}
	}()
	p.Idle(&c.Slot)
}

// TestModel holds the pool against slices that say the same in a plain way.
func TestModel(t *testing.T) {
	keys := []Key{
		{Scheme: "http", Host: "a"}, {Scheme: "http", Host: "b"}, {Scheme: "https", Host: "a"},
		{Scheme: "http", Host: "a", Via: "p"}, {Scheme: "http", Host: "a", Unix: "p"},
	}
	rapid.Check(t, func(t *rapid.T) {
		p := New[*conn]()
		var busy, idle []*conn // idle: oldest first
		of := map[*conn]Key{}
		names := 0
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				key := rapid.SampledFrom(keys).Draw(t, "key")
				names++
				c := newConn(p, key, names)
				of[c] = key
				busy = append(busy, c)
			},
			"idle": func(t *rapid.T) {
				if len(busy) == 0 {
					t.Skip("none is busy")
				}
				i := rapid.IntRange(0, len(busy)-1).Draw(t, "which")
				p.Idle(&busy[i].Slot)
				idle = append(idle, busy[i])
				busy = slices.Delete(busy, i, i+1)
			},
			"take": func(t *rapid.T) {
				key := rapid.SampledFrom(keys).Draw(t, "key")
				var want *conn
				for i := len(idle) - 1; i >= 0 && want == nil; i-- {
					if of[idle[i]] == key {
						want = idle[i]
						idle = slices.Delete(idle, i, i+1)
						busy = append(busy, want)
					}
				}
				got := p.Freshest(key)
				if (got == nil) != (want == nil) || got != nil && got.Conn != want {
					t.Fatalf("Freshest(%v) = %v; want %v", key, got, want)
				}
				if got != nil {
					p.Take(got)
				}
			},
			"close": func(t *rapid.T) {
				all := slices.Concat(busy, idle)
				if len(all) == 0 {
					t.Skip("none is open")
				}
				c := rapid.SampledFrom(all).Draw(t, "which")
				p.Close(&c.Slot)
				gone := func(o *conn) bool { return o == c }
				busy, idle = slices.DeleteFunc(busy, gone), slices.DeleteFunc(idle, gone)
			},
			"": func(t *rapid.T) {
				hosts := map[Key]bool{}
				for _, c := range slices.Concat(busy, idle) {
					hosts[of[c]] = true
				}
				open, idling, known := p.Len()
				if open != len(busy)+len(idle) || idling != len(idle) || known != len(hosts) {
					t.Fatalf("Len() = %d, %d, %d; want %d, %d, %d",
						open, idling, known, len(busy)+len(idle), len(idle), len(hosts))
				}
				for _, key := range keys {
					of := func(c *conn) bool { return of[c] == key }
					open, idling := p.LenOf(key)
					busy, idle := count(busy, of), count(idle, of)
					if open != busy+idle || idling != idle {
						t.Fatalf("LenOf(%v) = %d, %d; want %d, %d", key, open, idling, busy+idle, idle)
					}
				}
				for _, c := range slices.Concat(busy, idle) {
					if got := c.Key(); got != of[c] {
						t.Fatalf("Key() = %v; want %v", got, of[c])
					}
				}
				for _, key := range keys {
					var want *Slot[*conn]
					if i := slices.IndexFunc(idle, func(c *conn) bool { return of[c] == key }); i >= 0 {
						want = &idle[i].Slot
					}
					if got := p.OldestOf(key); got != want {
						t.Fatalf("OldestOf(%v) = %v; want %v", key, got, want)
					}
				}
				if oldest := p.Oldest(); len(idle) == 0 && oldest != nil || len(idle) > 0 && oldest.Conn != idle[0] {
					t.Fatalf("Oldest() = %v; want the first of %d idle ones", oldest, len(idle))
				}
			},
		})
	})
}

func count(all []*conn, of func(*conn) bool) (n int) {
	for _, c := range all {
		if of(c) {
			n++
		}
	}
	return n
}

func BenchmarkTakeAndIdle(b *testing.B) {
	p := New[*conn]()
	key := Key{Scheme: "http", Host: "a.example"}
	for i := range 1000 {
		c := newConn(p, key, i)
		p.Idle(&c.Slot)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := p.Freshest(key)
		p.Take(s)
		p.Idle(s)
	}
}
