package emulator

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Bounds of a client of a Server.
const (
	maxBody    = 64 << 20        // pictures come in base64
	maxPieces  = 4096            // that a stream may lag behind
	maxPosts   = 4096            // reports that wait for the one before
	reportTime = 5 * time.Second // for an application to answer a report
)

// ServerOptions says where a Server listens and who hears of its events.
type ServerOptions struct {
	// HTTP is the address. Empty: "127.0.0.1:0", a port of the system's choice.
	HTTP string
	// OnEvent hears each event, in order. It is called from any goroutine, one
	// call at a time, with the server's lock held: it must not call the server.
	// Nil: nobody listens.
	OnEvent func(Event)
}

// A Server is the driver that serves a Service to real clients. Its methods may
// be called from any goroutine.
type Server struct {
	onEvent  func(Event)
	listener net.Listener
	server   *http.Server
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	running  sync.WaitGroup
	posts    chan Report

	mu      sync.Mutex // guards what follows, and the service
	service *Service
	parked  map[Ticket]chan *Reply
	streams map[Ticket]chan Piece
	timer   *time.Timer
	closed  bool
}

// Start serves a service, which must not be touched by anyone else from then
// on. When it returns the port accepts. Errors name the address.
func Start(service *Service, o ServerOptions) (*Server, error) {
	l, err := net.Listen("tcp", cmp.Or(o.HTTP, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	v := &Server{
		onEvent: o.OnEvent, listener: l, service: service, posts: make(chan Report, maxPosts),
		parked: map[Ticket]chan *Reply{}, streams: map[Ticket]chan Piece{},
	}
	if v.onEvent == nil {
		v.onEvent = func(Event) {}
	}
	v.ctx, v.stop = context.WithCancel(context.Background())
	v.timer = time.AfterFunc(time.Hour, v.tick)
	v.server = &http.Server{
		Handler:           http.HandlerFunc(v.handle),
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that hangs up is its own affair
	}
	v.running.Go(func() { _ = v.server.Serve(l) }) // ends with ErrServerClosed, and only so
	v.running.Go(v.report)
	v.tick()
	return v, nil
}

// HTTPAddr is the address, with its port.
func (v *Server) HTTPAddr() string { return v.listener.Addr().String() }

// Ready is the event for the server's address.
func (v *Server) Ready() Ready {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.service.Ready(v.HTTPAddr())
}

// Command carries out one line, as [Service.Command] does.
func (v *Server) Command(line string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.service.Command(time.Now(), line)
	v.settle()
	return err
}

// Close closes the port and every connection, and returns when no goroutine of
// the server is left. Further calls do nothing.
func (v *Server) Close() error {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return nil
	}
	v.closed = true
	v.timer.Stop()
	v.mu.Unlock()
	v.stop()
	err := v.server.Close()
	v.running.Wait()
	return err
}

// tick runs when time alone has changed something.
func (v *Server) tick() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.service.Advance(time.Now())
	v.settle()
}

// settle carries out what the service has come to, after each call of it: the
// lock is held. A client that lags too far behind loses its stream.
func (v *Server) settle() {
	for _, c := range v.service.Completed() {
		if c.Reply.Stream {
			v.streams[c.Ticket] = make(chan Piece, maxPieces)
		}
		v.parked[c.Ticket] <- c.Reply // it has room for one
		delete(v.parked, c.Ticket)
	}
	for _, p := range v.service.Pieces() {
		pieces := v.streams[p.Ticket]
		if pieces == nil {
			v.service.Wrote(p, false)
			continue
		}
		select {
		case pieces <- p:
		default:
			v.service.Wrote(p, false)
			v.forget(p.Ticket)
		}
	}
	for _, r := range v.service.Reports() {
		select {
		case v.posts <- r:
		default:
			v.service.Reported(time.Now(), r.ID, 0, nil)
		}
	}
	for _, e := range v.service.Events() {
		v.onEvent(e)
	}
	if due, ok := v.service.Next(); ok && !v.closed {
		v.timer.Reset(time.Until(due))
	} else {
		v.timer.Stop()
	}
}

// forget ends a stream: the lock is held.
func (v *Server) forget(t Ticket) {
	if pieces := v.streams[t]; pieces != nil {
		close(pieces)
		delete(v.streams, t)
	}
	delete(v.parked, t)
	v.service.Abandon(t)
}

