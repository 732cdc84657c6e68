package sched_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qqloop/qqloop/internal/faultproxy"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// Every position of the replies of a login, of a poll, of a chunked reply and of
// one with a length, cut by FIN, by RST and by silence, on real sockets: the
// kind that the contract names, one completion, nothing left open.
func TestEveryPosition(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	replies := loginReplies(t)
	replies = append(replies,
		[]byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz"),
		[]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+
			"5\r\nhello\r\n1a;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 1\r\n\r\n"),
		[]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
	)
	var trials []trial
	stride := positionStride(t)
	for i, reply := range replies {
		first := 0 // where the final response begins
		body := bytes.Index(reply, []byte("\r\n\r\n")) + 4
		if bytes.HasPrefix(reply, []byte("HTTP/1.1 1")) {
			first = body
			body += bytes.Index(reply[body:], []byte("\r\n\r\n")) + 4
		}
		for at := 0; at < len(reply); at += stride {
			want := sched.TruncatedHead
			switch {
			case at == 0:
				want = sched.EmptyReply
			case at >= body:
				want = sched.TruncatedBody
			}
			silent := sched.StallTimeout
			if at == 0 || at == first {
				silent = sched.FirstByteTimeout
			}
			path := fmt.Sprintf("/%d", i)
			trials = append(trials,
				trial{path, int64(at), faultproxy.FIN, want},
				trial{path, int64(at), faultproxy.RST, sched.Reset},
				trial{path, int64(at), faultproxy.Silence, silent})
		}
	}
	sockets := openSockets()
	server, stop := cannedServer(t, replies, nil)
	got := tryAll(t, server, trials, nil)
	for i, tr := range trials {
		if got[i] != tr.want {
			t.Errorf("reply %s cut at %d by %v: got %q; want %q", tr.path, tr.at, tr.action, got[i], tr.want)
		}
	}
	stop()
	if n := openSockets(); n > sockets {
		t.Errorf("%d sockets are open; before it were %d", n, sockets)
	}
	t.Logf("%d positions of %d replies, each cut by FIN, RST and silence", len(trials)/3, len(replies))
}

// Every position of what a TLS server says, from the first byte of its hello to
// the last of the encrypted reply. Where the handshake ends is not for the test
// to know; but it is one place for all cuts.
func TestEveryPositionOfTLS(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	config, roots := plainCertificate(t)
	reply := []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	sockets := openSockets()
	server, stop := cannedServer(t, [][]byte{reply}, config)
	total := measureReply(t, server, roots)
	stride := positionStride(t)
	trust := &tls.Config{RootCAs: roots, ServerName: "a.example"}
	hand := -1 // the first position behind the handshake
	positions := 0
	for _, c := range []struct {
		action        faultproxy.Action
		broken, after sched.Kind
	}{
		{faultproxy.FIN, sched.TLS, sched.EmptyReply},
		{faultproxy.RST, sched.TLS, sched.Reset},
		{faultproxy.Silence, sched.TLSTimeout, sched.FirstByteTimeout},
	} {
		var trials []trial
		for at := 0; at < total; at += stride {
			tr := trial{"/0", int64(at), c.action, c.after}
			if at < hand {
				tr.want = c.broken
			}
			trials = append(trials, tr)
		}
		positions = len(trials)
		for i, kind := range tryAll(t, server, trials, trust) {
			if hand < 0 && kind == c.after { // the first cut, FIN, finds it
				hand = int(trials[i].at)
			}
			want := c.broken
			if hand >= 0 && int(trials[i].at) >= hand {
				want = c.after
			}
			if kind != want {
				t.Errorf("cut at %d by %v: got %q; want %q", trials[i].at, c.action, kind, want)
			}
		}
	}
	if hand < total/2 {
		t.Errorf("the handshake ended at %d of %d bytes", hand, total)
	}
	stop()
	if n := openSockets(); n > sockets {
		t.Errorf("%d sockets are open; before it were %d", n, sockets)
	}
	t.Logf("%d positions of a TLS connection, each cut by FIN, RST and silence; the first %d are the handshake's", positions, hand)
}

// positionStride is how far apart the positions are that are tried. They are all
// tried with QQLOOP_POSITIONS=all in the environment, which takes a minute.
func positionStride(t *testing.T) int {
	stride := 7
	switch {
	case os.Getenv("QQLOOP_POSITIONS") == "all":
		return 1
	case raceDetector || testing.Short():
		stride = 41
	}
	t.Logf("each %dth position only, to save time; all of them with QQLOOP_POSITIONS=all", stride)
	return stride
}

// A trial is one request whose reply is cut.
type trial struct {
	path   string
	at     int64
	action faultproxy.Action
	want   sched.Kind
}

// lanes is how many trials run at once, each through a proxy of its own.
const lanes = 200

// tryAll makes all the trials on one loop and returns how each ended. A lane is
// a chain: each readback returns the request of the next trial.
func tryAll(t *testing.T, server string, trials []trial, config *tls.Config) []sched.Kind {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const soon = 250 * time.Millisecond
	s := sched.New(l, sched.Options{IdleTimeout: -1, TLS: config, Timeouts: sched.Timeouts{Connect: time.Minute, Stall: soon}})
	got, calls := make([]sched.Kind, len(trials)), make([]int, len(trials))
	left := 0
	for lane := range min(lanes, len(trials)) {
		now := lane
		var mu sync.Mutex // between the loop and the proxy's goroutine
		proxy, err := faultproxy.Listen(server, func(int) []faultproxy.Fault {
			mu.Lock()
			defer mu.Unlock()
			return []faultproxy.Fault{{At: trials[now].at, Action: trials[now].action}}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		scheme := "http://"
		if config != nil {
			scheme = "https://"
		}
		var next func(i int) sched.Next
		next = func(i int) sched.Next {
			mu.Lock()
			now = i
			mu.Unlock()
			tr := trials[i]
			r := sched.Get(scheme + proxy.Addr() + tr.path)
			// Only a deadline that is to pass is short: a busy machine must not
			// make another one pass before it.
			r.Timeouts.FirstByte = time.Minute
			switch tr.want {
			case sched.FirstByteTimeout:
				r.Timeouts.FirstByte = soon
			case sched.TLSTimeout:
				r.Timeouts.TLS = soon
			}
			return sched.Next{Request: r, Readback: func(_ *sched.Response, err error) sched.Next {
				calls[i]++
				if failed, ok := errors.AsType[*sched.Error](err); ok {
					got[i] = failed.Kind
				}
				if i += lanes; i < len(trials) {
					return next(i)
				}
				if left--; left == 0 {
					l.Stop()
				}
				return sched.Next{}
			}}
		}
		left++
		first := next(lane)
		s.Add(first.Request, first.Readback)
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	for i, n := range calls {
		if n != 1 {
			t.Errorf("%+v was completed %d times", trials[i], n)
		}
	}
	if st := s.Stats(); st != (sched.Stats{}) {
		t.Errorf("when all has ended there are %+v", st)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return got
}
