package main

import (
	"regexp"
	"slices"
)

// A mark is the place of a price in a page.
type mark struct{ pkg, name, unit string }

var (
	price   = regexp.MustCompile(`<!-- price (\S+) (\S+)(?: (\S+))? -->([^<]*)<!-- /price -->`)
	machine = regexp.MustCompile(`(?s)(<!-- price-machine -->).*?(<!-- /price-machine -->)`)
)

// marksIn returns the marks of a page, each once.
func marksIn(text string) []mark {
	var all []mark
	for _, m := range price.FindAllStringSubmatch(text, -1) {
		if k := markOf(m); !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}

func markOf(groups []string) mark {
	m := mark{groups[1], groups[2], groups[3]}
	if m.unit == "" {
		m.unit = "ns/op"
	}
	return m
}

// fill puts prices into the text, and says where they were measured.
func fill(text string, prices map[mark]string, where string) string {
	text = price.ReplaceAllStringFunc(text, func(old string) string {
		groups := price.FindStringSubmatch(old)
		at := price.FindStringSubmatchIndex(old)
		return old[:at[8]] + prices[markOf(groups)] + old[at[9]:]
	})
	return machine.ReplaceAllString(text, "${1}"+where+"${2}")
}
