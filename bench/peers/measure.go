//go:build linux

package peers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/qqloop/qqloop/bench/load"
)

// Measure does a job in this process and returns what it cost.
func Measure(job *Job) (load.Sample, error) {
	p := Of(job.Peer)
	if p == nil {
		return load.Sample{}, fmt.Errorf("there is no peer %q", job.Peer)
	}
	if job.Loops > 0 {
		runtime.GOMAXPROCS(max(job.Loops, 1))
	}
	switch {
	case job.Scenario == "parser":
		parse, err := p.parse()
		if err != nil {
			return load.Sample{}, err
		}
		return load.Work(job.N, parse)
	case job.Park:
		return measurePark(p, job)
	case job.Bots != "":
		return measureAccounts(p, job)
	}
	ld := load.NewClosed(job.Conns, job.Warm, job.N, job.Interval, job.Origin)
	run := func() error { return p.run(job, ld) }
	switch job.Scenario {
	case "timers":
		run = func() error { return p.timers(job, ld) }
	case "sse":
		run = func() error { return p.events(job, ld) }
	}
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case <-ld.Ended():
		if err := ld.Err(); err != nil {
			return load.Sample{}, err
		}
		s := ld.Sample()
		ld.Leave()
		return s, <-done
	case <-ld.Failed():
		return load.Sample{}, ld.Err()
	case err := <-done:
		return load.Sample{}, fmt.Errorf("the client ended before its work: %v", err)
	}
}

// measurePark has one request of each worker wait at the origin, and looks at
// what that costs; then has them answered.
func measurePark(p *Peer, job *Job) (load.Sample, error) {
	none := load.Sample{}
	c, err := dialControl(job.Control)
	if err != nil {
		return none, err
	}
	ld := load.NewOnce(job.Conns, job.Origin)
	done := make(chan error, 1)
	go func() { done <- p.run(job, ld) }()
	wait := func(step func() error) error {
		ended := make(chan error, 1)
		go func() { ended <- step() }()
		select {
		case err := <-ended:
			return err
		case <-ld.Failed():
			return ld.Err()
		case err := <-done:
			return fmt.Errorf("the client ended before its work: %v", err)
		case <-time.After(Patience / 2):
			return fmt.Errorf("%d of %d answers have not come", ld.Lost(), job.Conns)
		}
	}
	if err := wait(func() error { return c.ask(fmt.Sprintf("/await/%d", job.Conns)) }); err != nil {
		return none, err
	}
	if !job.Idle {
		ld.Hold()
	}
	ld.Release()
	if err := wait(func() error { return c.ask("/release") }); err != nil {
		return none, err
	}
	if err := wait(func() error { <-ld.Ended(); return ld.Err() }); err != nil {
		return none, err
	}
	if job.Idle {
		ld.Hold()
	}
	s := ld.Sample()
	ld.Leave()
	return s, <-done
}

// control is a connection of our own to the origin.
type control struct {
	net.Conn
	in *bufio.Reader
}

func dialControl(at string) (*control, error) {
	c, err := net.Dial("tcp", at)
	if err != nil {
		return nil, err
	}
	return &control{c, bufio.NewReader(c)}, nil
}

func (c *control) ask(path string) error { return c.read(path, nil) }

// read is ask, with an answer in JSON.
func (c *control) read(path string, into any) error {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: origin\r\n\r\n", path); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return fmt.Errorf("the origin says %d to %s", resp.StatusCode, path)
	}
	if into != nil {
		return json.NewDecoder(resp.Body).Decode(into)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
