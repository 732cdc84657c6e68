package sched

import (
	"container/list"
	"slices"

	"github.com/qqloop/qqloop/internal/pool"
)

// rememberedHosts is how many hosts are counted apart. Each costs a kilobyte,
// more where its times are far from each other.
const rememberedHosts = 1024

// A tally is what is counted of one host.
type tally struct {
	Counts
	key     pool.Key
	conns   int           // that count in it: then it stays
	resting *list.Element // of tallies.resting, while there are none
}

// tallies are the tallies of all hosts. A connection has its own at hand, so a
// request on a kept one is counted without looking for it. Those of hosts that
// have no connection rest, and the one that was left longest ago goes when there
// are too many.
type tallies struct {
	hosts   map[pool.Key]*tally
	other   tally     // all that went, and those that found no room
	resting list.List // freshest first
}

// of returns the tally of key.
func (a *tallies) of(key pool.Key) *tally {
	t := a.hosts[key]
	if t != nil {
		if t.resting != nil {
			a.resting.MoveToFront(t.resting)
		}
		return t
	}
	if len(a.hosts) >= rememberedHosts {
		oldest := a.resting.Back()
		if oldest == nil {
			return &a.other
		}
		a.forget(oldest)
	}
	if a.hosts == nil {
		a.hosts = make(map[pool.Key]*tally)
	}
	t = &tally{key: key}
	a.hosts[key] = t
	t.resting = a.resting.PushFront(t)
	return t
}

// hold returns the tally of key for a connection, until release.
func (a *tallies) hold(key pool.Key) *tally {
	t := a.of(key)
	if t.resting != nil {
		a.resting.Remove(t.resting)
		t.resting = nil
	}
	t.conns++
	return t
}

func (a *tallies) release(t *tally) {
	if t.conns--; t.conns == 0 && t != &a.other {
		t.resting = a.resting.PushFront(t)
	}
}

// forget adds one that rests to the others.
func (a *tallies) forget(e *list.Element) {
	t := a.resting.Remove(e).(*tally)
	delete(a.hosts, t.key)
	a.other.add(&t.Counts)
}

// report writes down what was counted. Two users of one proxy have a tally
// each, and the same name, which shows no passwords.
func (a *tallies) report(m *Metrics) {
	type named struct {
		HostName
		tally *tally
	}
	m.Other = a.other.Counts.clone()
	m.All.add(&m.Other)
	all := make([]named, 0, len(a.hosts))
	for key, t := range a.hosts {
		all = append(all, named{nameHost(key), t})
	}
	slices.SortFunc(all, func(x, y named) int { return x.compare(y.HostName) })
	m.Hosts = make([]HostCounts, 0, len(all))
	for _, h := range all {
		m.All.add(&h.tally.Counts)
		if n := len(m.Hosts); n > 0 && m.Hosts[n-1].HostName == h.HostName {
			m.Hosts[n-1].add(&h.tally.Counts)
			continue
		}
		m.Hosts = append(m.Hosts, HostCounts{h.HostName, h.tally.clone()})
	}
}

// tally returns where x counts: with its connection, or by its name.
func (x *exchange) tally() *tally {
	a := &x.stream.tallies
	switch {
	case x.conn != nil:
		return x.conn.tally
	case x.req == nil || x.req.URL == nil || x.req.URL.Host == "":
		return &a.other
	}
	return a.of(x.key())
}
