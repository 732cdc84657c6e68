package sched

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/qqloop/qqloop/internal/pool"
	"github.com/qqloop/qqloop/loop"
)

// Metrics are what a stream has open, and what it has counted since it was made.
type Metrics struct {
	Stats
	MostWaiting int // the most requests that have waited for a connection at once

	Requests uint64 // that were added, or returned by a readback
	Answered uint64 // of these, those whose readback was called with a response,
	Failed   uint64 // and those that got an error; the others are Pending

	All   Counts       // of all hosts together
	Hosts []HostCounts // of each host that is remembered, in the order of their names
	Other Counts       // of hosts that are not, and of requests that name none
}

// HostCounts are the Counts of one host: of all that may share connections.
type HostCounts struct {
	HostName
	Counts
}

// A HostName is what tells one host from another in Metrics. Requests that a
// proxy forwards share the connections to the proxy: for them Host is empty.
type HostName struct {
	Scheme string
	Host   string // with the port, unless it is the scheme's own
	Proxy  string // its URL, without a password; "" for none
	Unix   string // the path of the socket; "" for none
}

// Counts are what was counted of one host, or of many.
type Counts struct {
	Sent      uint64    // how often a request was sent: redirects and further attempts count, too
	Responses [6]uint64 // by the first digit of the status, 0 for 6 and more; redirects among them

	// Errors are the attempts that failed, by kind; those that were followed by
	// another among them.
	Errors map[Kind]uint64

	Redirects uint64 // followed
	Retries   uint64 // by Request.Retry
	Replays   uint64 // because a kept connection was gone

	Opened uint64               // sockets
	Closed [closeReasons]uint64 // sockets, by CloseReason
	Reused uint64               // requests that were sent on a kept connection

	BytesOut, BytesIn uint64 // on the sockets: with TLS, and what proxies are told

	// How long each phase took, of each attempt that came to its end; and Total
	// of whole requests that were answered. They have the precision of Timing.
	Queue, Resolve, Connect, TLS, FirstByte, Total loop.Histogram
}

// add adds what other has counted.
func (c *Counts) add(other *Counts) {
	for _, f := range [...]struct {
		to   *uint64
		from uint64
	}{
		{&c.Sent, other.Sent},
		{&c.Redirects, other.Redirects}, {&c.Retries, other.Retries}, {&c.Replays, other.Replays},
		{&c.Opened, other.Opened}, {&c.Reused, other.Reused},
		{&c.BytesOut, other.BytesOut}, {&c.BytesIn, other.BytesIn},
	} {
		*f.to += f.from
	}
	for i, n := range other.Responses {
		c.Responses[i] += n
	}
	for i, n := range other.Closed {
		c.Closed[i] += n
	}
	for kind, n := range other.Errors {
		c.failed(kind, n)
	}
	from := other.histograms()
	for i, to := range c.histograms() {
		to.Merge(from[i])
	}
}

func (c *Counts) histograms() [6]*loop.Histogram {
	return [...]*loop.Histogram{&c.Queue, &c.Resolve, &c.Connect, &c.TLS, &c.FirstByte, &c.Total}
}

// clone returns a copy that shares nothing with c.
func (c *Counts) clone() Counts {
	d := *c
	d.Errors = maps.Clone(c.Errors)
	for _, h := range d.histograms() {
		*h = h.Clone()
	}
	return d
}

// answered notes a response, and how long the phases of its attempt took.
func (c *Counts) answered(status int, t *Timing) {
	class := status / 100
	if class >= len(c.Responses) {
		class = 0
	}
	c.Responses[class]++
	c.took(t)
}

func (c *Counts) failed(kind Kind, n uint64) {
	if c.Errors == nil {
		c.Errors = make(map[Kind]uint64)
	}
	c.Errors[kind] += n
}

// took notes how long the phases of an attempt took.
func (c *Counts) took(t *Timing) {
	record(&c.Queue, t.Queue)
	record(&c.Resolve, t.Resolve)
	record(&c.Connect, t.Connect)
	record(&c.TLS, t.TLS)
	record(&c.FirstByte, t.FirstByte)
}

// record notes d, unless it is negative: then the phase did not happen.
func record(h *loop.Histogram, d time.Duration) {
	if d >= 0 {
		h.Record(d)
	}
}

// Merge adds the Metrics of another stream.
func (m *Metrics) Merge(other *Metrics) {
	m.Stats.merge(other.Stats)
	m.MostWaiting += other.MostWaiting
	m.Requests += other.Requests
	m.Answered += other.Answered
	m.Failed += other.Failed
	m.All.add(&other.All)
	m.Other.add(&other.Other)
	for i := range other.Hosts {
		h := &other.Hosts[i]
		at, found := slices.BinarySearchFunc(m.Hosts, h.HostName, func(mine HostCounts, name HostName) int { return mine.compare(name) })
		if found {
			m.Hosts[at].Counts.add(&h.Counts)
			continue
		}
		mine := *h
		mine.Counts = h.Counts.clone()
		m.Hosts = slices.Insert(m.Hosts, at, mine)
	}
}

func (s *Stats) merge(other Stats) {
	s.Pending += other.Pending
	s.Waiting += other.Waiting
	s.Open += other.Open
	s.Idle += other.Idle
}

func (n HostName) compare(other HostName) int {
	return cmp.Or(cmp.Compare(n.Host, other.Host), cmp.Compare(n.Scheme, other.Scheme), cmp.Compare(n.Proxy, other.Proxy), cmp.Compare(n.Unix, other.Unix))
}

// nameHost returns what Metrics tells of key.
func nameHost(key pool.Key) HostName {
	return HostName{Scheme: key.Scheme, Host: key.Host, Proxy: proxyName(key.Via), Unix: key.Unix}
}

// proxyName is the URL of a proxy without its password.
func proxyName(via string) string {
	if u, err := url.Parse(via); err == nil && via != "" {
		return u.Redacted()
	}
	return ""
}
