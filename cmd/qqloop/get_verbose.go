package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/qqloop/qqloop/sched"
)

// A story is what -v tells, step by step as they happen: lines with "*" for
// what is done, in the words of demo --trace, ">" for a head that is sent and
// "<" for one that comes.
type story struct {
	w io.Writer

	// A long body is read in many steps. They are told as one.
	reading sched.Trace
	reads   int
	read    int64
}

func newStory(w io.Writer) *story { return &story{w: w} }

func (s *story) say(format string, args ...any) {
	s.tellRead()
	fmt.Fprintf(s.w, "* "+format+"\n", args...)
}

// tell tells of one step.
func (s *story) tell(t sched.Trace) {
	switch {
	case t.Op == sched.TraceReceived && t.Bytes > 0:
		if s.reads > 0 && s.reading.FD != t.FD {
			s.tellRead()
		}
		s.reading = t
		s.reads++
		s.read += int64(t.Bytes)
		return
	case t.Op == sched.TraceReadback: // end tells more
		return
	case worthTelling(t.Op):
		s.say("%v", t)
	}
	switch t.Op {
	case sched.TraceSecured:
		if t.TLS != nil && len(t.TLS.PeerCertificates) > 0 {
			cert, trust := t.TLS.PeerCertificates[0], "not verified"
			if len(t.TLS.VerifiedChains) > 0 {
				trust = "verified"
			}
			s.say("the certificate of %s, by %s, until %s: %s",
				cert.Subject, cert.Issuer, cert.NotAfter.Format("2006-01-02"), trust)
		}
	case sched.TraceUse:
		s.lines('>', t.Wire)
	case sched.TraceInterim, sched.TraceHead:
		line := fmt.Appendf(nil, "HTTP/1.%d %d %s\r\n", t.Head.Minor, t.Head.Status, t.Head.Reason)
		s.lines('<', appendFields(line, t.Head.Fields))
	}
}

// tellRead tells what was read since the last line.
func (s *story) tellRead() {
	switch {
	case s.reads == 1:
		fmt.Fprintf(s.w, "* %v\n", s.reading)
	case s.reads > 1:
		fmt.Fprintf(s.w, "* fd %d READ %d bytes in %d steps\n", s.reading.FD, s.read, s.reads)
	}
	s.reads, s.read = 0, 0
}

// end tells how an attempt went: the lane knows how long the body was.
func (s *story) end(l *lane, resp *sched.Response, err error) {
	if err != nil {
		s.say("%v", err)
		return
	}
	s.say("the response is whole: %d bytes of body", l.streamed+int64(len(resp.Body)))
}

func (s *story) lines(mark byte, head []byte) {
	s.tellRead()
	for line := range bytes.Lines(head) {
		fmt.Fprintf(s.w, "%c %s\n", mark, bytes.TrimRight(line, "\r\n"))
	}
}
