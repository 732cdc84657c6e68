package bot

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/qqloop/qqloop/loop"
)

// A journal is what stands between the bot and its Store. It keeps the bot
// going when the disk does not: what could not be saved is owed, and saved as
// soon as the disk takes something again, unless something newer was saved in
// its place.
//
// Without a Store all is done at once and nothing is kept.
type journal struct {
	loop  *loop.Loop
	store Store
	log   *slog.Logger

	n       int
	latest  map[place]int    // the last save under way that touches the entry
	durable map[place]bool   // what the store is known to hold
	owed    map[place][]byte // what failed; nil: a removal
	failing bool             // the last save has failed, and the log was told
	retry   *loop.Timer      // tries what is owed
}

// retryEvery is how often what is owed is tried while nothing else is saved.
const retryEvery = 10 * time.Second

// A place is where an entry is.
type place struct{ table, key string }

func newJournal(l *loop.Loop, s Store, log *slog.Logger) *journal {
	return &journal{loop: l, store: s, log: log, latest: map[place]int{}, durable: map[place]bool{}, owed: map[place][]byte{}}
}

// load returns a table of the store.
func (j *journal) load(table string) []Entry {
	if j.store == nil {
		return nil
	}
	entries := j.store.Load(table)
	for _, e := range entries {
		j.durable[place{table, e.Key}] = true
	}
	return entries
}

// save makes changes durable and calls then, which may be nil: at once where
// there is no store. If the disk fails, then is called all the same: a bot that
// falls silent because of its disk would be worse than one that may forget.
func (j *journal) save(changes []Change, then func()) {
	if j.store == nil || len(changes) == 0 {
		if then != nil {
			then()
		}
		return
	}
	j.n++
	n := j.n
	for _, c := range changes {
		p := place{c.Table, c.Key}
		j.latest[p] = n
		delete(j.owed, p)
	}
	j.store.Save(changes, func(err error) {
		j.saved(n, changes, err)
		if then != nil {
			then()
		}
	})
}

// settle saves what is owed, in an order that repeats.
func (j *journal) settle() {
	if j.retry != nil {
		j.retry.Stop()
		j.retry = nil
	}
	places := slices.SortedFunc(maps.Keys(j.owed), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.key, b.key))
	})
	var changes []Change
	for _, p := range places {
		changes = append(changes, Change{p.table, p.key, j.owed[p]})
	}
	j.save(changes, nil)
}

// saved notes how save number n ended.
func (j *journal) saved(n int, changes []Change, err error) {
	for _, c := range changes {
		p := place{c.Table, c.Key}
		last := j.latest[p] == n
		if last {
			delete(j.latest, p)
		}
		switch {
		case err == nil && c.Value == nil:
			delete(j.durable, p)
		case err == nil:
			j.durable[p] = true
		case last && (c.Value != nil || j.durable[p]):
			// The removal of what never was durable is not owed; so what is
			// owed is bounded by what the bot has to keep.
			j.owed[p] = c.Value
		}
	}
	switch {
	case err != nil && !j.failing:
		j.log.Error("the state cannot be saved: until it can, a message may be lost or answered twice if the bot is stopped", "err", err)
	case err == nil && j.failing:
		j.log.Info("the state is saved again")
	}
	j.failing = err != nil
	switch {
	case len(j.owed) == 0:
	case err == nil:
		j.settle()
	case j.retry == nil:
		j.retry = j.loop.CallLater(retryEvery, j.settle)
	}
}
