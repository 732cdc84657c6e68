package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// writeScenario tells what s does, shows a table for each figure, and says who
// was best.
func writeScenario(b *strings.Builder, f *result.File, s result.Scenario) {
	fmt.Fprintf(b, "### %s\n\n%s\n\n", s.Name, s.About)
	var asides []result.Kind
	for _, k := range kindsIn(f, s.Name) {
		if counts(s.Name, k) {
			writeTable(b, f, s.Name, k)
		} else {
			asides = append(asides, k)
		}
	}
	b.WriteString(winners(f, s.Name))
	if all := notes(f, s.Name); len(all) > 0 {
		b.WriteString("\n- " + strings.Join(all, "\n- ") + "\n")
	}
	if len(asides) > 0 {
		b.WriteString("\n<details><summary>The other figures</summary>\n\n")
		for _, k := range asides {
			writeTable(b, f, s.Name, k)
		}
		b.WriteString("</details>\n")
	}
	b.WriteString("\n")
}

// kindsIn returns the kinds of figures that a scenario's rows have, in the
// order of the catalogue, with those that it does not know behind them.
func kindsIn(f *result.File, scenario string) []result.Kind {
	var known, unknown []result.Kind
	for _, k := range result.Kinds {
		if slices.ContainsFunc(f.Rows, func(r result.Row) bool { return has(scenario, k.Name)(&r) }) {
			known = append(known, k)
		}
	}
	for _, r := range f.Rows {
		for name := range r.Figures {
			k := result.Kind{Name: name}
			if _, ok := result.KindOf(name); !ok && r.Scenario == scenario && !slices.Contains(unknown, k) {
				unknown = append(unknown, k)
			}
		}
	}
	slices.SortFunc(unknown, func(a, b result.Kind) int { return strings.Compare(a.Name, b.Name) })
	return append(known, unknown...)
}

// writeTable writes peers by connections.
func writeTable(b *strings.Builder, f *result.File, scenario string, k result.Kind) {
	keep := has(scenario, k.Name)
	conns := connsIn(f.Rows, keep)
	fmt.Fprintf(b, "| %s |", title(k))
	for _, n := range conns {
		fmt.Fprintf(b, " %s |", connsTitle(n))
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(conns)) + "\n")
	for _, e := range entries(f.Rows, keep) {
		name := e.String()
		if e.peer == result.Subject {
			name = "**" + name + "**"
		}
		fmt.Fprintf(b, "| %s |", name)
		for _, n := range conns {
			fmt.Fprintf(b, " %s |", cell(f, scenario, k, e, n))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func connsTitle(n int) string {
	switch n {
	case 0:
		return "result"
	case 1:
		return "1 connection"
	}
	return thousands(int64(n))
}

func cell(f *result.File, scenario string, k result.Kind, e entry, conns int) string {
	r := f.Row(scenario, e.variant, e.peer, conns)
	if r == nil {
		return "–"
	}
	fig, ok := r.Figures[k.Name]
	if !ok {
		return "–"
	}
	text := spread(k, fig)
	if best, ok := bestOf(f, scenario, e.variant, k, conns); ok && e.peer != floor && fig.Median == best {
		text = "**" + quantity(k, fig.Median) + "**" + strings.TrimPrefix(text, quantity(k, fig.Median))
	}
	if x, ok := r.Ratio[k.Name]; ok && e.peer != result.Subject {
		text += " " + times(x)
	}
	return text
}

// bestOf returns the best median of a column and a variant: of rivals, the floor
// left out, and only where there is more than one and it says who is better.
func bestOf(f *result.File, scenario, variant string, k result.Kind, conns int) (best float64, ok bool) {
	n := 0
	for i := range f.Rows {
		r := &f.Rows[i]
		if !has(scenario, k.Name)(r) || r.Variant != variant || r.Conns != conns || r.Peer == floor {
			continue
		}
		if v := r.Figures[k.Name].Median; n == 0 || better(k, v, best) {
			best = v
		}
		n++
	}
	return best, n > 1 && !isShare(k)
}

func better(k result.Kind, a, b float64) bool {
	if k.More {
		return a > b
	}
	return a < b
}

// winners says who has the best figure, for each that counts and each number of
// connections.
func winners(f *result.File, scenario string) string {
	var said []string
	for _, k := range kindsIn(f, scenario) {
		if !counts(scenario, k) {
			continue
		}
		keep := has(scenario, k.Name)
		conns := connsIn(f.Rows, keep)
		var best []string
		at := map[string][]string{}
		for _, n := range conns {
			for _, e := range entries(f.Rows, keep) {
				r := f.Row(scenario, e.variant, e.peer, n)
				top, ok := bestOf(f, scenario, e.variant, k, n)
				if !ok || r == nil || !keep(r) || e.peer == floor || r.Figures[k.Name].Median != top {
					continue
				}
				if at[e.String()] == nil {
					best = append(best, e.String())
				}
				at[e.String()] = append(at[e.String()], thousands(int64(n)))
			}
		}
		for i, who := range best {
			if len(at[who]) < len(conns) {
				best[i] += " at " + list(at[who])
			}
		}
		if len(best) > 0 {
			said = append(said, lowerFirst(name(k))+": "+strings.Join(best, ", "))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "Best: " + strings.Join(said, "; ") + ".\n"
}

// notes returns what a reader must know of the rows to be fair, and of whose.
func notes(f *result.File, scenario string) (all []string) {
	var texts []string
	whose := map[string][]string{}
	for _, e := range entries(f.Rows, func(r *result.Row) bool { return r.Scenario == scenario }) {
		for _, r := range f.Rows {
			if r.Scenario != scenario || r.Peer != e.peer || r.Variant != e.variant || r.Note == "" {
				continue
			}
			if whose[r.Note] == nil {
				texts = append(texts, r.Note)
			}
			if who := peerOf(r.Peer).shown; !slices.Contains(whose[r.Note], who) {
				whose[r.Note] = append(whose[r.Note], who)
			}
		}
	}
	for _, text := range texts {
		all = append(all, list(whose[text])+": "+text)
	}
	return all
}

// list joins words: "1, 64 and 1,000".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// lowerFirst begins a title that stands within a sentence; CPU and Go stay.
func lowerFirst(s string) string {
	if len(s) < 2 || strings.HasPrefix(s, "CPU") || strings.HasPrefix(s, "Go ") {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
