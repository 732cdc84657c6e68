package main

import (
	"slices"
	"strings"
	"testing"
)

const output = `goos: linux
cpu: A Model @ 2 GHz
BenchmarkTimer/op=move     	 1000000	       330.4 ns/op	       0 B/op	       0 allocs/op
BenchmarkTimer/op=move     	 1000000	       100 ns/op	       0 B/op	       0 allocs/op
BenchmarkTimer/op=move     	 1000000	       118 ns/op	       0 B/op	       0 allocs/op
BenchmarkParser/body=length/13B/read=65536 	 1000	  1246 ns/op	 361.00 MB/s	  0 B/op	  2 allocs/op
PASS
`

const tour = `A move costs <!-- price loop Timer/op=move -->nothing yet<!-- /price -->, and
<!-- price httpwire Parser/body=length/13B/read=65536 --><!-- /price --> with
<!-- price httpwire Parser/body=length/13B/read=65536 allocs/op -->?<!-- /price --> objects; a move
<!-- price loop Timer/op=move -->9 ns<!-- /price -->, on <!-- price-machine -->a
machine<!-- /price-machine -->.
`

func TestFill(t *testing.T) {
	marks := marksIn(tour)
	if len(marks) != 3 || !slices.Equal(packagesOf(marks), []string{"loop", "httpwire"}) {
		t.Fatalf("got the marks %v", marks)
	}
	if got, want := patternFor("httpwire", marks), "^Benchmark(Parser)$"; got != want {
		t.Errorf("got the pattern %s; want %s", got, want)
	}
	ms := measurements{rounds: map[mark][]float64{}}
	ms.read("loop", output)
	ms.read("httpwire", output)
	prices, err := ms.prices(marks)
	if err != nil {
		t.Fatal(err)
	}
	got := fill(tour, prices, "here")
	want := strings.NewReplacer("nothing yet", "100 ns", "read=65536 --><", "read=65536 -->1.2 µs<", "?", "2", "9 ns", "100 ns", "a\nmachine<", "here<").Replace(tour)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again := fill(got, prices, "here"); again != got {
		t.Errorf("the second time it is\n%s", again)
	}
	if !strings.HasPrefix(ms.machine(), "A Model @ 2 GHz, ") {
		t.Errorf("got the machine %q", ms.machine())
	}
}

func TestMissingBenchmarkIsNamed(t *testing.T) {
	ms := measurements{rounds: map[mark][]float64{}}
	ms.read("loop", output)
	_, err := ms.prices([]mark{{"loop", "Timer/op=stop", "ns/op"}})
	if err == nil || !strings.Contains(err.Error(), "loop has no benchmark Timer/op=stop") {
		t.Errorf("got %v", err)
	}
}

func TestWritten(t *testing.T) {
	for _, c := range []struct {
		unit string
		v    float64
		want string
	}{
		{"ns/op", 2.806, "2.8 ns"}, {"ns/op", 14.86, "15 ns"}, {"ns/op", 994, "990 ns"}, {"ns/op", 996, "1.0 µs"},
		{"ns/op", 23941, "24 µs"}, {"ns/op", 1575221, "1.6 ms"}, {"allocs/op", 0, "0"}, {"allocs/op", 858, "860"}, {"B/op", 24, "24"},
	} {
		if got := written(c.unit, c.v); got != c.want {
			t.Errorf("%v %s: got %q; want %q", c.v, c.unit, got, c.want)
		}
	}
}
