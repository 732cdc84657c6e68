// Package pool counts connections and keeps the idle ones. It knows nothing
// of sockets: a connection is whatever embeds a Slot.
package pool

// Key names all that one connection has in common with another that could
// take its place.
type Key struct {
	Scheme string
	Host   string // with the port, unless it is the scheme's own; "" for all
	Via    string // the URL of the proxy, credentials and all; "" for none
	Unix   string // the path of the socket; "" for none
}

// A Pool is owned by one goroutine.
//
// A Slot is out (the zero Slot), busy or idle. Open takes it from out to
// busy, Idle and Take move it between busy and idle, and Close, from wherever
// it stands, puts it out. Close is the only place where a slot is given back,
// so that there is one place to look at when one is missing.
type Pool[C any] struct {
	hosts    map[Key]*host[C]
	open     int
	idle     int
	freshest *Slot[C] // of all idle ones
	oldest   *Slot[C]
}

// A Slot is a connection's place in the pool, embedded in the connection.
type Slot[C any] struct {
	Conn C // the connection itself

	host  *host[C] // nil: out
	state state

	// While idle: the neighbours among all idle slots, and among the host's.
	fresher, older     *Slot[C]
	hostNext, hostPrev *Slot[C]
}

type state uint8

const (
	out state = iota
	busy
	idle
)

// host is what one key has open. It goes with its last connection, so that a
// client of a million hosts remembers only those it talks to.
type host[C any] struct {
	key      Key
	open     int
	idle     int
	freshest *Slot[C] // the host's idle slots, freshest first
	oldest   *Slot[C]
}

// New returns an empty pool.
func New[C any]() *Pool[C] {
	return &Pool[C]{hosts: make(map[Key]*host[C])}
}

// Open counts a new connection for key. It panics if s is not out.
func (p *Pool[C]) Open(key Key, s *Slot[C]) {
	s.must(out)
	h := p.hosts[key]
	if h == nil {
		h = &host[C]{key: key}
		p.hosts[key] = h
	}
	h.open++
	p.open++
	s.host, s.state = h, busy
}

// Idle offers the busy s to whoever wants a connection of its key next.
func (p *Pool[C]) Idle(s *Slot[C]) {
	s.must(busy)
	s.state = idle
	p.idle++

	s.older = p.freshest
	if s.older != nil {
		s.older.fresher = s
	} else {
		p.oldest = s
	}
	p.freshest = s

	h := s.host
	h.idle++
	s.hostNext = h.freshest
	if s.hostNext != nil {
		s.hostNext.hostPrev = s
	} else {
		h.oldest = s
	}
	h.freshest = s
}

// Freshest returns the slot of key that has been idle for the shortest time, or
// nil. That is the one to use: the longer a connection has been idle, the
// likelier it is that its server is about to close it.
func (p *Pool[C]) Freshest(key Key) *Slot[C] {
	if h := p.hosts[key]; h != nil {
		return h.freshest
	}
	return nil
}

// Take makes the idle s busy.
func (p *Pool[C]) Take(s *Slot[C]) { p.unlink(s) }

// Close gives the place of s back. It does nothing, and reports false, if s is
// out.
func (p *Pool[C]) Close(s *Slot[C]) bool {
	if s.state == out {
		return false
	}
	if s.state == idle {
		p.unlink(s)
	}
	h := s.host
	h.open--
	p.open--
	if h.open == 0 {
		delete(p.hosts, h.key)
	}
	s.host, s.state = nil, out
	return true
}

// Oldest returns the slot that has been idle for longest, or nil.
func (p *Pool[C]) Oldest() *Slot[C] { return p.oldest }

// OldestOf returns the slot of key that has been idle for longest, or nil.
func (p *Pool[C]) OldestOf(key Key) *Slot[C] {
	if h := p.hosts[key]; h != nil {
		return h.oldest
	}
	return nil
}

// Len returns how many connections are open and idle, and how many hosts have
// any.
func (p *Pool[C]) Len() (open, idle, hosts int) { return p.open, p.idle, len(p.hosts) }

// LenOf returns how many connections of key are open, and how many of these
// are idle.
func (p *Pool[C]) LenOf(key Key) (open, idle int) {
	if h := p.hosts[key]; h != nil {
		return h.open, h.idle
	}
	return 0, 0
}

// Key returns the key that s was opened for, or the zero Key if it is out.
func (s *Slot[C]) Key() Key {
	if s.host == nil {
		return Key{}
	}
	return s.host.key
}

// unlink takes s out of both idle lists and makes it busy.
func (p *Pool[C]) unlink(s *Slot[C]) {
	s.must(idle)
	if s.fresher != nil {
		s.fresher.older = s.older
	} else {
		p.freshest = s.older
	}
	if s.older != nil {
		s.older.fresher = s.fresher
	} else {
		p.oldest = s.fresher
	}
	h := s.host
	h.idle--
	if s.hostPrev != nil {
		s.hostPrev.hostNext = s.hostNext
	} else {
		h.freshest = s.hostNext
	}
	if s.hostNext != nil {
		s.hostNext.hostPrev = s.hostPrev
	} else {
		h.oldest = s.hostPrev
	}
	s.fresher, s.older, s.hostNext, s.hostPrev = nil, nil, nil, nil
	s.state = busy
	p.idle--
}

func (s *Slot[C]) must(be state) {
	if s.state != be {
		panic("pool: slot is " + s.state.String() + ", not " + be.String())
	}
}

func (s state) String() string { return [...]string{"out", "busy", "idle"}[s] }
