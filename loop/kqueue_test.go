package loop

import (
	"fmt"
	"slices"
	"testing"
)

func TestKqueueChanges(t *testing.T) {
	addRead, addWrite := kqChange{kqRead, true}, kqChange{kqWrite, true}
	delRead, delWrite := kqChange{kqRead, false}, kqChange{kqWrite, false}
	for _, test := range []struct {
		old, want Events
		changes   []kqChange
	}{
		{None, None, nil},
		{None, Read, []kqChange{addRead}},
		{None, Write, []kqChange{addWrite}},
		{None, Read | Write, []kqChange{addRead, addWrite}},
		{Read, Read, nil},
		{Read, Write, []kqChange{delRead, addWrite}},
		{Write, Read, []kqChange{addRead, delWrite}},
		{Read | Write, Read, []kqChange{delWrite}},
		{Read | Write, None, []kqChange{delRead, delWrite}},
		{None, Error, nil},
		{Read | Error, Read, nil},
	} {
		t.Run(fmt.Sprintf("%v to %v", test.old, test.want), func(t *testing.T) {
			if got := kqChanges(nil, test.old, test.want); !slices.Equal(got, test.changes) {
				t.Errorf("got %v; want %v", got, test.changes)
			}
		})
	}
}

// The right column is what epoll says in the same place, by traces 13, 14, 16.
func TestKqueueReady(t *testing.T) {
	for _, test := range []struct {
		name  string
		event kqEvent
		want  Events
	}{
		{"readable", kqEvent{filter: kqRead}, 0x01},
		{"writable", kqEvent{filter: kqWrite}, 0x04},
		{"FIN", kqEvent{filter: kqRead, eof: true}, 0x01},
		{"reset, asked for Read", kqEvent{filter: kqRead, eof: true, failed: true}, 0x19},
		{"connect refused", kqEvent{filter: kqWrite, eof: true, failed: true}, 0x1c},
		{"nobody reads the pipe", kqEvent{filter: kqWrite, eof: true}, 0x1c},
		{"EV_ERROR on the read filter", kqEvent{filter: kqRead, failed: true}, 0x19},
		{"EV_ERROR on the write filter", kqEvent{filter: kqWrite, failed: true}, 0x1c},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := kqReady(test.event); got != test.want {
				t.Errorf("got %#x; want %#x", uint32(got), uint32(test.want))
			}
		})
	}
}

// Two filters of one descriptor in one batch are one event; in the next batch
// they are a new one; a descriptor that is not registered is none.
func TestKqueueMerge(t *testing.T) {
	var table kqTable
	table.add(3, 30, Read|Write)
	table.add(9, 90, Read)
	dst := make([]Event, 4)
	batch := func(events ...kqEvent) []Event {
		table.batch++
		n := 0
		for _, ev := range events {
			n = table.merge(dst, n, ev)
		}
		return dst[:n]
	}
	check := func(got []Event, want ...Event) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("got %v; want %v", got, want)
		}
	}
	check(batch(kqEvent{fd: 3, filter: kqRead}, kqEvent{fd: 9}, kqEvent{fd: 3, filter: kqWrite}),
		Event{3, 30, Read | Write}, Event{9, 90, Read})
	check(batch(kqEvent{fd: 3, filter: kqWrite, eof: true}, kqEvent{fd: 3, filter: kqRead}),
		Event{3, 30, Read | Write | Error})
	check(batch(kqEvent{fd: 4}, kqEvent{fd: 1000}, kqEvent{fd: -1}))

	table.find(3).registered = false
	check(batch(kqEvent{fd: 3}, kqEvent{fd: 9}), Event{9, 90, Read})
	table.add(3, 31, Read)
	check(batch(kqEvent{fd: 3}), Event{3, 31, Read})
}
