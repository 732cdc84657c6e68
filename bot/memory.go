package bot

import (
	"maps"
	"slices"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A Memory is a disk that is none: what a Store keeps, for tests and for
// simulated lives. It outlives the loop and the bot, as a disk outlives the
// process. Its fields may be changed at any time.
type Memory struct {
	// Latency is how long a save takes. Zero: until the loop's next turn.
	Latency time.Duration
	// Fault, if not nil, is asked about each save when it would become durable;
	// after an error nothing of it is kept.
	Fault func([]Change) error
	// Saves counts those that became durable.
	Saves int

	tables map[string]map[string][]byte
	open   *memoryStore
}

// Open returns a Store of what is durable now. It belongs to l, which may be a
// simulated one: it has no goroutine. The Store that was opened before is dead
// from then on: its saves do nothing and never end, as after a kill.
func (m *Memory) Open(l *loop.Loop) Store {
	m.Crash(0)
	s := &memoryStore{disk: m, loop: l, loaded: map[string][]Entry{}}
	for table, entries := range m.tables {
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			s.loaded[table] = append(s.loaded[table], Entry{key, slices.Clone(entries[key])})
		}
	}
	m.open = s
	return s
}

// Crash is the end of the process that has the Store open. Of the saves that
// were under way the first keep became durable, though nobody heard of it; the
// others are lost. It returns how many there were.
func (m *Memory) Crash(keep int) (pending int) {
	s := m.open
	if s == nil {
		return 0
	}
	m.open = nil
	for i, p := range s.pending {
		if i < keep {
			m.apply(p.changes)
		}
	}
	return len(s.pending)
}

// Len returns how many entries of table are durable.
func (m *Memory) Len(table string) int { return len(m.tables[table]) }

func (m *Memory) apply(changes []Change) error {
	if m.Fault != nil {
		if err := m.Fault(changes); err != nil {
			return err
		}
	}
	m.Saves++
	for _, c := range changes {
		if c.Value == nil {
			delete(m.tables[c.Table], c.Key)
			continue
		}
		if m.tables == nil {
			m.tables = map[string]map[string][]byte{}
		}
		if m.tables[c.Table] == nil {
			m.tables[c.Table] = map[string][]byte{}
		}
		m.tables[c.Table][c.Key] = c.Value
	}
	return nil
}

// A memoryStore is a Memory as one process has it open.
type memoryStore struct {
	disk    *Memory
	loop    *loop.Loop
	loaded  map[string][]Entry
	pending []memorySave
}

type memorySave struct {
	changes []Change
	done    func(error)
}

func (s *memoryStore) Load(table string) []Entry { return s.loaded[table] }

func (s *memoryStore) Save(changes []Change, done func(error)) {
	if s.disk.open != s {
		return
	}
	s.pending = append(s.pending, memorySave{changes, done})
	if s.disk.Latency > 0 {
		s.loop.CallLater(s.disk.Latency, s.first)
	} else {
		s.loop.AddCallback(s.first)
	}
}

// first ends the save that has waited longest: they become durable in order,
// however Latency was changed meanwhile.
func (s *memoryStore) first() {
	if s.disk.open != s {
		return
	}
	p := s.pending[0]
	s.pending = s.pending[1:]
	p.done(s.disk.apply(p.changes))
}
