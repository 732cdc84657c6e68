package sched_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// A reply is a vector of httpwire's corpus: what a server sends, and what that
// is worth. See the parser of that package for the format.
type answer struct {
	name, method string
	wire         string
	open         bool // the server does not close behind it
	kind         sched.Kind
	status       string
}

// corpus returns httpwire's vectors, but for those that want settings which
// only the parser has.
func corpus(t *testing.T) []answer {
	t.Helper()
	files, err := filepath.Glob("../httpwire/testdata/parse/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var all []answer
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
			if r, ok := readReply(t, block); ok {
				all = append(all, r)
			}
		}
	}
	return all
}

func readReply(t *testing.T, block string) (r answer, ok bool) {
	source, want, _ := strings.Cut(block, "\n----\n")
	r.method = "GET"
	for line := range strings.SplitSeq(source, "\n") {
		key, arg, _ := strings.Cut(line, " ")
		times := 1
		switch key {
		case "case":
			r.name = arg
		case "method":
			if r.method = arg; arg == "CONNECT" {
				return r, false
			}
		case "open":
			r.open = true
		case "repeat":
			var number string
			number, arg, _ = strings.Cut(arg, " ")
			times, _ = strconv.Atoi(number)
			fallthrough
		case "send":
			piece, err := strconv.Unquote(arg)
			if err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			r.wire += strings.Repeat(piece, times)
		case "lenient", "strict", "limit", "upgrade":
			return r, false
		}
	}
	r.kind = sched.StallTimeout // it waits for more
	if r.wire == "" {
		r.kind = sched.FirstByteTimeout
	}
	for line := range strings.Lines(want) {
		switch words := strings.Fields(line); {
		case words[0] == "GotHead":
			r.status = words[2]
		case words[0] == "end," || words[0] == "end":
			r.kind = ""
		case words[0] == "error":
			class, _, _ := strings.Cut(strings.TrimPrefix(line, "error "), ",")
			r.kind = sched.Kind(strings.ReplaceAll(class, " ", "_"))
		}
	}
	return r, true
}

// Every reply of the corpus, cut in two at every place, and byte by byte: the
// readback is called once, and hears what it heard of the whole one.
func TestAcceptanceCorpus(t *testing.T) {
	for _, r := range corpus(t) {
		t.Run(r.name, func(t *testing.T) {
			whole := r.play(t, len(r.wire), 0)
			if want := fmt.Sprintf("%s %s", r.kind, r.status); !strings.HasPrefix(whole, want) {
				t.Fatalf("got %q; want %q", whole, want)
			}
			try := func(at int, drip time.Duration) {
				if got := r.play(t, at, drip); got != whole {
					t.Fatalf("cut at %d, dripping %v: got %q; want %q", at, drip, got, whole)
				}
			}
			step := 1
			for at := 1; at < len(r.wire); at += step {
				try(at, 0)
				if at > 200 && len(r.wire)-at > 50 {
					step = max(1, len(r.wire)/50) // of a long one the middle is like the middle
				} else {
					step = 1
				}
			}
			if len(r.wire) < 4000 {
				try(0, time.Microsecond)
			}
		})
	}
}

// play answers a request with the reply in two pieces, or in as many as there
// are bytes, and says what came of it.
func (r *answer) play(t *testing.T, at int, drip time.Duration) string {
	v := newLife(t, sim.Options{Window: 4 << 20}, sched.Options{MaxBody: -1})
	v.w.Listen(addr, func(p *sim.Peer) {
		p.OnData = func([]byte) {
			p.OnData = nil
			end := func() {
				if !r.open {
					p.Close()
				}
			}
			if drip > 0 {
				p.Drip([]byte(r.wire), drip)
				v.w.After(drip*time.Duration(len(r.wire)+1), end)
				return
			}
			p.Write([]byte(r.wire[:at]))
			if at == len(r.wire) {
				end()
				return
			}
			v.w.After(ms(1), func() { p.Write([]byte(r.wire[at:])); end() })
		}
	})
	req := sched.Get("http://a.example/")
	req.Method = r.method
	o := v.do(req)
	v.untilQuiet()
	v.l.CallLater(time.Second, v.l.Stop) // what comes behind the response comes, too
	if err := v.l.Run(); err != nil {
		t.Fatal(err)
	}
	idle := v.s.Stats().Idle
	v.close()
	if o.calls != 1 {
		t.Fatalf("cut at %d: the readback was called %d times", at, o.calls)
	}
	status := ""
	if o.status != 0 {
		status = strconv.Itoa(o.status)
	}
	return fmt.Sprintf("%s %s in %s, %d kept, %q%q", o.kind, status, o.phase, idle, o.body, o.part)
}
