// Package schedtest plays chains of requests on canned replies, without a
// socket, a loop or a real second: a client whose steps are values can be
// tested as values.
package schedtest

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// A Player runs chains as a Stream does, one step after the other, and writes
// down what happens. It has the Add and AddAfter of a Stream. It keeps no
// cookies and knows no deadlines: for those, run a Stream on a sim.World.
type Player struct {
	// Respond answers a request: with a whole HTTP/1.1 response as it would
	// stand on the wire (see Reply), or with the error that the readback gets.
	Respond func(*sched.Request) (wire string, err error)

	// MaxSteps is how many requests are played before Run gives up. Zero means
	// 100: a chain that polls for ever must end its test somewhere.
	MaxSteps int

	now        time.Duration
	steps      []step // by time, equal times in order of adding
	transcript strings.Builder
}

type step struct {
	at       time.Duration
	request  *sched.Request
	readback sched.Readback
}

// ErrEndless is what Run returns after MaxSteps.
var ErrEndless = errors.New("schedtest: the chains go on and on")

// Add adds a chain, as Stream.Add does.
func (p *Player) Add(req *sched.Request, rb sched.Readback) sched.Chain {
	return p.AddAfter(0, req, rb)
}

// AddAfter adds a chain, as Stream.AddAfter does. The Chain it returns is one
// that has ended.
func (p *Player) AddAfter(d time.Duration, req *sched.Request, rb sched.Readback) sched.Chain {
	p.schedule(sched.Next{Request: req, Readback: rb, Delay: d})
	return sched.Chain{}
}

func (p *Player) schedule(n sched.Next) {
	at := p.now + max(0, n.Delay)
	i, _ := slices.BinarySearchFunc(p.steps, at, func(s step, at time.Duration) int {
		if s.at <= at {
			return -1
		}
		return 1
	})
	p.steps = slices.Insert(p.steps, i, step{at, n.Request, n.Readback})
}

// Run plays until no chain is left. Virtual time passes only in delays.
func (p *Player) Run() error {
	left := p.MaxSteps
	if left == 0 {
		left = 100
	}
	for ; len(p.steps) > 0; left-- {
		if left == 0 {
			return ErrEndless
		}
		s := p.steps[0]
		p.steps = slices.Delete(p.steps, 0, 1)
		p.now = s.at
		if err := p.play(s); err != nil {
			return err
		}
	}
	return nil
}

// Play plays one chain and returns the transcript.
func (p *Player) Play(req *sched.Request, rb sched.Readback) (string, error) {
	p.Add(req, rb)
	err := p.Run()
	return p.Transcript(), err
}

// Now returns how much virtual time has passed.
func (p *Player) Now() time.Duration { return p.now }

// Transcript returns what has happened so far: three lines for each step.
//
//	0s POST http://d.web2.qq.com/channel/poll2
//	   200 {"retcode":102}
//	   webqq.(*Client).readPoll, next POST http://d.web2.qq.com/channel/poll2 in 1s
func (p *Player) Transcript() string { return p.transcript.String() }

func (p *Player) play(s step) error {
	method := s.request.Method
	if method == "" {
		method = "GET"
	}
	fmt.Fprintf(&p.transcript, "%v %s %v\n", p.now, method, s.request.URL)

	wire, failure := p.Respond(s.request)
	var resp *sched.Response
	if failure == nil {
		var err error
		if resp, err = parse(method, wire); err != nil {
			return fmt.Errorf("schedtest: the reply to %s %v: %w", method, s.request.URL, err)
		}
		resp.Request = s.request
		fmt.Fprintf(&p.transcript, "   %d %s\n", resp.Status, firstLine(string(resp.Body)))
	} else {
		fmt.Fprintf(&p.transcript, "   %v\n", failure)
	}
	if s.readback == nil {
		return nil
	}
	next := s.readback(resp, failure)
	fmt.Fprintf(&p.transcript, "   %s, %s\n", readbackName(s.readback), describe(next))
	if next.Request != nil {
		p.schedule(next)
	}
	return nil
}

// parse reads one whole response with the parser that the engine uses.
func parse(method, wire string) (*sched.Response, error) {
	var parser httpwire.Parser
	parser.Expect(method)
	parser.Feed([]byte(wire))
	resp := &sched.Response{Proto: "HTTP/1.1"}
	for ended := false; ; {
		e, err := parser.NextEvent()
		if err != nil {
			return nil, err
		}
		switch e.Kind {
		case httpwire.NeedData:
			if ended {
				return nil, errors.New("it is not whole")
			}
			ended = true
			parser.FeedEOF()
		case httpwire.GotHead:
			head := e.Head.Clone()
			resp.Status, resp.Reason, resp.Header = head.Status, head.Reason, head.Fields
		case httpwire.GotData:
			resp.Body = append(resp.Body, e.Data...)
		case httpwire.GotEnd:
			resp.Trailer = e.Trailer.Clone()
			return resp, nil
		}
	}
}

// Reply returns a response as it stands on the wire, with a Content-Length and
// fields of the form "Name: value".
func Reply(status int, body string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d \r\n", status)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

func describe(n sched.Next) string {
	if n.Request == nil {
		return "end"
	}
	method := n.Request.Method
	if method == "" {
		method = "GET"
	}
	s := fmt.Sprintf("next %s %v", method, n.Request.URL)
	if n.Delay > 0 {
		s += fmt.Sprintf(" in %v", n.Delay)
	}
	return s
}

func readbackName(rb sched.Readback) string {
	name := runtime.FuncForPC(reflect.ValueOf(rb).Pointer()).Name()
	return strings.TrimSuffix(path.Base(name), "-fm")
}

func firstLine(s string) string {
	line, rest, more := strings.Cut(s, "\n")
	if more && rest != "" {
		line += " ..."
	}
	return line
}
