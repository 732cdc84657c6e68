package loop

import "slices"

// The two vocabularies of kqueue(2) and this package, and the translation
// between them. It is free of the kernel's constants, which differ between the
// BSDs, and so of build tags: it is compiled and tested everywhere.
// poller_kqueue.go does the system calls.

// A kqFilter is what kqueue calls a condition. Each is registered on its own.
type kqFilter uint8

const (
	kqRead kqFilter = iota
	kqWrite
)

// A kqChange says that a filter is to be added to, or deleted from, a
// descriptor.
type kqChange struct {
	filter kqFilter
	add    bool
}

// kqChanges returns what turns the registration for old into one for want.
// None has no filter: so kqueue reports nothing on it, no errors either.
func kqChanges(dst []kqChange, old, want Events) []kqChange {
	for _, c := range [...]struct {
		filter kqFilter
		bit    Events
	}{{kqRead, Read}, {kqWrite, Write}} {
		if old.Has(c.bit) != want.Has(c.bit) {
			dst = append(dst, kqChange{c.filter, want.Has(c.bit)})
		}
	}
	return dst
}

// A kqEvent is what kevent(2) reports, in words of this package.
type kqEvent struct {
	fd     int
	filter kqFilter
	eof    bool // EV_EOF
	failed bool // EV_EOF with an errno in fflags, or EV_ERROR
}

// kqReady translates one event to what epoll says in the same place.
//
// The end of the reading side is Read, for there may be data before it; with
// an errno the connection was reset, and it is Error too. The end of the
// writing side means that nobody will read: a refused connect, a reset, or a
// closed pipe. That is Error, beside Write, which was asked for and which does
// not block.
func kqReady(ev kqEvent) Events {
	ready := Read
	if ev.filter == kqWrite {
		ready = Write
	}
	if ev.failed || ev.eof && ev.filter == kqWrite {
		ready |= Error
	}
	return ready
}

// kqTable is the poller's own table: kqueue could carry the generation in
// udata, whose type is different on each BSD.
type kqTable struct {
	rows  []kqRow // by descriptor
	batch uint32
}

type kqRow struct {
	gen        uint32
	want       Events
	registered bool
	batch      uint32 // the last batch that reported this descriptor
	at         int32  // and where in it
}

// find returns the row of fd, or nil if fd is not registered.
func (t *kqTable) find(fd int) *kqRow {
	if fd < 0 || fd >= len(t.rows) || !t.rows[fd].registered {
		return nil
	}
	return &t.rows[fd]
}

func (t *kqTable) add(fd int, gen uint32, want Events) {
	if fd >= len(t.rows) {
		t.rows = slices.Grow(t.rows, fd+1-len(t.rows))[:fd+1]
	}
	t.rows[fd] = kqRow{gen: gen, want: want, registered: true}
}

// merge adds ev to dst[:n], which is one batch, and returns the new n. kqueue
// reports a descriptor that is readable and writable twice; a handler is to be
// called once.
func (t *kqTable) merge(dst []Event, n int, ev kqEvent) int {
	row := t.find(ev.fd)
	if row == nil {
		return n
	}
	if row.batch == t.batch {
		dst[row.at].Ready |= kqReady(ev)
		return n
	}
	row.batch, row.at = t.batch, int32(n)
	dst[n] = Event{FD: ev.fd, Gen: row.gen, Ready: kqReady(ev)}
	return n + 1
}
