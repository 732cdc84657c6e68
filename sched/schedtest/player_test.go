package schedtest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sched/schedtest"
)

// client is a small client of the kind that this package is for.
type client struct{ seen []string }

func (c *client) readPoll(resp *sched.Response, err error) sched.Next {
	poll := sched.Get("http://a.example/poll")
	if err != nil {
		return sched.Next{Request: poll, Readback: c.readPoll, Delay: 2 * time.Second}
	}
	c.seen = append(c.seen, string(resp.Body))
	if string(resp.Body) == "bye" {
		return sched.Next{}
	}
	return sched.Next{Request: poll, Readback: c.readPoll}
}

// script answers with one reply after the other.
func script(replies ...any) func(*sched.Request) (string, error) {
	return func(*sched.Request) (string, error) {
		next := replies[0]
		replies = replies[1:]
		if err, ok := next.(error); ok {
			return "", err
		}
		return next.(string), nil
	}
}

func TestPlay(t *testing.T) {
	c := &client{}
	p := schedtest.Player{Respond: script(schedtest.Reply(200, "one\ntwo"), errors.New("no reply"), schedtest.Reply(200, "bye"))}
	got, err := p.Play(sched.Get("http://a.example/poll"), c.readPoll)
	if err != nil {
		t.Fatal(err)
	}
	want := `0s GET http://a.example/poll
   200 one ...
   schedtest_test.(*client).readPoll, next GET http://a.example/poll
0s GET http://a.example/poll
   no reply
   schedtest_test.(*client).readPoll, next GET http://a.example/poll in 2s
2s GET http://a.example/poll
   200 bye
   schedtest_test.(*client).readPoll, end
`
	if got != want {
		t.Errorf("got\n%s; want\n%s", got, want)
	}
	if want := []string{"one\ntwo", "bye"}; !slices.Equal(c.seen, want) || p.Now() != 2*time.Second {
		t.Errorf("got %q at %v; want %q at 2s", c.seen, p.Now(), want)
	}
}

// Steps are played by time, and those of one time in the order of adding.
func TestOrder(t *testing.T) {
	p := schedtest.Player{Respond: func(*sched.Request) (string, error) { return schedtest.Reply(204, ""), nil }}
	for i, d := range []time.Duration{3, 1, 2, 1, 0, -5} {
		p.AddAfter(d*time.Second, sched.Get(fmt.Sprint("http://a.example/", i)), nil)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(p.Transcript()) {
		if at, url, ok := strings.Cut(strings.TrimSpace(line), " GET http://a.example/"); ok {
			got = append(got, at+" "+url)
		}
	}
	if want := []string{"0s 4", "0s 5", "1s 1", "1s 3", "2s 2", "3s 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// What the readback gets is what the engine's parser makes of the wire.
func TestReplies(t *testing.T) {
	for _, c := range []struct {
		name, method, wire string
		status             int
		body, field        string
		err                string // of Run
	}{
		{"reply", "", schedtest.Reply(201, "x", "X: y"), 201, "x", "y", ""},
		{"chunked", "", "HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", 200, "ab", "y", ""},
		{"until close", "", "HTTP/1.0 200 OK\r\n\r\nrest", 200, "rest", "", ""},
		{"to HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", "", ""},
		{"1xx before", "", "HTTP/1.1 100 \r\n\r\n" + schedtest.Reply(200, "x"), 200, "x", "", ""},
		{"not whole", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 0, "", "", "schedtest: the reply to GET http://a.example/: "},
		{"not HTTP", "", "hello", 0, "", "", "schedtest: the reply to GET http://a.example/: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := schedtest.Player{Respond: script(c.wire)}
			calls := 0
			req := sched.Get("http://a.example/")
			req.Method = c.method
			p.Add(req, func(resp *sched.Response, err error) sched.Next {
				calls++
				if err != nil || resp.Request != req || resp.Status != c.status || string(resp.Body) != c.body || resp.Header.Get("X") != c.field {
					t.Errorf("got %+v, %v; want %d, %q, %q", resp, err, c.status, c.body, c.field)
				}
				return sched.Next{}
			})
			err := p.Run()
			if c.err == "" {
				if err != nil || calls != 1 {
					t.Errorf("got %v, %d calls; want none, 1", err, calls)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.err) || calls != 0 {
				t.Errorf("got %v, %d calls; want %q, 0", err, calls, c.err)
			}
		})
	}
}

func TestEndless(t *testing.T) {
	for _, c := range []struct{ max, want int }{{0, 100}, {7, 7}} {
		steps := 0
		p := schedtest.Player{MaxSteps: c.max, Respond: func(*sched.Request) (string, error) {
			steps++
			return schedtest.Reply(200, ""), nil
		}}
		var read sched.Readback
		read = func(resp *sched.Response, _ error) sched.Next {
			return sched.Next{Request: resp.Request, Readback: read}
		}
		_, err := p.Play(sched.Get("http://a.example/"), read)
		if !errors.Is(err, schedtest.ErrEndless) || steps != c.want {
			t.Errorf("MaxSteps %d: got %v after %d steps; want ErrEndless after %d", c.max, err, steps, c.want)
		}
	}
}

// A chain played without a socket: its steps are values, and so is what it did.
func ExamplePlayer() {
	c := &client{}
	p := schedtest.Player{Respond: script(schedtest.Reply(200, "news"), schedtest.Reply(200, "bye"))}
	transcript, err := p.Play(sched.Get("http://a.example/poll"), c.readPoll)
	fmt.Print(transcript)
	fmt.Println(err)
	// Output:
	// 0s GET http://a.example/poll
	//    200 news
	//    schedtest_test.(*client).readPoll, next GET http://a.example/poll
	// 0s GET http://a.example/poll
	//    200 bye
	//    schedtest_test.(*client).readPoll, end
	// <nil>
}
