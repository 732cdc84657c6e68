package sim

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// HTTP makes a server: Listen(addr, HTTP(handle)). It calls handle for each
// request that has come whole, Content-Length or chunked, and keeps the
// connection unless HTTP says otherwise (RFC 9112 section 9.3). What is not
// HTTP gets status 400 and a close. "Expect: 100-continue" is not honoured.
func HTTP(handle func(*Exchange)) (accept func(*Peer)) {
	return func(p *Peer) {
		s := &session{peer: p, handle: handle}
		p.OnData = s.data
		p.OnClose = s.gone
	}
}

// maxHead is the longest request head, as in Go's own server.
const maxHead = 1 << 20

// A session is one connection to an HTTP server.
type session struct {
	peer     *Peer
	handle   func(*Exchange)
	in       []byte // not parsed yet
	buffered *bufio.Reader
	queue    []*Exchange // not replied to, oldest first
	last     bool        // the newest in queue closes the connection: parse no more
}

func (s *session) data(b []byte) {
	s.in = append(s.in, b...)
	for !s.last {
		x, n, err := s.parse()
		if err != nil {
			x = &Exchange{Peer: s.peer, Close: true, s: s}
			s.last = true
			s.queue = append(s.queue, x)
			x.Reply(http.StatusBadRequest, nil, []byte(err.Error()))
			return
		}
		if n == 0 {
			return
		}
		s.in = s.in[n:]
		s.last = x.Close
		s.queue = append(s.queue, x)
		s.handle(x)
	}
	s.in = nil
}

// parse returns the next request and its length, or 0 if more must come first.
func (s *session) parse() (*Exchange, int, error) {
	head := bytes.Index(s.in, []byte("\r\n\r\n"))
	if head < 0 {
		if len(s.in) > maxHead {
			return nil, 0, errors.New("the head of the request does not end")
		}
		return nil, 0, nil
	}
	rest := source{b: s.in}
	if s.buffered == nil {
		s.buffered = bufio.NewReader(nil)
	}
	buffered := s.buffered // of one request at a time: its body is read here
	buffered.Reset(&rest)
	r, err := http.ReadRequest(buffered)
	if err != nil {
		return nil, 0, err
	}
	// To read what has come of a long body, again and again, would cost its
	// length squared.
	if r.ContentLength > int64(len(s.in)-head-4) {
		return nil, 0, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		if rest.dry {
			return nil, 0, nil
		}
		return nil, 0, err
	}
	if r.RemoteAddr = "@"; s.peer.Remote().IsValid() { // as Go's own server has it for Unix sockets
		r.RemoteAddr = s.peer.Remote().String()
	}
	x := &Exchange{Peer: s.peer, Request: r, Body: body, Close: r.Close, s: s}
	return x, len(s.in) - len(rest.b) - buffered.Buffered(), nil
}

// A source is what has come so far. Package net/http has several errors for a
// body that ends too early; that somebody read beyond the end tells them all
// from a body that is wrong.
type source struct {
	b   []byte
	dry bool
}

func (s *source) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		s.dry = true
		return 0, io.EOF
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}

func (s *session) gone(error) {
	queue := s.queue
	s.queue = nil
	s.last = true
	for _, x := range queue {
		if !x.ended && x.OnGone != nil {
			x.OnGone()
		}
	}
}

// flush writes what may be written: replies go out in the order of their
// requests (RFC 9112 section 9.3.2).
func (s *session) flush() {
	for len(s.queue) > 0 {
		x := s.queue[0]
		s.peer.Write(x.out)
		x.out = nil
		if !x.ended {
			return
		}
		x.last = s.peer.wrote
		s.queue = s.queue[1:]
		if x.Close {
			s.last = true
			s.queue = nil
			s.peer.Close()
		}
	}
}

// An Exchange is a request and the reply to it. The reply may be given in the
// handler or later, from After or from another exchange: that is a long poll.
type Exchange struct {
	Peer    *Peer
	Request *http.Request // its Body has been read
	Body    []byte

	// Close closes the connection after the reply. It says at first what the
	// request asks for.
	Close bool

	// OnGone, if set, hears that the program has gone before the reply was
	// complete.
	OnGone func()

	s     *session
	out   []byte
	ended bool
	last  int64 // the bytes of the connection up to its end; 0: not written
}

// Reply sends a whole response with its Content-Length. A "Connection: close"
// in header sets Close. The header is sent in the order of the alphabet.
func (x *Exchange) Reply(status int, header http.Header, body []byte) {
	h := header.Clone()
	if h == nil {
		h = make(http.Header)
	}
	if h.Get("Connection") == "close" {
		x.Close = true
	} else if x.Close {
		h.Set("Connection", "close")
	}
	bodiless := status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
	if !bodiless {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	h.Write(&b) // to a Buffer: it cannot fail
	b.WriteString("\r\n")
	if !bodiless && (x.Request == nil || x.Request.Method != http.MethodHead) {
		b.Write(body)
	}
	x.Raw(b.Bytes())
}

// Taken reports whether the program has read all of the reply from its socket,
// once that is complete: what a server never learns.
func (x *Exchange) Taken() bool { return x.ended && x.last > 0 && x.Peer.conn.taken >= x.last }

// Raw sends b as the whole reply, head and all, whatever it may be.
func (x *Exchange) Raw(b []byte) {
	x.Write(b)
	x.End()
}

// Write sends a part of the reply, beginning with its head, when the replies
// before it are complete. b is copied.
func (x *Exchange) Write(b []byte) {
	if x.ended {
		x.Peer.w.violationf("a second reply to %v", x.Peer.Remote())
		return
	}
	x.out = append(x.out, b...)
	x.s.flush()
}

// End ends a reply that Write has sent.
func (x *Exchange) End() {
	x.ended = true
	x.s.flush()
}
