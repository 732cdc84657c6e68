package sched

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/qqloop/qqloop/httpwire"
)

// This file is about the body of an http.Request. One that lies in memory goes
// out as a Body, another as an Upload, which reads it on a goroutine of its own.

// makeBody finds out what the body is, and how it is to be sent.
func (c *call) makeBody(req *http.Request) error {
	c.length = 0
	body := req.Body
	if body == nil || body == http.NoBody {
		return nil
	}
	if c.method == "CONNECT" { // its body comes behind the answer
		c.source = &source{body: body}
		return nil
	}
	chunked := len(req.TransferEncoding) > 0 && req.TransferEncoding[0] == "chunked"
	if c.length = req.ContentLength; c.length == 0 || chunked {
		c.length = httpwire.Chunked
	}
	if req.ProtoAtLeast(1, 1) && says(req.Header["Expect"], "100-continue") {
		c.request.ExpectContinue = c.station.options.ExpectContinueTimeout
	}
	if data, ok := inMemory(body); ok && !chunked {
		if c.length >= 0 && c.length != int64(len(data)) {
			return fmt.Errorf("the body has %d bytes, and ContentLength says %d", len(data), c.length)
		}
		c.length = int64(len(data))
		c.request.Body = data
		return nil
	}
	if c.length < 0 && !chunked && lacksBody(c.method) {
		if body = probe(body); body == nil {
			c.length = 0
			req.Body.Close()
			return nil
		}
	}
	c.source = &source{body: body, again: req.GetBody}
	c.request.Upload = &Upload{Open: c.source.open, Length: c.length, Once: req.GetBody == nil}
	if c.length < 0 && len(req.Trailer) > 0 {
		for name := range req.Trailer {
			if !httpwire.MayTrail(name) {
				return fmt.Errorf("%s cannot stand in a trailer: it is needed before the body", name)
			}
		}
		c.request.Upload.Trailer = func() httpwire.Header { return trailerFields(req.Trailer) }
	}
	return nil
}

// framingFields adds what says where the body ends, and what follows it.
func (c *call) framingFields(h httpwire.Header, req *http.Request) httpwire.Header {
	switch {
	case c.length < 0:
		h.Add("Transfer-Encoding", "chunked")
	case c.length > 0, c.method == "POST", c.method == "PUT", c.method == "PATCH":
		h.Add("Content-Length", strconv.FormatInt(c.length, 10))
	}
	if u := c.request.Upload; u != nil && u.Trailer != nil {
		var names []string
		for name := range req.Trailer {
			names = append(names, http.CanonicalHeaderKey(name))
		}
		slices.Sort(names)
		h.Add("Trailer", strings.Join(names, ","))
	}
	return h
}

// trailerFields returns a trailer as it is sent.
func trailerFields(t http.Header) (h httpwire.Header) {
	for name, values := range t {
		for _, v := range values {
			h.Add(name, textproto.TrimString(v))
		}
	}
	slices.SortStableFunc(h, func(a, b httpwire.Field) int { return strings.Compare(a.Name, b.Name) })
	return h
}

// A source is a request's body, which is read once, and anew if it can be had
// anew; and which is closed, whatever happens.
type source struct {
	body  io.ReadCloser
	again func() (io.ReadCloser, error)
	taken atomic.Bool // body has been given away, or closed
}

// open is Upload.Open.
func (s *source) open() (io.ReadCloser, error) {
	if s.taken.CompareAndSwap(false, true) {
		return s.body, nil
	}
	if s.again == nil {
		return nil, io.ErrClosedPipe
	}
	return s.again()
}

// close closes a body that was never opened. It may block, as the body likes.
func (s *source) close() {
	if s != nil && s.taken.CompareAndSwap(false, true) {
		s.body.Close()
	}
}

// lacksBody reports whether requests of a method mostly have no body.
func lacksBody(method string) bool {
	switch method {
	case "GET", "HEAD", "DELETE", "OPTIONS", "PROPFIND", "SEARCH":
		return true
	}
	return false
}

// probeFor is how long a body has to show that it is not empty.
const probeFor = 200 * time.Millisecond

// probe looks whether body is empty, and returns nil if it is: a GET with an
// empty body of unknown length would be sent with chunks, which few servers
// expect. One that has nothing to say in time is taken for one that has.
func probe(body io.ReadCloser) io.ReadCloser {
	b := &probed{ReadCloser: body, read: make(chan struct{})}
	go func() {
		b.n, b.err = body.Read(b.first[:])
		close(b.read)
	}()
	timer := time.NewTimer(probeFor)
	defer timer.Stop()
	select {
	case <-b.read:
		if b.n == 0 && b.err == io.EOF {
			return nil
		}
	case <-timer.C:
	}
	return b
}

// probed is a body of which the first byte is read, or being read.
type probed struct {
	io.ReadCloser
	read  chan struct{} // closed when it has been
	first [1]byte
	n     int
	err   error
}

func (b *probed) Read(p []byte) (int, error) {
	<-b.read
	switch {
	case b.n > 0:
		b.n = 0
		return copy(p, b.first[:]), nil
	case b.err != nil:
		return 0, b.err
	}
	return b.ReadCloser.Read(p)
}

// inMemory returns the bytes behind a body of http.NewRequest's making. They are
// lent, not copied, where that can be done, and the reader is at its end then.
func inMemory(body io.ReadCloser) ([]byte, bool) {
	v := reflect.ValueOf(body)
	if t := v.Type(); t != nopCloser && t != nopCloserWriterTo {
		return nil, false
	}
	switch r := v.Field(0).Interface().(type) {
	case *bytes.Buffer:
		return r.Next(r.Len()), true
	case *bytes.Reader:
		var at borrowed
		r.WriteTo(&at)
		return at, true
	case *strings.Reader:
		if r.Len() > mostCopied {
			return nil, false
		}
		data := make([]byte, r.Len())
		r.Read(data)
		return data, true
	}
	return nil, false
}

// mostCopied is the longest text that is copied to be sent; longer ones are read
// piece by piece.
const mostCopied = 64 << 10

// What io.NopCloser returns, for a reader with WriteTo and for one without.
var (
	nopCloser         = reflect.TypeOf(io.NopCloser(struct{ io.Reader }{}))
	nopCloserWriterTo = reflect.TypeOf(io.NopCloser(new(bytes.Buffer)))
)

// borrowed is a Writer that remembers what it was given: a bytes.Reader gives
// all it has, in one piece, from where it lies.
type borrowed []byte

func (b *borrowed) Write(p []byte) (int, error) {
	*b = p
	return len(p), nil
}
