package script

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Lines are the same however what a child prints is cut.
func TestLineWriter(t *testing.T) {
	long := strings.Repeat("y", maxLine)
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a\nbc\r\n\nd", []string{"a", "bc", "", "d"}},
		{long + "\nz\n", []string{long, "z"}},
		{long + "y\nz\n", []string{long + " cut", "z"}},
		{long + long + long, []string{long + " cut"}},
	} {
		for _, size := range []int{1, 2, 7, 4096, len(test.text) + 1} {
			if size < 7 && len(test.text) > 100 {
				continue // a minute, for nothing new
			}
			var got []string
			w := &lineWriter{line: func(b []byte, cut bool) {
				line := string(b)
				if cut {
					line += " cut"
				}
				got = append(got, line)
			}}
			for piece := range slices.Chunk([]byte(test.text), size) {
				fmt.Fprintf(w, "%s", piece)
			}
			w.flush()
			if !slices.Equal(got, test.want) {
				t.Errorf("%.20q in pieces of %d: got %.60q; want %.60q", test.text, size, got, test.want)
			}
		}
	}
}
