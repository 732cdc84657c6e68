//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package loop

import (
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// poll is the Poller of every Unix, on poll(2): its cost grows with the number
// of registered descriptors and not of ready ones. It keeps the portable half
// of this package honest on Linux, where it can be tested beside epoll.
type poll struct {
	kernelFDs

	waker pipeWaker
	fds   []unix.PollFd // [0] is the waker
	gens  []uint32      // of fds[i]
	place []int32       // by descriptor: its index in fds, or 0
	from  int           // where the next search for ready ones begins
}

func newPoll() (Poller, error) {
	waker, err := newPipeWaker()
	if err != nil {
		return nil, err
	}
	return &poll{
		waker: waker,
		fds:   []unix.PollFd{{Fd: int32(waker.r), Events: unix.POLLIN}},
		gens:  []uint32{0},
	}, nil
}

func (p *poll) Add(fd int, gen uint32, want Events) error {
	if p.find(fd) > 0 || fd == p.waker.r {
		return os.NewSyscallError("poll", unix.EEXIST)
	}
	// poll(2) would tell of a closed descriptor only in the next wait, and as
	// readiness; epoll_ctl tells at once.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	if fd >= len(p.place) {
		p.place = slices.Grow(p.place, fd+1-len(p.place))[:fd+1]
	}
	p.place[fd] = int32(len(p.fds))
	p.fds = append(p.fds, unix.PollFd{Fd: int32(fd), Events: pollEvents(want)})
	p.gens = append(p.gens, gen)
	return nil
}

func (p *poll) Modify(fd int, gen uint32, want Events) error {
	i := p.find(fd)
	if i == 0 {
		return os.NewSyscallError("poll", unix.ENOENT)
	}
	p.fds[i].Events = pollEvents(want)
	p.gens[i] = gen
	return nil
}

func (p *poll) Remove(fd int) error {
	i := p.find(fd)
	if i == 0 {
		return os.NewSyscallError("poll", unix.ENOENT)
	}
	last := len(p.fds) - 1
	p.fds[i], p.gens[i] = p.fds[last], p.gens[last]
	p.place[p.fds[i].Fd] = int32(i)
	p.place[fd] = 0
	p.fds, p.gens = p.fds[:last], p.gens[:last]
	return nil
}

// find returns fd's index in fds, or 0.
func (p *poll) find(fd int) int {
	if fd < 0 || fd >= len(p.place) {
		return 0
	}
	return int(p.place[fd])
}

func (p *poll) Wait(dst []Event, timeout time.Duration) (int, error) {
	left, err := unix.Poll(p.fds, millisUp(timeout))
	if err != nil {
		if err == unix.EINTR {
			return 0, nil
		}
		return 0, wrapWait("poll", err)
	}
	if p.fds[0].Revents != 0 {
		p.waker.consume()
		left--
	}
	// The search begins where the last one ended: if there are more ready than
	// dst can hold, those at the end of the array get their turn too.
	n := 0
	for range len(p.fds) - 1 {
		if left == 0 || n == len(dst) {
			break
		}
		if p.from++; p.from >= len(p.fds) {
			p.from = 1
		}
		f := &p.fds[p.from]
		if f.Revents == 0 {
			continue
		}
		left--
		dst[n] = Event{FD: int(f.Fd), Gen: p.gens[p.from], Ready: fromPoll(f.Revents)}
		n++
	}
	return n, nil
}

func (p *poll) Wake() error { return p.waker.wake() }

func (p *poll) Close() error {
	p.waker.close()
	return nil
}

func pollEvents(want Events) (bits int16) {
	if want.Has(Read) {
		bits |= unix.POLLIN
	}
	if want.Has(Write) {
		bits |= unix.POLLOUT
	}
	return bits
}

// fromPoll takes POLLNVAL, a descriptor that was closed before it was removed,
// for an error; epoll would forget it in silence.
func fromPoll(bits int16) (ready Events) {
	if bits&unix.POLLIN != 0 {
		ready |= Read
	}
	if bits&unix.POLLOUT != 0 {
		ready |= Write
	}
	if bits&(unix.POLLERR|unix.POLLNVAL) != 0 {
		ready |= 0x008
	}
	if bits&unix.POLLHUP != 0 {
		ready |= 0x010
	}
	return ready
}
