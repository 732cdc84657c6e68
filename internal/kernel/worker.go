package kernel

// worker is a goroutine that takes what it is to do from a channel. Who has to
// wait for a reader needs one of his own: the fixed numbers that look names up
// and compute would all be stuck with the first few that wait for ever.
type worker chan func()

// Worker starts a goroutine; see Kernel.
func (*System) Worker() Worker {
	w := make(worker, WorkerQueue)
	go func() {
		for work := range w {
			work()
		}
	}()
	return w
}

// Do never waits: to give more than WorkerQueue is a bug of the caller.
func (w worker) Do(work func()) {
	select {
	case w <- work:
	default:
		panic("kernel: more is given to a worker than may wait")
	}
}

// End closes the channel: the goroutine ends when it has emptied it.
func (w worker) End() { close(w) }
