package httpwire

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Look at every changed line after a rewrite: a vector that agrees with the
// parser by construction proves nothing.
var rewrite = flag.Bool("rewrite", false, "write what the parser does into testdata/parse")

// A vector is one case of testdata/parse: directives, "----", the verdict,
// and an empty line. The directives:
//
//	case NAME              the row it belongs to, with its number
//	method NAME            of the request; GET
//	upgrade                the request asked for one
//	lenient / strict FLAG  a field of Lenient or Strict
//	limit NAME N           a field of Limits
//	open                   the peer does not close after the last byte
//	send "TEXT"            bytes of the response, in Go's quotation
//	repeat N "TEXT"        the same N times
type vector struct {
	file, name string
	source     []string // lines as they stand
	want       string

	parser  Parser // as configured
	method  string
	upgrade bool
	open    bool
	input   []byte
}

func (v *vector) newParser() *Parser {
	p := &Parser{Limits: v.parser.Limits, Lenient: v.parser.Lenient, Strict: v.parser.Strict}
	p.Expect(v.method)
	if v.upgrade {
		p.ExpectUpgrade()
	}
	return p
}

func loadVectors(t testing.TB) []*vector {
	t.Helper()
	files, err := filepath.Glob("testdata/parse/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var all []*vector
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
			v, err := parseVector(block)
			if err != nil {
				t.Fatalf("%s: %v in\n%s", file, err, block)
			}
			v.file = file
			all = append(all, v)
		}
	}
	return all
}

func parseVector(block string) (*vector, error) {
	source, want, _ := strings.Cut(block+"\n", "----\n")
	v := &vector{source: strings.Split(strings.TrimSpace(source), "\n"), want: want}
	for _, line := range v.source {
		key, arg, _ := strings.Cut(line, " ")
		var err error
		switch key {
		case "#":
		case "case":
			v.name = arg
		case "method":
			v.method = arg
		case "upgrade":
			v.upgrade = true
		case "open":
			v.open = true
		case "lenient", "strict":
			flags := map[string]*bool{
				"LeadingEmptyLine": &v.parser.Lenient.LeadingEmptyLine,
				"ControlBytes":     &v.parser.Lenient.ControlBytes,
				"BareLF":           &v.parser.Strict.BareLF,
				"LengthAndCoding":  &v.parser.Strict.LengthAndCoding,
			}
			if flags[arg] == nil {
				return nil, fmt.Errorf("no flag %q", arg)
			}
			*flags[arg] = true
		case "limit":
			name, number, _ := strings.Cut(arg, " ")
			l := &v.parser.Limits
			limits := map[string]*int{
				"Line": &l.Line, "Head": &l.Head, "Fields": &l.Fields, "Interim": &l.Interim,
				"ChunkLine": &l.ChunkLine, "ChunkOverhead": &l.ChunkOverhead, "Trailer": &l.Trailer,
			}
			if limits[name] == nil {
				return nil, fmt.Errorf("no limit %q", name)
			}
			*limits[name], err = strconv.Atoi(number)
		case "send":
			err = v.send(1, arg)
		case "repeat":
			number, text, _ := strings.Cut(arg, " ")
			var n int
			if n, err = strconv.Atoi(number); err == nil {
				err = v.send(n, text)
			}
		default:
			err = fmt.Errorf("no directive")
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %v", line, err)
		}
	}
	return v, nil
}

func (v *vector) send(n int, quoted string) error {
	text, err := strconv.Unquote(quoted)
	v.input = append(v.input, strings.Repeat(text, n)...)
	return err
}

// TestVectors runs each vector in one piece, byte by byte, and cut in two at
// every place. Inputs of more than 2 KiB are cut at some 100 places.
func TestVectors(t *testing.T) {
	rewritten := map[string][]string{}
	seen := map[string]bool{}
	for _, v := range loadVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			if seen[v.name] {
				t.Errorf("a second case %q", v.name)
			}
			seen[v.name] = true
			whole := drive(v.newParser(), !v.open, v.input)
			got := whole.String()
			if whole.err != nil {
				got += "text " + whole.err.Error() + "\n"
			}
			if *rewrite {
				block := strings.Join(v.source, "\n") + "\n----\n" + got
				rewritten[v.file] = append(rewritten[v.file], block)
			} else if got != v.want {
				t.Errorf("got:\n%swant:\n%s", got, v.want)
			}

			want := whole.String()
			compare := func(how string, v verdict) {
				if got := v.String(); got != want {
					t.Fatalf("%s, got:\n%sin one piece:\n%s", how, got, want)
				}
				if v.err != nil && !bytes.HasPrefix(whole.err.Bytes, v.err.Bytes) {
					t.Fatalf("%s, quoted %q; in one piece %q", how, v.err.Bytes, whole.err.Bytes)
				}
				if !bytes.Equal(v.body, whole.body) {
					t.Fatalf("%s: another body", how)
				}
			}
			compare("byte by byte", drive(v.newParser(), !v.open, bytewise(v.input)...))
			step := 1
			if len(v.input) > 2048 {
				step = len(v.input)/100 + 1
			}
			for i := 0; i <= len(v.input); i += step {
				compare(fmt.Sprintf("cut at %d", i), drive(v.newParser(), !v.open, v.input[:i], v.input[i:]))
			}
			// A warm parser must not remember anything.
			p := v.newParser()
			drive(p, !v.open, v.input)
			p.Expect(v.method)
			if v.upgrade {
				p.ExpectUpgrade()
			}
			compare("the second time", drive(p, !v.open, v.input))
		})
	}
	for file, blocks := range rewritten {
		if err := os.WriteFile(file, []byte(strings.Join(blocks, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The choices of this parser were made over 145 replies that six other clients
// were tried with. The number of a reply stands in brackets in the name of its
// vector; these are the numbers for which there was something to choose.
func TestEveryRowHasAVector(t *testing.T) {
	var names strings.Builder
	for _, v := range loadVectors(t) {
		names.WriteString(v.name + "\n")
	}
	rows := [][2]int{
		{3, 11}, {13, 14}, {16, 20}, {23, 23}, {25, 55}, {57, 73}, {75, 82}, {84, 90},
		{92, 103}, {105, 144},
	}
	for _, r := range rows {
		for n := r[0]; n <= r[1]; n++ {
			if !strings.Contains(names.String(), fmt.Sprintf("[%d]", n)) {
				t.Errorf("row [%d] has no vector", n)
			}
		}
	}
}
