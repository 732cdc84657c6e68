//go:build linux

package peers

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/qqloop/qqloop/bench/load"
)

var netHTTP = &Peer{
	Name:   "nethttp",
	Note:   "a goroutine for each request; but for the roundtrip scenarios, http.Transport without http.Client",
	run:    runNetHTTP,
	events: netHTTPEvents,
	timers: goTimers,
	parse:  netHTTPParser,
	also:   []string{"roundtrip", "roundtrip-park", "loops"},
}

func newTransport(job *Job) (*http.Transport, error) {
	config, err := job.tls()
	return &http.Transport{
		MaxIdleConnsPerHost:   job.Conns,
		MaxIdleConns:          0, // no bound
		DisableCompression:    true,
		DisableKeepAlives:     job.Fresh,
		ResponseHeaderTimeout: Patience,
		TLSClientConfig:       config,
	}, err
}

func runNetHTTP(job *Job, ld load.Load) error {
	transport, err := newTransport(job)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	do := transport.RoundTrip
	if job.Face == "roundtrip" {
		do = (&http.Client{Transport: transport}).Do
	}
	roundTrips(job, ld, do)
	return nil
}

// roundTrips runs the job over anything that looks like http.Client.Do.
func roundTrips(job *Job, ld load.Load, do func(*http.Request) (*http.Response, error)) {
	goroutines(job, ld, func() func() error {
		body := job.body()
		req, err := newHTTPRequest(job, job.URL, body)
		answer := make([]byte, len(job.Want)+32)
		return func() error {
			if err != nil {
				return err
			}
			switch { // the last one was used up
			case job.Reader:
				req.Body, req.ContentLength = io.NopCloser(&source{job.Upload}), int64(job.Upload)
			case body != nil:
				req.Body = io.NopCloser(bytes.NewReader(body))
			}
			resp, err := do(req)
			if err != nil {
				return err
			}
			got, size, err := drain(resp.Body, answer)
			if err != nil {
				return err
			}
			if err := job.right(resp.StatusCode, size, got); err != nil {
				return err
			}
			if job.Chain {
				req, err = newHTTPRequest(job, job.next(got), nil)
			}
			return err
		}
	})
}

func newHTTPRequest(job *Job, url string, body []byte) (*http.Request, error) {
	var from io.Reader
	if body != nil {
		from = bytes.NewReader(body)
	}
	req, err := http.NewRequest(job.Method, url, from)
	if err == nil {
		req.Header.Set("User-Agent", Agent)
	}
	return req, err
}

// drain reads body to its end: into buf what fits, and counts the rest.
func drain(body io.ReadCloser, buf []byte) (got []byte, size int, err error) {
	defer body.Close()
	n, err := io.ReadFull(body, buf)
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) && n < len(buf) {
		return buf[:n], n, nil
	}
	if err != nil {
		return nil, 0, err
	}
	more, err := io.Copy(io.Discard, body)
	return buf[:n], n + int(more), err
}

// goTimers runs timers of Go's runtime.
func goTimers(job *Job, ld *load.Closed) error {
	var all sync.WaitGroup
	for w := range job.Conns {
		pause := pauses(w)
		delay := pause()
		due := time.Now().Add(delay)
		var timer *time.Timer
		all.Add(1)
		var mu sync.Mutex // the function may run before AfterFunc returns
		mu.Lock()
		timer = time.AfterFunc(delay, func() {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			ld.Lag(now.Sub(due))
			ld.Took(now.Sub(due))
			if !ld.More() {
				all.Done()
				return
			}
			delay := pause()
			due = now.Add(delay)
			timer.Reset(delay)
		})
		mu.Unlock()
	}
	all.Wait()
	ld.Over()
	return nil
}

// netHTTPEvents reads Conns event streams, a line at a time.
func netHTTPEvents(job *Job, ld *load.Closed) error {
	transport, err := newTransport(job)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	stop := probe(ld)
	var all sync.WaitGroup
	for range job.Conns {
		all.Go(func() {
			if err := netHTTPStream(transport, job, ld); err != nil {
				ld.Fail(err)
			}
		})
	}
	all.Wait()
	stop()
	ld.Over()
	return nil
}

func netHTTPStream(transport *http.Transport, job *Job, ld *load.Closed) error {
	req, err := newHTTPRequest(job, job.URL, nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	var order inOrder
	for ld.More() && lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			if err := order.event(data, ld); err != nil {
				return err
			}
		}
	}
	if ld.More() {
		return fmt.Errorf("the stream ended early: %w", cmp.Or(lines.Err(), io.ErrUnexpectedEOF))
	}
	return nil
}

// netHTTPParser parses a head as Transport does.
func netHTTPParser() (func() error, error) {
	from := bytes.NewReader(nil)
	in := bufio.NewReaderSize(nil, 4096)
	req := &http.Request{Method: "GET"}
	return func() error {
		from.Reset(ResponseHead)
		in.Reset(from)
		resp, err := http.ReadResponse(in, req)
		if err != nil {
			return err
		}
		if resp.StatusCode != 200 || resp.ContentLength != headLength || len(resp.Header) != headFields {
			return fmt.Errorf("got %d, %d, %d fields", resp.StatusCode, resp.ContentLength, len(resp.Header))
		}
		return nil
	}, nil
}
