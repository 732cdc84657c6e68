package httpwire

import (
	"maps"
	"slices"
	"testing"
)

func TestHeader(t *testing.T) {
	base := Header{{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}}
	for _, c := range []struct {
		name string
		do   func(h *Header)
		want Header
	}{
		{"add", func(h *Header) { h.Add("A", "5") }, Header{{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}}},
		{"set the first and drop the others", func(h *Header) { h.Set("a", "5") }, Header{{"A", "5"}, {"b", "2"}, {"C", "4"}}},
		{"set the last", func(h *Header) { h.Set("c", "5") }, Header{{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "5"}}},
		{"set what was not there", func(h *Header) { h.Set("D", "5") }, Header{{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}, {"D", "5"}}},
		{"delete", func(h *Header) { h.Del("a") }, Header{{"b", "2"}, {"C", "4"}}},
		{"delete what was not there", func(h *Header) { h.Del("D") }, base},
	} {
		h := slices.Clone(base)
		if c.do(&h); !slices.Equal(h, c.want) {
			t.Errorf("%s: got %v; want %v", c.name, h, c.want)
		}
	}
	if got := base.Get("B"); got != "2" {
		t.Errorf("got %q; want %q", got, "2")
	}
	if base.Has("D") || base.Get("D") != "" || !base.Has("c") {
		t.Error("has what it has not, or has not what it has")
	}
	if got, want := slices.Collect(base.Values("a")), []string{"1", "3"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	for range base.Values("a") {
		break
	}
}

// To strings.EqualFold these are equal; on the wire they are not.
func TestNamesAreASCII(t *testing.T) {
	if equalFold("\u212aeep-Alive", "Keep-Alive") || equalFold("\u017fet", "set") {
		t.Error("a letter outside of ASCII is taken for one inside")
	}
	for _, c := range [][2]string{{"@", "`"}, {"[", "{"}} {
		if equalFold(c[0], c[1]) {
			t.Errorf("%q equals %q", c[0], c[1])
		}
	}
}

func TestFields(t *testing.T) {
	var p Parser
	wire := []byte("HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nEmpty:\r\nset-cookie: b\r\n\r\n")
	p.Feed(wire)
	head := next(t, &p, GotHead).Head
	clone, header := head.Clone(), head.Fields.Header()
	check := func(what string, f Fields) {
		t.Helper()
		if f.Len() != 3 || f.Get("SET-COOKIE") != "a" || f.Get("none") != "" {
			t.Errorf("%s: got %d fields, first cookie %q", what, f.Len(), f.Get("Set-Cookie"))
		}
		if v := f.Peek("empty"); v == nil || len(v) != 0 {
			t.Errorf("%s: got %#v; want an empty view", what, v)
		}
		if f.Peek("none") != nil || f.Has("none") || !f.Has("Empty") {
			t.Errorf("%s: has what it has not, or has not what it has", what)
		}
		var all string
		for v := range f.Values("Set-Cookie") {
			all += string(v)
		}
		for name, value := range f.All() {
			all += " " + string(name) + "=" + string(value)
		}
		if want := "ab Set-Cookie=a Empty= set-cookie=b"; all != want {
			t.Errorf("%s: got %q; want %q", what, all, want)
		}
		for range f.Values("Set-Cookie") {
			break
		}
		for range f.All() {
			break
		}
	}
	check("view", head.Fields)
	clear(wire)
	p.Expect("")
	check("clone", clone.Fields)
	if string(clone.Reason) != "OK" || clone.Status != 200 {
		t.Errorf("got %d %q; want 200 OK", clone.Status, clone.Reason)
	}
	if want := (Header{{"Set-Cookie", "a"}, {"Empty", ""}, {"set-cookie", "b"}}); !slices.Equal(header, want) {
		t.Errorf("got %v; want %v", header, want)
	}
}

func TestZeroFields(t *testing.T) {
	var f Fields
	if f.Len() != 0 || f.Has("X") || f.Get("X") != "" || f.Peek("X") != nil || f.Header() != nil || f.Clone() != (Fields{}) {
		t.Error("the zero Fields is not empty")
	}
	if n := len(maps.Collect(seqOfStrings(f))); n != 0 {
		t.Errorf("got %d fields; want 0", n)
	}
}

func seqOfStrings(f Fields) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for name, value := range f.All() {
			if !yield(string(name), string(value)) {
				return
			}
		}
	}
}
