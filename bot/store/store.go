// Package store keeps a bot's state in a file: a bot.Store on bbolt.
//
// # Who does what
//
// One goroutine owns the database. Save puts changes in its queue and returns;
// done comes back by AddCallback. While one transaction waits for the disk,
// whatever is saved meanwhile gathers, and all of it goes into the next: a
// group commit. Two waits for the disk (one for the pages, one for the page
// that makes them count) so serve one message or a hundred. The queue is
// bounded by MaxQueue; past it a Save fails with ErrQueueFull.
//
// # When the disk does not play along
//
// A save that fails, such as for a full disk, leaves nothing behind, and the
// next one may succeed: the bot decides what to do. A file that is found
// damaged at Open is refused and left as it is. The file is locked while it is
// open, since two bots on one account would answer everything twice.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
)

// What an *Error may wrap.
var (
	ErrLocked    = errors.New("another qqloop runs with this file")
	ErrDamaged   = errors.New("the file is damaged")
	ErrQueueFull = errors.New("the disk is too slow: too many changes wait for it")
	ErrClosed    = errors.New("the store was closed")
)

// MaxQueue bounds the changes that wait for the disk.
const MaxQueue = 8192

// An Error says what could not be done with which file, and what would help.
type Error struct {
	Op   string // "open", "save" or "close"
	Path string
	Err  error
}

func (e *Error) Error() string {
	hint := ""
	switch {
	case errors.Is(e.Err, ErrLocked):
		hint = ": stop the other one, or give each a state file of its own"
	case errors.Is(e.Err, ErrDamaged):
		hint = ": move it away and start again; what was not yet answered is lost with it"
	case errors.Is(e.Err, syscall.ENOSPC), errors.Is(e.Err, syscall.EDQUOT):
		hint = ": make room on the disk"
	case errors.Is(e.Err, fs.ErrPermission):
		hint = ": make it readable and writable for the user who runs qqloop"
	}
	cause := e.Err
	var path *fs.PathError
	if errors.As(cause, &path) { // it would name the file again
		cause = path.Err
	}
	return fmt.Sprintf("%s the state file %s: %v%s", e.Op, e.Path, cause, hint)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Store is a bot.Store in a file. Save and Load belong to the loop's
// goroutine.
type Store struct {
	loop   *loop.Loop
	path   string
	db     *bbolt.DB
	tables map[string][]bot.Entry // as they were when the file was opened
	commit func([]save) error     // in one transaction; the tests replace it

	mu      sync.Mutex
	wake    sync.Cond
	queue   []save
	queued  int // changes in queue
	closed  bool
	stopped chan struct{} // closed when the goroutine is gone
}

// A save is one call of Save.
type save struct {
	changes []bot.Change
	done    func(error)
}

var _ bot.Store = (*Store)(nil)

// Open opens or makes the file at path and reads it, which blocks. The file is
// readable for its owner alone: it holds what people said. Errors are *Error.
func Open(l *loop.Loop, path string) (*Store, error) {
	s := &Store{loop: l, path: path, stopped: make(chan struct{})}
	s.wake.L = &s.mu
	s.commit = s.update
	if err := s.open(); err != nil {
		return nil, &Error{"open", path, err}
	}
	go s.run()
	return s, nil
}

// open opens the file and loads it. A damaged page is found by bbolt's
// panicking, or by the kernel when it lies behind the end of the file.
func (s *Store) open() (err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%v)", ErrDamaged, p)
		}
		switch {
		case err == nil:
		case s.db != nil:
			s.db.Close()
		case file != nil:
			// If bbolt panicked, its mapping stays and would keep the lock. If it
			// did not, the file is closed already, and this does nothing.
			unlock(file)
			file.Close()
		}
	}()
	_, statErr := os.Stat(s.path)
	s.db, err = bbolt.Open(s.path, 0o600, &bbolt.Options{
		Timeout:      time.Nanosecond, // try the lock once; zero would wait for ever
		FreelistType: bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			file = f
			return f, err
		},
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrLocked
	case err != nil:
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return err // of the system
		}
		return fmt.Errorf("%w (%v)", ErrDamaged, err) // of what bbolt read
	}
	if statErr != nil { // the file is new: its name must last too
		if dir, err := os.Open(filepath.Dir(s.path)); err == nil {
			dir.Sync()
			dir.Close()
		}
	}
	s.tables = map[string][]bot.Entry{}
	return s.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				// bbolt's bytes live as long as the transaction.
				value := append(make([]byte, 0, len(v)), v...)
				s.tables[string(name)] = append(s.tables[string(name)], bot.Entry{Key: string(k), Value: value})
				return nil
			})
		})
	})
}

// Load implements bot.Store. It reads nothing: Open did.
func (s *Store) Load(table string) []bot.Entry { return s.tables[table] }

// Save implements bot.Store. Its errors are *Error.
func (s *Store) Save(changes []bot.Change, done func(error)) {
	fail := func(err error) { s.loop.AddCallback(func() { done(&Error{"save", s.path, err}) }) }
	for _, c := range changes {
		if c.Table == "" || c.Key == "" || len(c.Key) > bbolt.MaxKeySize {
			fail(fmt.Errorf("the key %.40q of table %q is empty or too long", c.Key, c.Table))
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		fail(ErrClosed)
	case s.queued+len(changes) > MaxQueue:
		fail(ErrQueueFull)
	default:
		s.queue = append(s.queue, save{changes: changes, done: done})
		s.queued += len(changes)
		s.wake.Signal()
	}
}

// run is the goroutine that owns the database.
func (s *Store) run() {
	defer close(s.stopped)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.closed {
			s.wake.Wait()
		}
		batch := s.queue
		s.queue, s.queued = nil, 0
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := s.commit(batch)
		if err != nil {
			err = &Error{"save", s.path, err}
		}
		s.loop.AddCallback(func() {
			for _, b := range batch {
				b.done(err)
			}
		})
	}
}

// update puts a batch into one transaction.
func (s *Store) update(batch []save) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%v)", ErrDamaged, p)
		}
	}()
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, b := range batch {
			for _, c := range b.changes {
				if err := change(tx, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func change(tx *bbolt.Tx, c bot.Change) error {
	if c.Value == nil {
		if b := tx.Bucket([]byte(c.Table)); b != nil {
			return b.Delete([]byte(c.Key))
		}
		return nil
	}
	b, err := tx.CreateBucketIfNotExists([]byte(c.Table))
	if err != nil {
		return err
	}
	return b.Put([]byte(c.Key), c.Value)
}

// Close waits until all that was saved is on the disk, and closes the file. It
// blocks, so it is for the end, when the loop has stopped; what it makes
// durable is told by callbacks that run only if the loop goes on.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.wake.Signal()
	s.mu.Unlock()
	<-s.stopped
	if err := s.db.Close(); err != nil {
		return &Error{"close", s.path, err}
	}
	return nil
}
