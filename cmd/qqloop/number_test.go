package main

import "testing"

func TestNumbers(t *testing.T) {
	for text, want := range map[string]bytesCount{
		"0": 0, "100": 100, "2k": 2048, "2K": 2048, "3m": 3 << 20, "1G": 1 << 30, "9223372036854775807": 1<<63 - 1,
	} {
		var n bytesCount
		if err := n.UnmarshalText([]byte(text)); err != nil || n != want {
			t.Errorf("%q: got %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "k", "-1", "1.5", "1T", "1kk", "9223372036854775808", "9007199254740993K", "1 k"} {
		var n bytesCount
		if err := n.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d; want an error", text, n)
		}
	}
	for text, want := range map[string]number{"0": 0, "-1": -1, "7": 7} {
		var n number
		if err := n.UnmarshalText([]byte(text)); err != nil || n != want {
			t.Errorf("%q: got %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "x", "1.5", "99999999999"} {
		var n number
		if err := n.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d; want an error", text, n)
		}
	}
}
