// Prices measures what docs/tour.md says the parts of the engine cost.
//
//	go run ./bench/prices       print each price
//	go run ./bench/prices -w    and write it into the tour
//
// A price in the tour stands between two marks, the first of which names its
// benchmark, and the unit if it is not ns/op:
//
//	<!-- price loop Dispatch/event=good -->14 ns<!-- /price -->
//
// Only the benchmarks that are named there are run, on one processor. A price is
// the lowest of the rounds, since all that disturbs a round makes it longer. They
// are many and short, so that some of them fit into a slice of a busy machine's
// time. It has two digits, since more would be about the machine's mood.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const page = "docs/tour.md"

func main() {
	write := flag.Bool("w", false, "write the prices into "+page)
	rounds := flag.Int("count", 40, "rounds")
	each := flag.Duration("benchtime", 3*time.Millisecond, "length of a round")
	flag.Parse()
	if err := run(*write, *rounds, *each); err != nil {
		fmt.Fprintln(os.Stderr, "prices:", err)
		os.Exit(1)
	}
}

// run works in the root of the repository.
func run(write bool, rounds int, each time.Duration) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	marks := marksIn(string(text))
	results := measurements{rounds: map[mark][]float64{}}
	for _, pkg := range packagesOf(marks) {
		args := []string{"test", "-run", "^$", "-bench", patternFor(pkg, marks), "-benchmem", "-cpu", "1",
			"-count", fmt.Sprint(rounds), "-benchtime", each.String(), "./" + pkg}
		fmt.Fprintln(os.Stderr, "go", strings.Join(args, " "))
		out, err := exec.Command("go", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", pkg, err, out)
		}
		results.read(pkg, string(out))
	}
	prices, err := results.prices(marks)
	if err != nil {
		return err
	}
	for _, m := range marks {
		fmt.Printf("%-18s %-44s %-10s %s\n", m.pkg, m.name, m.unit, prices[m])
	}
	if !write {
		return nil
	}
	return os.WriteFile(page, []byte(fill(string(text), prices, results.machine())), 0o644)
}

// packagesOf returns the packages that marks name, each once.
func packagesOf(marks []mark) []string {
	var all []string
	for _, m := range marks {
		if !slices.Contains(all, m.pkg) {
			all = append(all, m.pkg)
		}
	}
	return all
}

// patternFor returns a pattern for the benchmarks of pkg that marks name.
func patternFor(pkg string, marks []mark) string {
	var all []string
	for _, m := range marks {
		top, _, _ := strings.Cut(m.name, "/")
		if m.pkg == pkg && !slices.Contains(all, top) {
			all = append(all, top)
		}
	}
	return "^Benchmark(" + strings.Join(all, "|") + ")$"
}
