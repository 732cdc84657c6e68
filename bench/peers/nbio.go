//go:build linux

package peers

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"

	"github.com/qqloop/qqloop/bench/load"
)

var nbio = &Peer{
	Name: "nbio",
	Note: "v1.6.7, nbhttp.Client; callbacks; connecting blocks a goroutine of its pool",
	run:  runNBIO,
	lacks: map[string]string{
		"get-tls": mixedUp, "idle-tls": mixedUp,
		"handshake": "its client cannot be told to use a connection once",
	},
}

// Seen with 64 connections, in one run of three: "received unexpected handshake
// message of type *tls.clientKeyExchangeMsg when waiting for
// *tls.serverHelloMsg", and lengths that are parts of other messages.
const mixedUp = "its own TLS (llib v1.2.2) mixes up connections that shake hands at once, and fails"

func init() { logging.SetLevel(logging.LevelNone) }

// nbioWorker sends the next request from the handler of the last answer.
type nbioWorker struct {
	w      int
	job    *Job
	load   load.Load
	client *nbhttp.Client
	req    *http.Request
	body   []byte
	answer []byte
	ended  func()
}

func runNBIO(job *Job, ld load.Load) error {
	engine := nbhttp.NewEngine(nbhttp.Config{})
	if err := engine.Start(); err != nil {
		return err
	}
	client := &nbhttp.Client{
		Engine:          engine,
		Timeout:         Patience,
		MaxConnsPerHost: int32(job.Conns),
	}
	var all sync.WaitGroup
	stop := probe(ld)
	for w := range job.Conns {
		x := &nbioWorker{w: w, job: job, load: ld, client: client, body: job.body(), answer: make([]byte, len(job.Want)+32)}
		all.Add(1)
		x.ended = all.Done
		x.send()
	}
	all.Wait()
	stop()
	ld.Over()
	// Nothing is closed here: Stop waits for what the failing may not end, and
	// the process is about to.
	return nil
}

func (x *nbioWorker) send() {
	delay, ok := x.load.Begin(x.w)
	switch {
	case !ok:
		x.ended()
	case delay > 0:
		time.AfterFunc(delay, x.exchange)
	default:
		x.exchange()
	}
}

func (x *nbioWorker) exchange() {
	if x.req == nil {
		req, err := newHTTPRequest(x.job, x.job.URL, nil)
		if err != nil {
			x.load.Fail(err)
			return
		}
		x.req = req
	}
	switch {
	case x.job.Reader:
		x.req.Body, x.req.ContentLength = io.NopCloser(&source{x.job.Upload}), int64(x.job.Upload)
	case x.body != nil:
		x.req.Body = io.NopCloser(bytes.NewReader(x.body))
		x.req.ContentLength = int64(len(x.body))
	}
	x.client.Do(x.req, x.handle)
}

func (x *nbioWorker) handle(resp *http.Response, _ net.Conn, err error) {
	var got []byte
	var size int
	if err == nil {
		got, size, err = drain(resp.Body, x.answer)
	}
	if err == nil {
		err = x.job.right(resp.StatusCode, size, got)
	}
	if err == nil && x.job.Chain {
		x.req, err = newHTTPRequest(x.job, x.job.next(got), nil)
	}
	if err != nil {
		x.load.Fail(err)
		x.ended()
		return
	}
	x.load.End(x.w)
	x.send()
}
