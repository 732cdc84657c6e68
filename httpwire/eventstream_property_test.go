package httpwire

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// genEventStream writes a stream as some server might, and says what listen
// should render of it.
func genEventStream(t *rapid.T) (wire, want string) {
	text := rapid.StringMatching("[ :a-z\t\u00e9\u4f60\U0001f600]{0,8}")
	eols := []string{"\n", "\r\n", "\r"}
	if rapid.Bool().Draw(t, "one kind of line end") {
		eols = []string{rapid.SampledFrom(eols).Draw(t, "line end")}
	}
	var w, r strings.Builder
	cr := false // the last line ended in CR: a blank line ended by LF would be none
	line := func(s string) {
		eol := rapid.SampledFrom(eols).Draw(t, "line end")
		if cr && s == "" && eol == "\n" {
			eol = "\r"
		}
		w.WriteString(s + eol)
		cr = eol == "\r"
	}
	field := func(name, value string) {
		switch {
		case value == "" && rapid.Bool().Draw(t, "no colon"):
			line(name)
		case !strings.HasPrefix(value, " ") && rapid.Bool().Draw(t, "no space"):
			line(name + ":" + value)
		default:
			line(name + ": " + value)
		}
	}

	if rapid.Bool().Draw(t, "mark") {
		w.WriteString(byteOrderMark)
	}
	id, lastID, retry := "", "", ""
	for range rapid.IntRange(0, 5).Draw(t, "events") {
		kind := ""
		var data []string
		for range rapid.IntRange(0, 6).Draw(t, "lines") {
			switch rapid.SampledFrom([]string{"data", "data", "event", "id", "retry", "comment", "other"}).Draw(t, "field") {
			case "data":
				data = append(data, text.Draw(t, "data"))
				field("data", data[len(data)-1])
			case "event":
				kind = text.Draw(t, "type")
				field("event", kind)
			case "id":
				next := text.Draw(t, "ID")
				if rapid.Bool().Draw(t, "NUL") {
					field("id", next+"\x00")
					break
				}
				id = next
				field("id", id)
			case "retry":
				ms := rapid.IntRange(0, 1<<31-1).Draw(t, "retry")
				retry = fmt.Sprintf("retry %d\n", ms)
				field("retry", fmt.Sprint(ms))
			case "comment":
				line(":" + text.Draw(t, "comment"))
			case "other":
				field("x-"+rapid.StringMatching("[a-z]{0,3}").Draw(t, "name"), text.Draw(t, "value"))
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "end") == 0 {
			break // the server dies here
		}
		line("")
		lastID = id
		if data != nil {
			fmt.Fprintf(&r, "%q %q %q\n", or(kind, "message"), strings.Join(data, "\n"), id)
		}
	}
	if lastID != "" {
		fmt.Fprintf(&r, "last ID %q\n", lastID)
	}
	return w.String(), r.String() + retry
}

// TestEventStreamProperty: what a server writes is read as it was meant, in
// whatever pieces it comes.
func TestEventStreamProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wire, want := genEventStream(t)
		var pieces [][]byte
		for rest := []byte(wire); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		if got := listen(&EventStream{}, pieces...); got != want {
			t.Fatalf("%q\ngot:\n%swant:\n%s", wire, got, want)
		}
	})
}

// FuzzEventStream: how a stream is cut changes nothing, and what is read of it
// keeps to the standard, as an interpreter sees it that has the whole stream
// before it.
func FuzzEventStream(f *testing.F) {
	for _, c := range eventStreams {
		if len(c.in) < 300 {
			f.Add([]byte(c.in), uint8(c.limit), uint16(len(c.in)/2))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, limit uint8, cut uint16) {
		whole := listen(&EventStream{Limit: int(limit)}, stream)
		at := int(cut) % (len(stream) + 1)
		for how, pieces := range map[string][][]byte{
			"byte by byte": bytewise(stream),
			"cut in two":   {stream[:at], stream[at:]},
			"cut in three": {stream[:at/2], stream[at/2 : at], stream[at:]},
		} {
			if got := listen(&EventStream{Limit: int(limit)}, pieces...); got != whole {
				t.Fatalf("%s, got:\n%sin one piece:\n%s", how, got, whole)
			}
		}
		if unlimited := listen(&EventStream{}, stream); len(stream) < 1<<20 {
			if want := interpret(string(stream)); unlimited != want {
				t.Fatalf("got:\n%swant:\n%s", unlimited, want)
			}
		}
	})
}

// interpret does to a whole stream, step by step, what section 9.2.6 says. It
// leans on nothing of EventStream but how broken characters are decoded.
func interpret(stream string) string {
	var r strings.Builder
	stream = strings.TrimPrefix(decodeUTF8([]byte(stream)), "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(stream, "\n")
	kind, data, id, lastID, retry := "", "", "", "", ""
	for _, line := range lines[:len(lines)-1] {
		name, value, colon := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			lastID = id
			if data != "" {
				fmt.Fprintf(&r, "%q %q %q\n", or(kind, "message"), strings.TrimSuffix(data, "\n"), id)
			}
			kind, data = "", ""
		case colon && name == "":
		case name == "event":
			kind = value
		case name == "data":
			data += value + "\n"
		case name == "id" && !strings.Contains(value, "\x00"):
			id = value
		case name == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			value = strings.TrimLeft(value, "0")
			if len(value) > 10 || len(value) == 10 && value > "2147483647" {
				value = "2147483647"
			}
			retry = fmt.Sprintf("retry %s\n", or(value, "0"))
		}
	}
	if lastID != "" {
		fmt.Fprintf(&r, "last ID %q\n", lastID)
	}
	return r.String() + retry
}
