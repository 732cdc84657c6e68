//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package loop

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func mechanisms() []mechanism {
	return []mechanism{{"kqueue", newKqueue}, {"poll", newPoll}}
}

// kqueue is the Poller of macOS and the BSDs, level-triggered. The decisions
// are in kqueue.go; here are the system calls.
type kqueue struct {
	kernelFDs

	fd    int
	waker pipeWaker // EVFILT_USER would save two descriptors, where it exists
	table kqTable
	buf   []unix.Kevent_t
}

func newKqueue() (Poller, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(fd)
	waker, err := newPipeWaker()
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	p := &kqueue{fd: fd, waker: waker}
	if err := p.change(waker.r, kqChange{kqRead, true}); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *kqueue) Add(fd int, gen uint32, want Events) error {
	// kevent(2) would take a second add for an update.
	if p.table.find(fd) != nil || fd == p.waker.r {
		return os.NewSyscallError("kevent", unix.EEXIST)
	}
	// Without a filter there would be no system call to notice a bad one.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	if err := p.apply(fd, None, want); err != nil {
		p.apply(fd, want, None) // what was added before the one that failed
		return err
	}
	p.table.add(fd, gen, want)
	return nil
}

func (p *kqueue) Modify(fd int, gen uint32, want Events) error {
	row := p.table.find(fd)
	if row == nil {
		return os.NewSyscallError("kevent", unix.ENOENT)
	}
	if err := p.apply(fd, row.want, want); err != nil {
		return err
	}
	row.gen, row.want = gen, want
	return nil
}

func (p *kqueue) Remove(fd int) error {
	row := p.table.find(fd)
	if row == nil {
		return os.NewSyscallError("kevent", unix.ENOENT)
	}
	row.registered = false
	return p.apply(fd, row.want, None)
}

// apply makes the changes one call at a time: old versions of macOS refuse two
// filters of one descriptor in one call.
func (p *kqueue) apply(fd int, old, want Events) (err error) {
	var room [2]kqChange
	for _, c := range kqChanges(room[:0], old, want) {
		if e := p.change(fd, c); e != nil && err == nil {
			err = e
		}
	}
	return err
}

func (p *kqueue) change(fd int, c kqChange) error {
	filter, flags := unix.EVFILT_READ, unix.EV_DELETE
	if c.filter == kqWrite {
		filter = unix.EVFILT_WRITE
	}
	if c.add {
		flags = unix.EV_ADD
	}
	var list [1]unix.Kevent_t
	unix.SetKevent(&list[0], fd, filter, flags)
	for {
		_, err := unix.Kevent(p.fd, list[:], nil, nil)
		if err != unix.EINTR {
			return os.NewSyscallError("kevent", err)
		}
	}
}

func (p *kqueue) Wait(dst []Event, timeout time.Duration) (int, error) {
	if len(p.buf) < len(dst) {
		p.buf = make([]unix.Kevent_t, len(dst))
	}
	var limit *unix.Timespec
	if timeout >= 0 {
		if timeout > 0 {
			timeout = max(timeout, shortestWait)
		}
		// Some systems refuse what is longer than a few years; to wait less
		// long than the loop asked for is always allowed.
		ts := unix.NsecToTimespec(int64(min(timeout, 24*time.Hour)))
		limit = &ts
	}
	got, err := unix.Kevent(p.fd, nil, p.buf[:len(dst)], limit)
	if err != nil {
		if err == unix.EINTR {
			return 0, nil
		}
		return 0, wrapWait("kevent", err)
	}
	p.table.batch++
	n := 0
	for i := range got {
		ev := &p.buf[i]
		fd := int(ev.Ident)
		if fd == p.waker.r {
			p.waker.consume()
			continue
		}
		e := kqEvent{fd: fd, eof: ev.Flags&unix.EV_EOF != 0}
		if int(ev.Filter) == unix.EVFILT_WRITE {
			e.filter = kqWrite
		}
		e.failed = ev.Flags&unix.EV_ERROR != 0 || e.eof && ev.Fflags != 0
		n = p.table.merge(dst, n, e)
	}
	return n, nil
}

func (p *kqueue) Wake() error { return p.waker.wake() }

func (p *kqueue) Close() error {
	p.waker.close()
	return os.NewSyscallError("close", unix.Close(p.fd))
}
