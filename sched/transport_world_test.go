package sched_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// A row is one behaviour of net/http's client, seen from outside. It is played
// with http.Transport and with sched.Transport; both must see what stands in
// want. Where ours is to see something else, that stands in differs, and
// docs/transport.md says why.
type row struct {
	name    string
	o       sched.TransportOptions
	serve   func(*wire)      // the server, once for each connection; or
	handle  http.HandlerFunc // for each request, by net/http's server
	tls     bool             // of handle
	do      func(*play)
	want    string
	differs string
	or      string // http.Transport sees this now and then, in the place of want
	racy    bool   // http.Transport sees now this, now that, so it is not played
}

// allRows are the tables of this package.
func allRows() []row {
	return slices.Concat(requestRows(), responseRows(), bodyRows(), uploadRows(), errorRows(), contextRows(),
		traceRows(), reuseRows(), tlsRows(), proxyRows(), upgradeRows(), clientRows())
}

// playRows plays each row with both transports.
func playRows(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if !r.racy {
				t.Run("http.Transport", func(t *testing.T) { r.play(t, newStandard, r.want, r.or) })
			}
			t.Run("sched.Transport", func(t *testing.T) { r.play(t, newOurs, cmp.Or(r.differs, r.want), "") })
		})
	}
}

// transport is what the two have in common.
type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// newStandard returns an http.Transport that is set as o says.
func newStandard(o sched.TransportOptions) (transport, func()) {
	var only http.Protocols
	only.SetHTTP1(true)
	t := &http.Transport{
		Protocols:              &only,
		Proxy:                  o.Proxy,
		TLSClientConfig:        o.TLSClientConfig,
		TLSHandshakeTimeout:    o.TLSHandshakeTimeout,
		DisableKeepAlives:      o.DisableKeepAlives,
		DisableCompression:     o.DisableCompression,
		MaxIdleConns:           o.MaxIdleConns,
		MaxIdleConnsPerHost:    o.MaxIdleConnsPerHost,
		MaxConnsPerHost:        o.MaxConnsPerHost,
		IdleConnTimeout:        o.IdleConnTimeout,
		ResponseHeaderTimeout:  o.ResponseHeaderTimeout,
		ExpectContinueTimeout:  o.ExpectContinueTimeout,
		ProxyConnectHeader:     o.ProxyConnectHeader,
		MaxResponseHeaderBytes: o.MaxResponseHeaderBytes,
	}
	return t, t.CloseIdleConnections
}

// newOurs returns a sched.Transport that is set as o says.
func newOurs(o sched.TransportOptions) (transport, func()) {
	t := sched.NewTransport(o)
	return t, func() { t.Close() }
}

// play plays r once.
func (r row) play(t *testing.T, newTransport func(sched.TransportOptions) (transport, func()), want, or string) {
	before := goleak.IgnoreCurrent()
	o := startOrigin(t, r)
	if o.tls != nil && r.o.TLSClientConfig == nil {
		r.o.TLSClientConfig = o.tls
	}
	rt, closeAll := newTransport(r.o)
	p := &play{T: t, origin: o, rt: rt}
	r.do(p)
	o.stop()
	closeAll()
	if got := strings.Join(p.seen, "; "); got != want && (or == "" || got != or) {
		t.Errorf("saw:  %s\nwant: %s", got, want)
	}
	goleak.VerifyNone(t, before)
}

// A play is one client at one server, and what it saw.
type play struct {
	*testing.T
	*origin
	rt   transport
	seen []string
}

// see notes what was seen. The server's address is written HOST, CR LF "|".
func (p *play) see(format string, args ...any) {
	line := strings.ReplaceAll(fmt.Sprintf(format, args...), p.addr, "HOST")
	p.seen = append(p.seen, strings.NewReplacer("\r\n", "|", `\r\n`, "|").Replace(line))
}

// request returns a request for a path of the server.
func (p *play) request(method, path string, body io.Reader) *http.Request {
	req, err := http.NewRequest(method, p.url+path, body)
	if err != nil {
		p.Fatal(err)
	}
	return req
}

// with returns a GET in a context.
func (p *play) with(ctx context.Context) *http.Request {
	return p.request("GET", "/", nil).WithContext(ctx)
}

// send sends req, and notes the error if there is one.
func (p *play) send(req *http.Request) *http.Response {
	resp, err := p.rt.RoundTrip(req)
	if (resp == nil) == (err == nil) {
		p.Fatalf("RoundTrip returned %v and %v; want exactly one", resp, err)
	}
	if err != nil {
		p.see("%s", classOf(err))
		return nil
	}
	return resp
}

// read reads the body of resp to its end, closes it and notes both.
func (p *play) read(resp *http.Response) {
	if resp == nil {
		return
	}
	data, err := io.ReadAll(resp.Body)
	text := fmt.Sprintf("%q", data)
	if len(data) > 4000 {
		text = fmt.Sprintf("%d bytes", len(data))
	} else if !bytes.ContainsAny(data, " ") {
		text = string(data)
	}
	if err != nil {
		text += " and " + classOf(err)
	}
	p.see("%d %s", resp.StatusCode, text)
	resp.Body.Close()
}

