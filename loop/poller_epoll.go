//go:build linux

package loop

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func mechanisms() []mechanism {
	return []mechanism{{"epoll", newEpoll}, {"poll", newPoll}}
}

// epoll is the Poller of Linux, level-triggered. The events of this package
// have epoll's numbers, so nothing is translated. Only Read and Write are asked
// for: the kernel adds errors by itself, and EPOLLET is not to slip in.
type epoll struct {
	kernelFDs

	fd     int
	wakefd int
	buf    []unix.EpollEvent
	millis bool // the kernel is older than epoll_pwait2 (5.11)
}

func newEpoll() (Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	p := &epoll{fd: fd, wakefd: wakefd}
	// Edge-triggered: each write is reported once and the counter need never
	// be read, which would be a system call for every wake.
	if err := p.ctl(unix.EPOLL_CTL_ADD, wakefd, 0, unix.EPOLLIN|unix.EPOLLET); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *epoll) Add(fd int, gen uint32, want Events) error {
	return p.ctl(unix.EPOLL_CTL_ADD, fd, gen, uint32(want&(Read|Write)))
}

func (p *epoll) Modify(fd int, gen uint32, want Events) error {
	return p.ctl(unix.EPOLL_CTL_MOD, fd, gen, uint32(want&(Read|Write)))
}

func (p *epoll) Remove(fd int) error {
	return p.ctl(unix.EPOLL_CTL_DEL, fd, 0, 0)
}

// ctl packs the generation beside the descriptor in the 64 bits that epoll
// hands back.
func (p *epoll) ctl(op, fd int, gen, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd), Pad: int32(gen)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &ev))
}

func (p *epoll) Wait(dst []Event, timeout time.Duration) (int, error) {
	if len(p.buf) < len(dst) {
		p.buf = make([]unix.EpollEvent, len(dst))
	}
	got, err := p.wait(p.buf[:len(dst)], timeout)
	if err != nil {
		if err == unix.EINTR {
			// Go preempts goroutines with signals, so this is an everyday thing.
			// The loop computes the timeout anew.
			return 0, nil
		}
		return 0, err
	}
	n := 0
	for i := range got {
		ev := &p.buf[i]
		if int(ev.Fd) == p.wakefd {
			continue
		}
		dst[n] = Event{FD: int(ev.Fd), Gen: uint32(ev.Pad), Ready: Events(ev.Events)}
		n++
	}
	return n, nil
}

// wait is epoll_pwait2, which counts nanoseconds, or epoll_wait, which counts
// milliseconds. A wait of no time at all is called raw, without telling the
// scheduler: it cannot block.
func (p *epoll) wait(buf []unix.EpollEvent, timeout time.Duration) (int, error) {
	if timeout == 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd),
			uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
		if errno != 0 {
			return 0, wrapWait("epoll_pwait", errno)
		}
		return int(n), nil
	}
	if timeout > 0 && !p.millis {
		timeout = max(timeout, shortestWait)
		// The kernel's own timespec, which is 64 bits wide on 32-bit systems too.
		ts := struct{ sec, nsec int64 }{int64(timeout / time.Second), int64(timeout % time.Second)}
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd),
			uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), uintptr(unsafe.Pointer(&ts)), 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.ENOSYS, unix.EPERM: // EPERM: a container's filter that is older than the call
			p.millis = true
		default:
			return 0, wrapWait("epoll_pwait2", errno)
		}
	}
	n, err := unix.EpollWait(p.fd, buf, millisUp(timeout))
	return n, wrapWait("epoll_wait", err)
}

func (p *epoll) Wake() error {
	one := [8]byte{0: 1}
	if _, err := unix.Write(p.wakefd, one[:]); err != nil && err != unix.EAGAIN {
		return os.NewSyscallError("write", err)
	}
	return nil // EAGAIN: the counter is full, and so a wake is on its way
}

func (p *epoll) Close() error {
	unix.Close(p.wakefd)
	return os.NewSyscallError("close", unix.Close(p.fd))
}
