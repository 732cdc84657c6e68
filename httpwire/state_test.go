package httpwire

import (
	"os"
	"strings"
	"testing"
)

// The diagram above State is drawn by hand; this holds it to the table.
func TestDiagramNamesEveryState(t *testing.T) {
	src, err := os.ReadFile("state.go")
	if err != nil {
		t.Fatal(err)
	}
	diagram, _, _ := strings.Cut(string(src), "// Three rules")
	for _, name := range []string{
		"StatusLine", "FieldLine", "BodyLength", "BodyUntilClose", "ChunkSize",
		"ChunkData", "ChunkEnd", "Trailer", "Done", "Failed",
	} {
		if !strings.Contains(diagram, name) {
			t.Errorf("the diagram lacks %s", name)
		}
	}
}

func TestMoves(t *testing.T) {
	for from := range numStates {
		for to := range numStates {
			legal := moves[from].has(to)
			panicked := func() (panicked bool) {
				defer func() { panicked = recover() != nil }()
				p := &Parser{state: from}
				p.move(to)
				if p.state != to {
					t.Errorf("%v to %v: got %v", from, to, p.state)
				}
				return false
			}()
			if panicked == legal {
				t.Errorf("%v to %v: panicked %v; want %v", from, to, panicked, !legal)
			}
		}
	}
	for _, last := range []State{Done, Failed} {
		if moves[last] != 0 {
			t.Errorf("there is a way out of %v", last)
		}
	}
}

// Every line of the table is walked by some vector, fed byte by byte so that
// no state is passed unseen.
func TestEveryMoveIsWalked(t *testing.T) {
	var walked [numStates]stateSet
	for _, v := range loadVectors(t) {
		if len(v.input) > 4096 {
			continue
		}
		p := v.newParser()
		last := p.State()
		note := func() {
			if now := p.State(); now != last {
				walked[last] |= set(now)
				last = now
			}
		}
		pieces := bytewise(v.input)
	events:
		for {
			ev, err := p.NextEvent()
			note()
			switch {
			case err != nil || ev.Kind == GotEnd:
				break events
			case ev.Kind != NeedData:
			case len(pieces) > 0:
				p.Feed(pieces[0])
				pieces = pieces[1:]
			case v.open:
				break events
			default:
				p.FeedEOF()
			}
		}
	}
	for from := range numStates {
		for to := range numStates {
			if moves[from].has(to) && !walked[from].has(to) {
				t.Errorf("no vector goes from %v to %v", from, to)
			}
		}
	}
}

func TestStateString(t *testing.T) {
	for s := range numStates {
		if s.String() == "" {
			t.Errorf("state %d has no name", s)
		}
	}
	if got, want := numStates.String(), "State(10)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got, want := (GotEnd + 1).String(), "Kind(5)"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