// do sends and reads.
func (p *play) do(req *http.Request) { p.read(p.send(req)) }

// get is a GET of a path.
func (p *play) get(path string) { p.do(p.request("GET", path, nil)) }

// post is a POST of a text.
func (p *play) post(text string) { p.do(p.request("POST", "/", strings.NewReader(text))) }

// seeConns notes how many connections the server has accepted.
func (p *play) seeConns() { p.see("%d conns", p.accepted.Load()) }

// seeRequests notes how many requests the server has read.
func (p *play) seeRequests() { p.see("%d requests", p.requests.Load()) }

// hear waits for what the server has to tell, and notes it.
func (p *play) hear() {
	p.Helper()
	select {
	case told := <-p.told:
		p.see("%s", told)
	case <-time.After(patience):
		p.Fatal("the server tells nothing")
	}
}

// eventually waits until ok says yes.
func (p *play) eventually(what string, ok func() bool) {
	p.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			p.Fatal("in vain waited for ", what)
		}
	}
}

// classOf says what an error unwraps to, which is what programs decide by. It
// leaves out the words, which are everybody's own.
func classOf(err error) string {
	if errors.Is(err, errOwn) {
		return "error: our own" // with whatever net wraps around it
	}
	var is []string
	add := func(yes bool, what string) {
		if yes {
			is = append(is, what)
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		is = append(is, op.Op)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		add(dns.IsNotFound, "no such host")
	}
	_, bad := errors.AsType[*tls.CertificateVerificationError](err)
	add(bad, "bad certificate")
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		add(host.Host != "", "of another host")
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	add(unknown, "of an unknown authority")
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	add(plain, "not TLS")
	timeout, _ := errors.AsType[net.Error](err)
	add(errors.Is(err, context.Canceled), "canceled")
	add(errors.Is(err, context.DeadlineExceeded), "deadline exceeded")
	add(timeout != nil && timeout.Timeout(), "timeout")
	add(errors.Is(err, syscall.ECONNREFUSED), "refused")
	add(errors.Is(err, syscall.ECONNRESET), "reset")
	add(errors.Is(err, syscall.EPIPE), "broken pipe")
	add(errors.Is(err, io.EOF), "EOF")
	add(errors.Is(err, io.ErrUnexpectedEOF), "unexpected EOF")
	add(errors.Is(err, os.ErrDeadlineExceeded), "i/o deadline")
	add(errors.Is(err, gzip.ErrHeader), "no gzip")
	add(errors.Is(err, gzip.ErrChecksum), "bad checksum")
	malformed := errors.Is(err, httpwire.ErrMalformedHead) || errors.Is(err, httpwire.ErrMalformedBody)
	for _, words := range []string{"malformed", "invalid byte in chunk length", "multiple Content-Length",
		"bad Content-Length", "unsupported transfer encoding", "too many transfer encodings"} {
		malformed = malformed || strings.Contains(err.Error(), words) // net/http has no type for them
	}
	add(malformed, "malformed")
	large := errors.Is(err, httpwire.ErrHeadTooLarge) || strings.Contains(err.Error(), "headers exceeded")
	add(large, "head too large")
	add(len(is) == 0, "other")
	return "error: " + strings.Join(is, ", ")
}

// errOwn is an error that a test passes in, to see where it comes out.
var errOwn = errors.New("an error of the test's own")

// headerText is a header, sorted.
func headerText(h http.Header) string {
	var lines []string
	for name, values := range h {
		if name != "Date" {
			lines = append(lines, fmt.Sprintf("%s=%s", name, strings.Join(values, "&")))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

// A watched body tells how it was used.
type watched struct {
	io.Reader
	closed atomic.Int32
}

func (b *watched) Close() error { b.closed.Add(1); return nil }

// watch returns a body of text that hides what it is.
func watch(text string) *watched {
	return &watched{Reader: struct{ io.Reader }{strings.NewReader(text)}}
}

// TestTransportDifferences holds the tables against docs/transport.md: what differs is
// named there, and what is named there differs.
func TestTransportDifferences(t *testing.T) {
	page, err := os.ReadFile("../docs/transport.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	_, table, _ := strings.Cut(string(page), "| --- | --- | --- |\n")
	for line := range strings.Lines(table) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok {
			told[name] = true
		}
	}
	rows := allRows()
	for _, r := range rows {
		if differs := r.differs != "" || r.racy; differs != told[r.name] {
			t.Errorf("%q: differs %v, docs/transport.md tells %v", r.name, differs, told[r.name])
		}
		delete(told, r.name)
	}
	for name := range told {
		t.Errorf("docs/transport.md tells of %q, which is in no table", name)
	}
	t.Logf("%d behaviours are compared", len(rows))
}
