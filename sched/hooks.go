package sched

import (
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/nettypes"
)

// hooks are those of a httptrace.ClientTrace. The loop hears of a step and
// remembers it; the goroutine that waits for the response, and later the one
// that reads its body, calls the hook. So a hook may block, and holds up nobody
// but its own request's caller.
//
// A nil *hooks is nobody's: its methods do nothing.
type hooks struct {
	*httptrace.ClientTrace
	hostPort string
	expects  bool // 100-continue

	mu     sync.Mutex
	queue  []func() error
	news   chan struct{} // holds one: there is something in the queue
	failed error         // what a hook returned
}

// hooksOf returns the hooks for req, or nil.
func hooksOf(req *http.Request) *hooks {
	trace := httptrace.ContextClientTrace(req.Context())
	if trace == nil {
		return nil
	}
	return &hooks{ClientTrace: trace, news: make(chan struct{}, 1)}
}

func (h *hooks) more() <-chan struct{} {
	if h == nil {
		return nil
	}
	return h.news
}

// run calls what was remembered, and returns the first failure.
func (h *hooks) run() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.queue) > 0 {
		next := h.queue[0]
		h.queue = h.queue[1:]
		h.mu.Unlock()
		err := next()
		h.mu.Lock()
		if h.failed == nil {
			h.failed = err
		}
	}
	return h.failed
}

// failure is what run returned.
func (h *hooks) failure() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// remember is for the loop: fn is to be called.
func (h *hooks) remember(fn func()) {
	h.rememberIt(func() error { fn(); return nil })
}

func (h *hooks) rememberIt(fn func() error) {
	h.mu.Lock()
	h.queue = append(h.queue, fn)
	h.mu.Unlock()
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// getConn says that a connection is looked for.
func (h *hooks) getConn() {
	if h != nil && h.GetConn != nil {
		h.GetConn(h.hostPort)
	}
}

// hear translates a step.
func (h *hooks) hear(t Trace) {
	switch t.Op {
	case TraceLookup:
		if h.DNSStart != nil {
			h.remember(func() { h.DNSStart(httptrace.DNSStartInfo{Host: t.Host}) })
		}
	case TraceFound:
		if h.DNSDone != nil {
			info := httptrace.DNSDoneInfo{Addrs: nettypes.IPAddrs(t.Addrs), Err: t.Err}
			h.remember(func() { h.DNSDone(info) })
		}
	case TraceConnect:
		if h.ConnectStart != nil {
			h.remember(func() { h.ConnectStart("tcp", t.Addr.String()) })
		}
	case TraceConnected, TraceConnectFailed:
		if h.ConnectDone != nil {
			h.remember(func() { h.ConnectDone("tcp", t.Addr.String(), t.Err) })
		}
	case TraceHandshake:
		if h.TLSHandshakeStart != nil {
			h.remember(h.TLSHandshakeStart)
		}
	case TraceSecured:
		h.secured(t)
	case TraceUse:
		if h.GotConn != nil {
			info := httptrace.GotConnInfo{Conn: nettypes.ConnTo(t.Addr)}
			if t.Idle >= 0 {
				info.Reused, info.WasIdle, info.IdleTime = true, true, max(1, t.Idle)
			}
			h.remember(func() { h.GotConn(info) })
		}
	case TraceWroteHead:
		h.wroteHead(t.Request.Header)
	case TraceWrote:
		if h.WroteRequest != nil {
			h.remember(func() { h.WroteRequest(httptrace.WroteRequestInfo{Err: t.Err}) })
		}
	case TraceFirstByte:
		if h.GotFirstResponseByte != nil {
			h.remember(h.GotFirstResponseByte)
		}
	case TraceInterim:
		h.interim(t.Head)
	case TraceKept:
		if h.PutIdleConn != nil {
			h.remember(func() { h.PutIdleConn(nil) })
		}
	case TraceReplay:
		h.remember(h.getConn)
	}
}

func (h *hooks) secured(t Trace) {
	if h.TLSHandshakeDone == nil {
		return
	}
	var state tls.ConnectionState
	if t.TLS != nil {
		state = *t.TLS
	}
	h.remember(func() { h.TLSHandshakeDone(state, t.Err) })
}

// wroteHead tells of each field, and that they are written. The header is the
// call's, which lives on until these have been called.
func (h *hooks) wroteHead(sent httpwire.Header) {
	if h.WroteHeaderField != nil {
		for len(sent) > 0 {
			name, n := sent[0].Name, 1
			values := []string{sent[0].Value}
			for ; n < len(sent) && sent[n].Name == name; n++ {
				values = append(values, sent[n].Value)
			}
			sent = sent[n:]
			h.remember(func() { h.WroteHeaderField(name, values) })
		}
	}
	if h.WroteHeaders != nil {
		h.remember(h.WroteHeaders)
	}
	if h.expects && h.Wait100Continue != nil {
		h.remember(h.Wait100Continue)
	}
}

// interim tells of a 1xx. What its hook returns ends the request.
func (h *hooks) interim(head *httpwire.Head) {
	code := head.Status
	if code == 100 && h.expects && h.Got100Continue != nil {
		h.remember(h.Got100Continue)
	}
	if h.Got1xxResponse != nil {
		fields := textproto.MIMEHeader(headerOf(head.Fields.Header()))
		h.rememberIt(func() error { return h.Got1xxResponse(code, fields) })
	}
}
