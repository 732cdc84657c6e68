package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// This file is --sse: event streams that are followed until something ends
// them.

// checkSSE refuses what --sse has no use for.
func (c *getCmd) checkSSE() error {
	if c.SSE && (c.NDJSON || len(c.Output) > 0 || c.RemoteName > 0 || c.RemoteNameAll || c.Include || c.Head || c.DumpHeader != "" ||
		c.WriteOut != "" || c.ContinueAt != "" || c.Range != "" || c.Raw || c.Retry > 0 || c.MaxFilesize > 0) {
		return usagef("--sse writes events to standard output, and connects again by itself: leave out --ndjson, -o, -O, -i, -I, -D, -w, -C, -r, --raw, --retry and --max-filesize")
	}
	return nil
}

// A followed stream is one URL of --sse.
type followed struct {
	fetch *fetch
	lane  *lane // whose request it is
	chain sched.Chain
	retry *int64 // milliseconds, as the stream has it now; nil: it has not said
	ended bool
}

// An eventLine is a line of --sse.
type eventLine struct {
	Event string `json:"event"`
	ID    string `json:"id"`
	Data  string `json:"data"`
	Retry *int64 `json:"retry"`
	URL   string `json:"url"`
}

// errDeadline ends a stream when -m has passed.
var errDeadline = errors.New("the deadline of -m has passed")

// follow begins to follow all URLs.
func (f *fetch) follow() {
	f.open = len(f.urls)
	for i, given := range f.urls {
		s := &followed{fetch: f, lane: &lane{fetch: f, index: i}}
		var err error
		if s.lane.t, err = parseTarget(given); err != nil {
			s.end(s.lane.unsent(sched.InvalidRequest, err).err)
			continue
		}
		s.lane.t.add(f.payload)
		s.begin()
	}
	if f.open == 0 {
		f.loop.Stop()
	}
}

func (s *followed) begin() {
	f := s.fetch
	s.lane.out = f.newSink(s.lane)
	r := s.lane.request()
	r.Timeouts.Total = -1 // -m is for all connections together
	s.chain = f.stream.Events(sched.EventSource{
		Request: r,
		OnEvent: s.event,
		OnRetry: func(wait time.Duration) { s.retry = new(wait.Milliseconds()) },
		OnBreak: s.broke,
		OnEnd:   s.end,
	})
	f.chains = append(f.chains, s.chain)
	if f.cmd.MaxTime > 0 {
		f.loop.CallLater(time.Duration(f.cmd.MaxTime), func() {
			if !s.ended {
				s.end(fmt.Errorf("%s %s: %w", r.Method, s.lane.t.effective(), errDeadline))
				s.chain.Cancel()
			}
		})
	}
}

// event writes a line.
func (s *followed) event(e httpwire.ServerEvent) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(eventLine{e.Type, e.ID, e.Data, s.retry, s.lane.t.given}); err != nil {
		return err
	}
	w := s.fetch.writer
	_, err := w.stdout.Write(line.Bytes())
	w.keep(err)
	w.flush()
	return w.err
}

// broke tells of a connection that has ended. What is not a GET does something
// each time that it is sent: it is not sent again.
func (s *followed) broke(cause error, again time.Duration) {
	if s.fetch.cmd.method() != "GET" {
		s.chain.Cancel()
		s.end(cause)
		return
	}
	if cause == nil {
		cause = fmt.Errorf("GET %s: the stream has ended", s.lane.t.effective())
	}
	s.fetch.writer.retrying(cause.Error(), again)
}

// end notes how it ended, once.
func (s *followed) end(cause error) {
	f := s.fetch
	if s.ended {
		return
	}
	s.ended = true
	e, _ := errors.AsType[*sched.Error](cause)
	switch {
	case cause == nil || f.interrupted || f.writer.err != nil:
	case e != nil && brokeProtocol(e.Kind):
		f.protocol = true
		f.writer.tell(cause.Error())
	default:
		f.failed = true
		f.writer.tell(cause.Error())
	}
	if f.open--; f.open == 0 || f.writer.err != nil {
		f.loop.Stop()
	}
}
