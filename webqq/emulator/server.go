package emulator

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxBody bounds what a client may upload.
const maxBody = 8 << 20

// ServerOptions says where a Server listens and who hears of its events.
type ServerOptions struct {
	// HTTP is the plain address. Empty: "127.0.0.1:0", a port of the system's choice.
	HTTP string
	// HTTPS is the address for TLS. Empty: there is none.
	HTTPS string
	// OnEvent hears each event, in order. It is called from any goroutine, one
	// call at a time, with the server's lock held: it must not call the server.
	// Nil: nobody listens.
	OnEvent func(Event)
}

// A Server is the driver that serves a Service to real clients. All host names
// are one server, told apart by path. Its methods may be called from any
// goroutine.
type Server struct {
	ca      *Authority
	onEvent func(Event)
	plain   net.Listener
	secure  net.Listener // nil without TLS
	servers []*http.Server
	closing chan struct{}
	running sync.WaitGroup // what serves, and each request

	mu      sync.Mutex // guards what follows, and the service
	service *Service
	parked  map[Ticket]chan *Reply
	timer   *time.Timer
	closed  bool
}

// Start serves a service, which must not be touched by anyone else from then
// on. When it returns both ports accept. Errors name the address.
func Start(service *Service, o ServerOptions) (*Server, error) {
	ca, err := NewAuthority()
	if err != nil {
		return nil, err
	}
	plain, err := net.Listen("tcp", cmp.Or(o.HTTP, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	var secure net.Listener
	if o.HTTPS != "" {
		if secure, err = net.Listen("tcp", o.HTTPS); err != nil {
			plain.Close()
			return nil, fmt.Errorf("emulator: %w", err)
		}
	}
	return serve(service, o.OnEvent, ca, plain, secure), nil
}

// serve is Start on listeners, which become the server's.
func serve(service *Service, onEvent func(Event), ca *Authority, plain, secure net.Listener) *Server {
	v := &Server{
		ca: ca, onEvent: onEvent, plain: plain, secure: secure, service: service,
		parked: map[Ticket]chan *Reply{}, closing: make(chan struct{}),
	}
	if v.onEvent == nil {
		v.onEvent = func(Event) {}
	}
	v.timer = time.AfterFunc(time.Hour, v.tick)
	v.timer.Stop()
	v.serve(plain)
	if secure != nil {
		v.serve(tls.NewListener(secure, &tls.Config{GetCertificate: ca.Certificate}))
	}
	return v
}

func (v *Server) serve(l net.Listener) {
	server := &http.Server{
		Handler:           http.HandlerFunc(v.handle),
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       75 * time.Second,           // nginx's
		ErrorLog:          log.New(io.Discard, "", 0), // failed handshakes are the clients' affair
	}
	v.servers = append(v.servers, server)
	v.running.Go(func() { _ = server.Serve(l) }) // ends with ErrServerClosed, and only so
}

// HTTPAddr is the plain address, with its port.
func (v *Server) HTTPAddr() string { return v.plain.Addr().String() }

// HTTPSAddr is the address for TLS; empty if there is none.
func (v *Server) HTTPSAddr() string {
	if v.secure == nil {
		return ""
	}
	return v.secure.Addr().String()
}

// CA returns the root that the certificates verify against, in PEM.
func (v *Server) CA() []byte { return v.ca.PEM() }

// Ready is the event for the server's addresses. It is for the caller to
// print, once the CA file is written as well.
func (v *Server) Ready() Ready {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.service.Ready(v.HTTPAddr(), v.HTTPSAddr())
}

// Command carries out one line, as [Service.Command] does.
func (v *Server) Command(line string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.service.Command(time.Now(), line)
	v.settle()
	return err
}

// Captcha returns the letters of the last captcha, as [Service.Captcha] does.
func (v *Server) Captcha() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.service.Captcha()
}

// Close closes both ports and every connection, and returns when no goroutine
// of the server is left. Further calls do nothing.
func (v *Server) Close() error {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return nil
	}
	v.closed = true
	v.timer.Stop()
	close(v.closing)
	v.mu.Unlock()
	var first error
	for _, server := range v.servers {
		first = cmp.Or(first, server.Close())
	}
	v.running.Wait()
	return first
}

// tick runs when time alone has changed something.
func (v *Server) tick() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.service.Advance(time.Now())
	v.settle()
}

// settle carries out what the service has come to, after each call of it: the
// lock is held.
func (v *Server) settle() {
	for _, c := range v.service.Completed() {
		v.parked[c.Ticket] <- c.Reply // it has room for one
		delete(v.parked, c.Ticket)
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
	if reply == nil {
		v.parked[ticket] = ready
	}
	v.settle()
	v.mu.Unlock()

	if reply == nil {
		select {
		case reply = <-ready:
		case <-r.Context().Done():
		case <-v.closing:
		}
	}
	written := reply != nil && write(w, reply)
	v.mu.Lock()
	v.service.Abandon(ticket) // if it is still parked
	delete(v.parked, ticket)
	v.service.Delivered(ticket, written)
	v.settle()
	v.mu.Unlock()
	if !written {
		panic(http.ErrAbortHandler) // closes the connection, and says nothing
	}
}

// newRequest makes ours of net/http's; both drivers use it.
func newRequest(r *http.Request, body []byte) *Request {
	return &Request{
		Method: r.Method, TLS: r.TLS != nil, Host: r.Host,
		Path: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header, Body: body,
	}
}

// write sends a reply, and reports whether it went out.
func write(w http.ResponseWriter, reply *Reply) bool {
	if reply.Drop {
		return false
	}
	h := w.Header()
	for name, values := range reply.Header {
		h[name] = values
	}
	if reply.Status != http.StatusNoContent && reply.Status != http.StatusNotModified {
		h.Set("Content-Length", fmt.Sprint(len(reply.Body)))
	}
	w.WriteHeader(reply.Status)
	if _, err := w.Write(reply.Body); err != nil {
		return false
	}
	return http.NewResponseController(w).Flush() == nil
}
