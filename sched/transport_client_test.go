package sched_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
)

// The transports under what stands on them: http.Client and a reverse proxy.
func TestTransportClient(t *testing.T) { playRows(t, clientRows()) }

// client returns a client over the transport.
func (p *play) client() *http.Client { return &http.Client{Transport: p.rt} }

// seeDone notes what a call to a client returned.
func (p *play) seeDone(resp *http.Response, err error) {
	if err != nil {
		outer, _ := errors.AsType[*url.Error](err)
		p.see("%s, timeout %v", classOf(err), outer.Timeout())
		return
	}
	p.read(resp)
}

// hop answers as the path says.
func hop(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/302":
		http.Redirect(w, r, "/end", http.StatusFound)
	case "/307":
		http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
	case "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/cookie":
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.Redirect(w, r, "/end", http.StatusFound)
	default:
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s %s cookie %q user %s:%s", r.Method, body, r.Header.Get("Cookie"), user, password)
	}
}

func clientRows() []row {
	return []row{
		{
			name: "a redirect", handle: hop,
			do: func(p *play) {
				p.seeDone(p.client().Get(p.url + "/302"))
				p.seeConns()
			},
			want: `200 "GET  cookie \"\" user :"; 1 conns`,
		},
		{
			name: "a redirect of a POST that stays one", handle: hop,
			do: func(p *play) {
				p.seeDone(p.client().Post(p.url+"/307", "text/plain", strings.NewReader("hello")))
				p.seeConns()
			},
			want: `200 "POST hello cookie \"\" user :"; 1 conns`,
		},
		{
			name: "redirects without end", handle: hop,
			do: func(p *play) {
				_, err := p.client().Get(p.url + "/loop")
				p.see("%v", strings.Contains(err.Error(), "stopped after 10 redirects"))
				p.seeRequests()
			},
			want: `true; 10 requests`,
		},
		{
			name: "cookies", handle: hop,
			do: func(p *play) {
				c := p.client()
				c.Jar, _ = cookiejar.New(nil)
				p.seeDone(c.Get(p.url + "/cookie"))
			},
			want: `200 "GET  cookie \"a=1\" user :"`,
		},
		{
			name: "a user in the URL", handle: hop,
			do: func(p *play) {
				p.seeDone(p.client().Get(strings.Replace(p.url, "://", "://me:secret@", 1) + "/end"))
			},
			want: `200 "GET  cookie \"\" user me:secret"`,
		},
		{
			name: "Client.Timeout while the head is awaited", serve: nothing,
			do: func(p *play) {
				c := p.client()
				c.Timeout = 20 * time.Millisecond
				p.seeDone(c.Get(p.url))
			},
			want: `error: deadline exceeded, timeout, timeout true`,
		},
		{
			name: "Client.Timeout while the body is read", serve: begin,
			do: func(p *play) {
				c := p.client()
				c.Timeout = 20 * time.Millisecond
				p.seeDone(c.Get(p.url))
				p.hear()
			},
			want: `200 hello and error: deadline exceeded, timeout; closed`,
		},
		{
			name: "Client.Timeout does not fire on what is done", serve: saying(whole("hello")),
			do: func(p *play) {
				c := p.client()
				c.Timeout = patience
				p.seeDone(c.Get(p.url))
				p.seeDone(c.Get(p.url))
				p.seeConns()
			},
			want: `200 hello; 200 hello; 1 conns`,
		},
		{
			name: "a refused connection", serve: nothing,
			do: func(p *play) {
				_, err := p.client().Get("http://" + closedPort)
				outer, _ := errors.AsType[*url.Error](err)
				p.see("%s %s %v", outer.Op, classOf(err), outer.Timeout())
			},
			want: `Get error: dial, refused false`,
		},
		{
			name:   "https spoken to a server that is plain",
			handle: hello,
			do: func(p *play) {
				_, err := p.client().Get(strings.Replace(p.url, "http", "https", 1))
				p.see("%v", errors.Is(err, http.ErrSchemeMismatch))
			},
			want: `true`,
		},
		{
			name: "a reverse proxy", handle: told,
			do: func(p *play) {
				to, _ := url.Parse(p.url)
				front := startOrigin(p.T, row{handle: (&httputil.ReverseProxy{
					Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
					Transport: p.rt,
					ErrorLog:  quiet,
				}).ServeHTTP})
				defer front.stop()
				client, end := newStandard(sched.TransportOptions{})
				defer end()
				req, _ := http.NewRequest("POST", front.url, watch(strings.Repeat("x", 100_000)))
				req.Trailer = http.Header{"Sum": {"1"}}
				resp, err := client.RoundTrip(req)
				if err != nil {
					p.Fatal(err)
				}
				p.read(resp)
			},
			want: `200 "POST length -1 [chunked] \"100000 bytes\" <nil> {Sum=}"`,
		},
		{
			name:  "a client that goes is passed on by a reverse proxy",
			serve: func(w *wire) { w.head(); w.tell("asked"); w.untilClosed(); w.tell("closed") },
			do: func(p *play) {
				to, _ := url.Parse(p.url)
				front := startOrigin(p.T, row{handle: (&httputil.ReverseProxy{
					Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
					Transport: p.rt,
					ErrorLog:  quiet,
				}).ServeHTTP})
				defer front.stop()
				client, end := newStandard(sched.TransportOptions{})
				defer end()
				ctx, cancel := context.WithCancel(context.Background())
				req, _ := http.NewRequestWithContext(ctx, "GET", front.url, nil)
				go func() { p.hear(); cancel() }()
				_, err := client.RoundTrip(req)
				p.see("%v", errors.Is(err, context.Canceled))
				p.hear()
			},
			want: `asked; true; closed`,
		},
	}
}
