//go:build linux

package peers

import (
	"errors"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/panjf2000/gnet/v2"

	"github.com/qqloop/qqloop/bench/floor"
	"github.com/qqloop/qqloop/bench/load"
)

var gnetPeer = &Peer{
	Name: "gnet",
	Note: "v2.9.4, its raw client on one loop with the floor's parser: no header fields, names, pool or retries; connecting blocks",
	run:  runGNet,
	lacks: map[string]string{
		"get-tls": noTLS, "idle-tls": noTLS, "handshake": noTLS,
		"open-loop":     "its client has no timers",
		"upload reader": "from a reader: it only sends bytes",
	},
}

// gnetClient is gnet's handler of events. All but connecting happens on its
// loop.
type gnetClient struct {
	gnet.BuiltinEventEngine
	job     *Job
	load    load.Load
	all     sync.WaitGroup
	closing atomic.Bool
}

// gnetConn is the context of a connection.
type gnetConn struct {
	w       int
	request []byte
	left    int // bytes of a long body that are still to come
	size    int // of that body
	ended   bool
}

// silent keeps gnet's log out of the child's output.
type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) {}

func runGNet(job *Job, ld load.Load) error {
	u, err := url.Parse(job.URL)
	if err != nil {
		return err
	}
	h := &gnetClient{job: job, load: ld}
	client, err := gnet.NewClient(h,
		gnet.WithLogger(silent{}),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithNumEventLoop(1))
	if err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	request := job.wire(job.URL)
	for w := range job.Conns {
		h.all.Add(1)
		if _, err := client.DialContext("tcp", u.Host, &gnetConn{w: w, request: request}); err != nil {
			return err
		}
	}
	h.all.Wait()
	ld.Over()
	h.closing.Store(true)
	return client.Stop()
}

func (h *gnetClient) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	x := c.Context().(*gnetConn)
	if _, ok := h.load.Begin(x.w); !ok { // connecting takes its own time
		h.end(x)
		return nil, gnet.None
	}
	return x.request, gnet.None
}

func (h *gnetClient) OnClose(c gnet.Conn, err error) gnet.Action {
	if !h.closing.Load() {
		if err == nil {
			err = errors.New("the server closed the connection")
		}
		h.load.Fail(err)
		h.end(c.Context().(*gnetConn))
	}
	return gnet.None
}

func (h *gnetClient) OnTraffic(c gnet.Conn) gnet.Action {
	x := c.Context().(*gnetConn)
	in, _ := c.Peek(-1)
	size, body, used, err := x.read(in)
	if err == nil && size >= 0 {
		err = h.job.right(200, size, body)
		if h.job.Chain {
			x.request = h.job.wire(h.job.next(body))
		}
	}
	c.Discard(used)
	if err != nil {
		h.load.Fail(err)
		h.end(x)
		return gnet.None
	}
	if size < 0 {
		return gnet.None
	}
	h.load.End(x.w)
	if _, ok := h.load.Begin(x.w); !ok {
		h.end(x)
		return gnet.None
	}
	if _, err := c.Write(x.request); err != nil {
		h.load.Fail(err)
		h.end(x)
	}
	return gnet.None
}

// read is the floor's. It returns how many bytes it is done with.
func (x *gnetConn) read(in []byte) (size int, body []byte, used int, err error) {
	const kept = 64 << 10
	if x.left == 0 {
		head, length, err := floor.Head(in)
		switch {
		case err != nil:
			return 0, nil, len(in), err
		case head > 0 && len(in) >= head+length:
			return length, in[head : head+length], head + length, nil
		case head == 0 || length <= kept:
			return -1, nil, 0, nil
		}
		x.size, x.left = length, length
		in = in[head:]
		used = head
	}
	n := min(len(in), x.left)
	if x.left -= n; x.left > 0 {
		return -1, nil, used + n, nil
	}
	return x.size, nil, used + n, nil
}

func (h *gnetClient) end(x *gnetConn) {
	if !x.ended {
		x.ended = true
		h.all.Done()
	}
}
