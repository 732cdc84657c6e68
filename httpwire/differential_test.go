package httpwire

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A reply is a row of testdata/differential.txt: what a server sends before it
// closes, in answer to method; what we make of it; and either "=", net/http
// makes the same of it, or the key of the reason why it does not.
//
//	GET	"HTTP/1.1 200 OK\r\n\r\nhello"	200 with "hello"	=
//
// The reasons stand before the rows, "reason KEY TEXT" each.
type reply struct {
	method, wire string
	ours, why    string
}

const differential = "testdata/differential.txt"

// minReplies is how many replies the run is promised to have at least.
const minReplies = 300

// TestDifferential reads hundreds of replies with our parser and with net/http.
// They agree, or the row has a reason; a reason that explains nothing any more
// fails as a difference without one does. With -rewrite the rows are made anew
// by the rules beside this file; each keeps its reason, and a new difference
// gets "?", which is none.
func TestDifferential(t *testing.T) {
	head, rows := loadReplies(t)
	if *rewrite {
		rewriteReplies(t, head, rows)
		head, rows = loadReplies(t)
	}
	reasons := map[string]int{}
	for line := range strings.Lines(head) {
		if rest, ok := strings.CutPrefix(line, "reason "); ok {
			key, _, _ := strings.Cut(rest, " ")
			reasons[key] = 0
		}
	}
	agree := 0
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.key()] {
			t.Errorf("%s %q stands there twice", r.method, r.wire)
		}
		seen[r.key()] = true
		ours, theirs := r.verdicts()
		if ours != r.ours {
			t.Errorf("%s %q: we say %s; the row says %s", r.method, r.wire, ours, r.ours)
		}
		if ours == theirs {
			agree++
		}
		_, known := reasons[r.why]
		switch {
		case ours == theirs && r.why != "=":
			t.Errorf("%s %q: both say %s; the row says that they differ, for reason %q", r.method, r.wire, ours, r.why)
		case ours != theirs && !known:
			t.Errorf("%s %q: we say %s; net/http says %s; the row has no reason for it, but %q", r.method, r.wire, ours, theirs, r.why)
		case ours != theirs:
			reasons[r.why]++
		}
	}
	for key, n := range reasons {
		if n == 0 {
			t.Errorf("the reason %q explains no row", key)
		}
	}
	if len(rows) < minReplies {
		t.Errorf("there are %d replies; want at least %d", len(rows), minReplies)
	}
	t.Logf("%d replies: net/http agrees on %d, differs on %d for %d reasons", len(rows), agree, len(rows)-agree, len(reasons))
}

func (r *reply) key() string { return r.method + " " + r.wire }

// verdicts returns what we make of r, and what net/http does.
func (r *reply) verdicts() (ours, theirs string) {
	p := &Parser{}
	p.Expect(r.method)
	v := &vector{method: r.method, input: []byte(r.wire)}
	return summary(drive(p, true, v.input)), netHTTPSummary(v)
}

// loadReplies returns the lines before the rows, and the rows.
func loadReplies(t *testing.T) (head string, rows []*reply) {
	t.Helper()
	text, err := os.ReadFile(differential)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(words) != 4 {
			head += line
			continue
		}
		wire, err := strconv.Unquote(words[1])
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		rows = append(rows, &reply{method: words[0], wire: wire, ours: words[2], why: words[3]})
	}
	return head, rows
}

func rewriteReplies(t *testing.T, head string, old []*reply) {
	t.Helper()
	why := map[string]string{}
	for _, r := range old {
		why[r.key()] = r.why
	}
	var text strings.Builder
	text.WriteString(head)
	written := map[string]bool{}
	for _, r := range makeReplies() {
		if written[r.key()] {
			continue
		}
		written[r.key()] = true
		ours, theirs := r.verdicts()
		r.why = why[r.key()]
		switch {
		case ours == theirs:
			r.why = "="
		case r.why == "" || r.why == "=":
			r.why = "?"
		}
		fmt.Fprintf(&text, "%s\t%q\t%s\t%s\n", r.method, r.wire, ours, r.why)
	}
	if err := os.WriteFile(differential, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDifferentialSplit cuts each reply in two at every place, and into single
// bytes: what we make of it stays the same.
func TestDifferentialSplit(t *testing.T) {
	_, rows := loadReplies(t)
	cuts := 0
	for _, r := range rows {
		wire := []byte(r.wire)
		read := func(pieces ...[]byte) string {
			p := &Parser{}
			p.Expect(r.method)
			cuts++
			return drive(p, true, pieces...).String()
		}
		whole := read(wire)
		if got := read(bytewise(wire)...); got != whole {
			t.Errorf("%s %q byte by byte: got\n%swhole:\n%s", r.method, r.wire, got, whole)
		}
		step := max(1, len(wire)/200) // of a long one the middle is like the middle
		for at := 1; at < len(wire); at += step {
			if got := read(wire[:at], wire[at:]); got != whole {
				t.Fatalf("%s %q cut at %d: got\n%swhole:\n%s", r.method, r.wire, at, got, whole)
			}
		}
	}
	t.Logf("%d replies, %d ways of cutting them", len(rows), cuts)
}
