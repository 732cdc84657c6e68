package loop

// OpenOldEpoll returns epoll as it is on kernels before 5.11, which count
// milliseconds.
func OpenOldEpoll() (Poller, error) {
	p, err := newEpoll()
	if err == nil {
		p.(*epoll).millis = true
	}
	return p, err
}