func (v *Server) handle(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body could not be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	ready := make(chan *Reply, 1)
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	v.running.Add(1)
	defer v.running.Done()
	ticket, reply := v.service.Handle(time.Now(), newRequest(r, body))
	switch {
	case reply == nil:
		v.parked[ticket] = ready
	case reply.Stream:
		v.streams[ticket] = make(chan Piece, maxPieces)
	}
	pieces := v.streams[ticket]
	v.settle()
	v.mu.Unlock()

	if reply == nil {
		select {
		case reply = <-ready:
			v.mu.Lock()
			pieces = v.streams[ticket]
			v.mu.Unlock()
		case <-r.Context().Done():
		case <-v.ctx.Done():
		}
	}
	written := reply != nil && v.write(w, r, ticket, reply, pieces)
	v.mu.Lock()
	v.forget(ticket)
	v.service.Delivered(ticket, written)
	v.settle()
	v.mu.Unlock()
	if !written {
		panic(http.ErrAbortHandler) // closes the connection, and says nothing
	}
}

// newRequest makes ours of net/http's; both drivers use it.
func newRequest(r *http.Request, body []byte) *Request {
	return &Request{Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header, Body: body}
}

// write sends a reply to its end, and reports whether it went out.
func (v *Server) write(w http.ResponseWriter, r *http.Request, t Ticket, reply *Reply, pieces chan Piece) bool {
	switch {
	case reply.Drop:
		return false
	case reply.Status == http.StatusSwitchingProtocols:
		return v.socket(w, t, reply, pieces)
	}
	h := w.Header()
	for name, values := range reply.Header {
		h[name] = values
	}
	if !reply.Stream && reply.Status != http.StatusNoContent && reply.Status != http.StatusNotModified {
		h.Set("Content-Length", fmt.Sprint(len(reply.Body)))
	}
	w.WriteHeader(reply.Status)
	flusher := http.NewResponseController(w)
	send := func(b []byte) bool {
		_, err := w.Write(b)
		return err == nil && flusher.Flush() == nil
	}
	if !send(reply.Body) {
		return false
	}
	// A stream never ends of itself: what cuts it short is for the client to see.
	return !reply.Stream || pieces != nil && v.pump(pieces, r.Context().Done(), send)
}

// pump writes pieces until the stream ends. It reports false: the connection
// is of no further use.
func (v *Server) pump(pieces chan Piece, gone <-chan struct{}, send func([]byte) bool) bool {
	for {
		select {
		case <-v.ctx.Done():
			return false
		case <-gone:
			return false
		case p, ok := <-pieces:
			if !ok {
				return false
			}
			written := len(p.Data) == 0 || send(p.Data)
			v.mu.Lock()
			v.service.Wrote(p, written)
			v.settle()
			v.mu.Unlock()
			if !written || p.End {
				return false
			}
		}
	}
}

// socket is a WebSocket from its 101 to its end.
func (v *Server) socket(w http.ResponseWriter, t Ticket, reply *Reply, pieces chan Piece) bool {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	defer conn.Close()
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", reply.Status, http.StatusText(reply.Status))
	reply.Header.Write(&head) // to a Buffer: it cannot fail
	head.WriteString("\r\n")
	send := func(b []byte) bool {
		_, err := conn.Write(b)
		return err == nil
	}
	if !send(head.Bytes()) {
		return true // net/http must not speak on this connection again
	}
	gone := make(chan struct{})
	var reading sync.WaitGroup
	defer reading.Wait()
	defer conn.Close() // before that, so that the reader ends
	reading.Go(func() {
		defer close(gone)
		v.receive(t, buffered.Reader)
	})
	v.pump(pieces, gone, send)
	return true
}

// receive passes on what a client sends over its WebSocket.
func (v *Server) receive(t Ticket, r *bufio.Reader) {
	b := make([]byte, 4096)
	for {
		n, err := r.Read(b)
		if n > 0 {
			v.mu.Lock()
			v.service.Receive(time.Now(), t, b[:n])
			v.settle()
			v.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// report posts reports, one after the other, so that they arrive in order.
func (v *Server) report() {
	client := &http.Client{Timeout: reportTime, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-v.ctx.Done():
			return
		case r := <-v.posts:
			status, body, err := v.postReport(client, r)
			if errors.Is(err, context.Canceled) {
				return
			}
			v.mu.Lock()
			v.service.Reported(time.Now(), r.ID, status, body)
			v.settle()
			v.mu.Unlock()
		}
	}
}

func (v *Server) postReport(client *http.Client, r Report) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(v.ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return 0, nil, err
	}
	req.Header = r.Header
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody)); err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, body, nil
}
