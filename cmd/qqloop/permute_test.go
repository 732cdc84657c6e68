package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestPermute(t *testing.T) {
	var c cli
	parser, err := newParser(&c, io.Discard, io.Discard)
	check(t, err)
	for line, want := range map[string]string{
		"":                              "",
		"get":                           "get",
		"get u -o f v -o g":             "get -o f -o g -- u v",
		"get -sS u -f v":                "get -sS -f -- u v",
		"get u -XPOST v":                "get -XPOST -- u v",
		"get u -sX POST v":              "get -sX POST -- u v",
		"get u --max-time=3 v":          "get --max-time=3 -- u v",
		"get u --max-time 3 v":          "get --max-time 3 -- u v",
		"get u --retry -- v":            "get --retry -- -- u v",
		"get u -- -s v":                 "get -- u -s v",
		"get - -O u -b a=b":             "get -O -b a=b -- - u",
		"get -T - u":                    "get -T - -- u",
		"get u --unknown v":             "get --unknown -- u v",
		"get u -o":                      "get -o -- u",
		"get --help u":                  "get --help -- u",
		"run -c f":                      "run -c f",
		"demo --trace":                  "demo --trace",
		"nothing u -o f":                "nothing u -o f",
		"get -H X-Größe:1 -A ü u -w %é": "get -H X-Größe:1 -A ü -w %é -- u",
	} {
		got := permute(parser.Model, strings.Fields(line))
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: got %q; want %q", line, got, want)
		}
	}
}
