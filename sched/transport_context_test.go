package sched_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// What the end of a request's context does in each phase.
func TestTransportContext(t *testing.T) { playRows(t, contextRows()) }

// ending is a row that cancels a request when the server has told something.
func ending(name string, serve func(*wire), want string) row {
	return row{
		name:  name,
		serve: serve,
		do: func(p *play) {
			ctx, cancel := context.WithCancelCause(context.Background())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				p.do(p.with(ctx))
			}()
			<-p.told
			cancel(errOwn)
			<-ended
			p.hear()
		},
		want: want,
	}
}

// begin answers with half a body, and sees when the client goes.
func begin(w *wire) {
	w.head()
	w.say(begun(10, "hello"))
	w.untilClosed()
	w.tell("closed")
}

func contextRows() []row {
	return []row{
		{
			name:  "ended before it began",
			serve: nothing,
			do: func(p *play) {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				body := watch("hello")
				p.send(p.request("POST", "/", body).WithContext(ctx))
				p.see("closed %d", body.closed.Load())
				p.seeConns()
			},
			want: `error: canceled; closed 1; 0 conns`,
		},
		{
			name:  "a cause",
			serve: nothing,
			do: func(p *play) {
				ctx, cancel := context.WithCancelCause(context.Background())
				cancel(errOwn)
				_, err := p.rt.RoundTrip(p.with(ctx))
				p.see("%v", err == errOwn)
			},
			want: `true`,
		},
		{
			name:  "a deadline that has passed",
			serve: nothing,
			do: func(p *play) {
				ctx, cancel := context.WithTimeout(context.Background(), -1)
				defer cancel()
				_, err := p.rt.RoundTrip(p.with(ctx))
				p.see("%v", err == context.DeadlineExceeded)
			},
			want: `true`,
		},
		ending("while the head is awaited",
			func(w *wire) { w.head(); w.tell("asked"); w.untilClosed(); w.tell("closed") },
			`error: our own; closed`),
		ending("in the middle of the head",
			func(w *wire) {
				w.head()
				w.say("HTTP/1.1 200 OK\r\nA:")
				w.tell("asked")
				w.untilClosed()
				w.tell("closed")
			},
			`error: our own; closed`),
		{
			name:  "while the body is read",
			serve: begin,
			do: func(p *play) {
				ctx, cancel := context.WithCancelCause(context.Background())
				resp := p.send(p.with(ctx))
				io.ReadFull(resp.Body, make([]byte, 5))
				time.AfterFunc(10*time.Millisecond, func() { cancel(errOwn) })
				p.read(resp)
				p.hear()
			},
			want: `200  and error: our own; closed`,
		},
		{
			name:  "while nobody reads the body",
			serve: begin,
			do: func(p *play) {
				ctx, cancel := context.WithCancelCause(context.Background())
				resp := p.send(p.with(ctx))
				cancel(errOwn)
				p.hear()
				_, err := io.ReadAll(resp.Body)
				p.see("%v", err == errOwn)
			},
			want: `closed; true`,
		},
		{
			name:  "after the body was read",
			serve: saying(whole("hello")),
			do: func(p *play) {
				ctx, cancel := context.WithCancel(context.Background())
				p.do(p.with(ctx))
				cancel()
				p.get("/")
				p.seeConns()
			},
			want: `200 hello; 200 hello; 1 conns`,
		},
		{
			name:  "a deadline while the head is awaited",
			serve: nothing,
			do: func(p *play) {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				defer cancel()
				p.do(p.with(ctx))
			},
			want: `error: deadline exceeded, timeout`,
		},
		{
			name:  "a deadline while the body is read",
			serve: begin,
			do: func(p *play) {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				defer cancel()
				p.do(p.with(ctx))
			},
			want: `200 hello and error: deadline exceeded, timeout`,
		},
		{
			name:  "a deadline with a cause",
			serve: nothing,
			do: func(p *play) {
				ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, errOwn)
				defer cancel()
				p.do(p.with(ctx))
			},
			want: `error: our own`,
		},
		{
			name:  "while a connection is awaited",
			o:     sched.TransportOptions{MaxConnsPerHost: 1},
			serve: begin,
			do: func(p *play) {
				resp := p.send(p.request("GET", "/", nil))
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				defer cancel()
				p.do(p.with(ctx))
				resp.Body.Close()
				p.seeConns()
			},
			want: `error: deadline exceeded, timeout; 1 conns`,
		},
		{
			name:  "while TLS shakes hands",
			serve: nothing,
			do: func(p *play) {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				defer cancel()
				req := p.with(ctx)
				req.URL.Scheme = "https"
				p.do(req)
			},
			want: `error: deadline exceeded, timeout`,
		},
		{
			name:  "while the body is sent",
			serve: func(w *wire) { w.head(); w.tell("asked"); w.untilClosed(); w.tell("closed") },
			do: func(p *play) {
				ctx, cancel := context.WithCancel(context.Background())
				r, w := io.Pipe()
				req := p.request("POST", "/", r).WithContext(ctx)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					p.do(req)
				}()
				p.hear()
				cancel()
				w.Close() // net/http waits for the reader to return
				<-ended
				p.hear()
			},
			want: `asked; error: canceled; closed`,
		},
		{
			name:  "Request.Cancel",
			serve: func(w *wire) { w.head(); w.tell("asked"); w.untilClosed(); w.tell("closed") },
			do: func(p *play) {
				stop := make(chan struct{})
				req := p.request("GET", "/", nil)
				//lint:ignore SA1019 it is deprecated, and still used
				req.Cancel = stop
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					p.do(req)
				}()
				p.hear()
				close(stop)
				<-ended
				p.hear()
			},
			want: `asked; error: other; closed`,
		},
		{
			name:  "Request.Cancel while the body is read",
			serve: begin,
			do: func(p *play) {
				stop := make(chan struct{})
				req := p.request("GET", "/", nil)
				//lint:ignore SA1019 it is deprecated, and still used
				req.Cancel = stop
				resp := p.send(req)
				close(stop)
				p.hear()
				p.read(resp)
			},
			want: `closed; 200 hello and error: other`,
		},
		{
			name: "one of many",
			handle: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					<-r.Context().Done()
				}
				fmt.Fprint(w, "hello")
			},
			do: func(p *play) {
				ctx, cancel := context.WithCancel(context.Background())
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					req := p.with(ctx)
					req.URL.Path = "/slow"
					p.do(req)
				}()
				p.eventually("the slow one to be there", func() bool { return p.requests.Load() == 1 })
				p.get("/")
				cancel()
				<-ended
				p.get("/")
			},
			want: `200 hello; error: canceled; 200 hello`,
		},
	}
}
