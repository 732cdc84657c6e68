package life

import (
	"fmt"
	"strings"
	"time"
)

// A Violation is something that must never happen.
type Violation struct {
	Rule    string // see the package comment
	Text    string // what happened, in a sentence
	Service string
	Seed    uint64
	Days    int
	At      time.Duration // virtual time
}

// String returns three things: what, when, and how to see it again.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s\n\tseed %d, day %d, %v; replay: %s",
		v.Rule, v.Text, v.Seed, v.At/day+1, v.At.Round(time.Millisecond), Replay(v.Service, v.Seed, v.Days))
}

// Replay returns the command that lives that life again and tells it.
func Replay(service string, seed uint64, days int) string {
	return fmt.Sprintf("go run ./cmd/qqloop sim --service %s --seed %d --days %d --trace", service, seed, days)
}

// A Result is what happened in a life.
type Result struct {
	Service    string
	Seed       uint64
	Days       int
	Violations []Violation

	// Of the messages that people said, Wanted were for the bot. Those in Lost
	// it never heard, and those in Unknown it answered, but nobody knows whether
	// the answer arrived.
	Said, Heard, Wanted, Answered int
	Lost                          int // a poll reply was cut after the service had let go of it
	Unknown                       int // the send's outcome is unknown, and it did not arrive

	Requests  int // that the program made
	Arrived   int // at servers, whole
	Failed    int // readbacks that got an error
	Logins    int
	Processes int
	Faults    map[string]int // what befell the world, and how often
	Waits     uint64         // the loop's turns
}

// String tells the life in a few lines.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, seed %d: %d days, %d requests (%d failed), %d logins, %d processes, %d turns\n",
		r.Service, r.Seed, r.Days, r.Requests, r.Failed, r.Logins, r.Processes, r.Waits)
	fmt.Fprintf(&b, "  %d messages, %d heard; %d were for the bot, %d were answered\n", r.Said, r.Heard, r.Wanted, r.Answered)
	fmt.Fprintf(&b, "  %d were lost by the protocol: a poll reply was cut after the service had let go of it\n", r.Lost)
	fmt.Fprintf(&b, "  %d answers did not arrive, and the bot could not know: the send was cut\n", r.Unknown)
	fmt.Fprintf(&b, "  %s\n", counts(r.Faults))
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "  VIOLATION %v\n", v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Merge adds another life to the sums.
func (r *Result) Merge(o *Result) {
	r.Days += o.Days
	r.Violations = append(r.Violations, o.Violations...)
	for _, p := range [...]struct{ to, from *int }{
		{&r.Said, &o.Said}, {&r.Heard, &o.Heard}, {&r.Wanted, &o.Wanted}, {&r.Answered, &o.Answered},
		{&r.Lost, &o.Lost}, {&r.Unknown, &o.Unknown}, {&r.Requests, &o.Requests}, {&r.Arrived, &o.Arrived},
		{&r.Failed, &o.Failed}, {&r.Logins, &o.Logins}, {&r.Processes, &o.Processes},
	} {
		*p.to += *p.from
	}
	if r.Faults == nil {
		r.Faults = map[string]int{}
	}
	for k, n := range o.Faults {
		r.Faults[k] += n
	}
	r.Waits += o.Waits
}
