package emulator

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A pipes is a listener in memory: inside a synctest bubble its connections
// count as blocked, so that time can pass while a poll is held.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	p.conns <- far
	return near, nil
}

// bubble runs a test with a server and a client in virtual time, logged in.
func bubble(t *testing.T, test func(t *testing.T, v *Server, poll func(context.Context) (string, error))) {
	synctest.Test(t, func(t *testing.T) {
		service := New(DefaultScene(), Options{})
		k := talkTo(t, service)
		k.now = time.Now()
		k.login()
		service.Events()
		l := &pipes{make(chan net.Conn), make(chan struct{})}
		v := serve(service, nil, nil, l, nil)
		transport := &http.Transport{DialContext: l.dial}
		test(t, v, func(ctx context.Context) (string, error) {
			req, err := http.NewRequestWithContext(ctx, "POST", "http://d1.web2.qq.com/channel/poll2", strings.NewReader(k.expand(pollLines[1])))
			if err != nil {
				return "", err
			}
			req.Header.Set("Referer", "http://d1.web2.qq.com/proxy.html")
			resp, err := transport.RoundTrip(req)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			return string(text), err
		})
		transport.CloseIdleConnections()
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The clock ends a poll without news, to the moment.
func TestServerHold(t *testing.T) {
	bubble(t, func(t *testing.T, _ *Server, poll func(context.Context) (string, error)) {
		start := time.Now()
		got, err := poll(t.Context())
		if err != nil || got != `{"errmsg":"error","retcode":0}` {
			t.Errorf("got %s, %v; want nothing new", got, err)
		}
		if took := time.Since(start); took != 60*time.Second {
			t.Errorf("got the reply after %v; want 60s", took)
		}
	})
}

// A client that hangs up takes no message with it.
func TestServerClientHangsUp(t *testing.T) {
	bubble(t, func(t *testing.T, v *Server, poll func(context.Context) (string, error)) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := poll(ctx)
			done <- err
		}()
		synctest.Wait()
		if len(v.parked) != 1 {
			t.Fatalf("got %d polls parked; want one", len(v.parked))
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v; want it cancelled", err)
		}
		synctest.Wait()
		if err := v.Command("say friend 20002 hi"); err != nil {
			t.Fatal(err)
		}
		if got, err := poll(t.Context()); err != nil || !strings.Contains(got, `"hi "`) {
			t.Errorf("got %s, %v; want the message", got, err)
		}
		if v.service.Lost() != 0 {
			t.Errorf("got %d messages lost; want none", v.service.Lost())
		}
	})
}

// Close ends what is parked; a second Close does nothing.
func TestServerClose(t *testing.T) {
	bubble(t, func(t *testing.T, v *Server, poll func(context.Context) (string, error)) {
		done := make(chan error, 1)
		go func() {
			_, err := poll(t.Context())
			done <- err
		}()
		synctest.Wait()
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err == nil {
			t.Error("got a reply; want the connection closed")
		}
	})
}
