//go:build linux

package peers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bench/load"
)

// A Job says what to do.
type Job struct {
	Scenario string `json:"scenario"`
	Peer     string `json:"peer"`
	Conns    int    `json:"conns"` // workers, and so connections
	Loops    int    `json:"loops"` // or processors; 0 means what is usual

	// How long: Warm requests, then N that are measured. Each worker sends one
	// per Interval, if that is not zero. Park, instead: one request for each
	// worker, which the origin holds; with Idle the memory is measured after
	// they were answered.
	Warm     int           `json:"warm"`
	N        int           `json:"n"`
	Interval time.Duration `json:"interval"`
	Park     bool          `json:"park"`
	Idle     bool          `json:"idle"`

	// What to send, and what to expect.
	Method string `json:"method"`
	URL    string `json:"url"`
	Upload int    `json:"upload"` // bytes of the request's body
	Reader bool   `json:"reader"` // they are not in memory
	Want   string `json:"want"`   // the response's body; "" means Long bytes of anything
	Long   int    `json:"long"`
	Bots   string `json:"bots"`  // how events come to OneBot accounts: "sse", "ws"
	Chain  bool   `json:"chain"` // the body is the next URL's last part
	Face   string `json:"face"`  // "roundtrip" means an http.RoundTripper

	CA     string `json:"ca"`     // PEM
	Fresh  bool   `json:"fresh"`  // a connection for each request
	Resume bool   `json:"resume"` // and TLS sessions are resumed

	Origin  int    `json:"origin"`  // its process
	Control string `json:"control"` // HOST:PORT of where to tell it to answer what is parked
}

// Agent is the User-Agent of every request.
const Agent = "bench"

// Patience is the deadline for the first byte of an answer, which clients get
// that have such a deadline.
const Patience = 2 * time.Minute

// A Peer is a client.
type Peer struct {
	Name string
	Note string // what a reader must know to be fair

	run    func(*Job, load.Load) error    // requests and answers
	events func(*Job, *load.Closed) error // event streams: Took for each event
	timers func(*Job, *load.Closed) error // Conns timers that start again: Took for each
	parse  func() (func() error, error)   // what parses ResponseHead, once
	// a bot for each of these OneBot addresses: run blocks until stop, and ready is
	// called when all are on line
	bots func(job *Job, urls []string, ready func()) (run func() error, stop func(), err error)

	also  []string          // scenarios that few have: it has them
	lacks map[string]string // scenarios that most have: why it has them not
}

// All are the clients in Go, the subject first.
var All = []*Peer{qqloop, floorPeer, netHTTP, fastHTTP, hertz, nbio, gnetPeer}

// Of returns the peer of that name, or nil.
func Of(name string) *Peer {
	if i := slices.IndexFunc(All, func(p *Peer) bool { return p.Name == name }); i >= 0 {
		return All[i]
	}
	return nil
}

// Lacks says why the peer has no row in a variant of a scenario; "" means that
// it has one.
func (p *Peer) Lacks(scenario, variant string) string {
	if why := p.lacks[scenario+" "+variant]; why != "" {
		return why
	}
	few := map[string]struct {
		has bool
		why string
	}{
		"timers":         {p.timers != nil, "it has no timers of its own"},
		"sse":            {p.events != nil, "it does not read event streams"},
		"accounts":       {p.bots != nil, "it is no OneBot client"},
		"parser":         {p.parse != nil, "its parser is not to be had alone"},
		"roundtrip":      {slices.Contains(p.also, "roundtrip"), "it is no http.RoundTripper"},
		"roundtrip-park": {slices.Contains(p.also, "roundtrip-park"), "it is no http.RoundTripper"},
		"loops":          {slices.Contains(p.also, "loops"), "it is not run on several loops"},
	}
	if why := p.lacks[scenario]; why != "" {
		return why
	}
	if f, ok := few[scenario]; ok && !f.has {
		return f.why
	}
	return ""
}

// body returns the request's body, or nil where there is none, or a reader.
func (job *Job) body() []byte {
	if job.Upload == 0 || job.Reader {
		return nil
	}
	return bytes.Repeat([]byte("0123456789abcdef"), job.Upload/16+1)[:job.Upload]
}

// source reads so many bytes that are not in memory.
type source struct{ left int }

func (s *source) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), s.left)
	s.left -= n
	return n, nil
}

// next returns the URL that the answer body names.
func (job *Job) next(body []byte) string {
	return job.URL[:strings.LastIndexByte(job.URL, '/')+1] + string(body)
}

// right checks an answer's body; size is that of all of it.
func (job *Job) right(status, size int, body []byte) error {
	switch {
	case status != 200:
		return fmt.Errorf("the status is %d", status)
	case job.Chain:
		if len(body) == 0 || body[0] < '0' || body[0] > '9' {
			return fmt.Errorf("the answer is no number: %.40q", body)
		}
	case job.Want == "":
		if size != job.Long {
			return fmt.Errorf("the answer has %d bytes instead of %d", size, job.Long)
		}
	case string(body) != job.Want:
		return fmt.Errorf("the answer is %.40q", body)
	}
	return nil
}

// tls returns how to talk to the origin over TLS, or nil.
func (job *Job) tls() (*tls.Config, error) {
	if job.CA == "" {
		return nil, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(job.CA)) {
		return nil, errors.New("the origin's certificate cannot be read")
	}
	c := &tls.Config{RootCAs: roots, NextProtos: []string{"http/1.1"}, ServerName: "127.0.0.1"}
	if job.Resume {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	return c, nil
}

// wire returns a request as bytes, for peers that have nothing else: the one
// for URL, and the next ones in a chain.
func (job *Job) wire(to string) []byte {
	u, err := url.Parse(to)
	if err != nil {
		panic(err) // it is ours
	}
	length := ""
	if job.Method != "GET" {
		length = fmt.Sprintf("Content-Length: %d\r\n", job.Upload)
	}
	return append(fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n%s\r\n",
		job.Method, u.Path, u.Host, Agent, length), job.body()...)
}
