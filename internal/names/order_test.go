package names

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func addrsOf(text string) []netip.Addr {
	var all []netip.Addr
	for word := range strings.FieldsSeq(text) {
		all = append(all, netip.MustParseAddr(word))
	}
	return all
}

func TestInterleave(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"::1", "::1"},
		{"10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2"},
		{"::1 ::2 ::3 10.0.0.1 10.0.0.2", "::1 10.0.0.1 ::2 10.0.0.2 ::3"},
		{"10.0.0.1 10.0.0.2 10.0.0.3 ::1", "10.0.0.1 ::1 10.0.0.2 10.0.0.3"},
		{"10.0.0.1 ::1 ::2 ::3", "10.0.0.1 ::1 ::2 ::3"},
		{"::ffff:10.0.0.1 ::1 10.0.0.2", "10.0.0.1 ::1 10.0.0.2"},
		{"fe80::1%eth0 10.0.0.1", "fe80::1%eth0 10.0.0.1"},
	} {
		if got := interleave(addrsOf(c.in)); !slices.Equal(got, addrsOf(c.want)) {
			t.Errorf("%s: got %v; want %s", c.in, got, c.want)
		}
	}
}

// Whatever comes: nothing is lost, each family keeps its order, the first stays
// first, and two of a family follow each other only when the other is used up.
func TestInterleaveProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) netip.Addr {
			n := rapid.Byte().Draw(t, "n")
			if rapid.Bool().Draw(t, "is4") {
				return netip.AddrFrom4([4]byte{10, 0, 0, n})
			}
			return netip.AddrFrom16([16]byte{0x20, 1, 15: n})
		}), 1, 20).Draw(t, "in")
		given := slices.Clone(in)
		got := interleave(in)
		if !slices.Equal(in, given) {
			t.Fatal("the argument was changed: it is the resolver's")
		}
		if len(got) != len(in) || got[0] != in[0] {
			t.Fatalf("got %v; want as many, beginning with %v", got, in[0])
		}
		family := func(all []netip.Addr, is4 bool) []netip.Addr {
			return slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool { return a.Is4() != is4 })
		}
		for _, is4 := range []bool{true, false} {
			if !slices.Equal(family(got, is4), family(in, is4)) {
				t.Fatalf("got %v; want each family in the order of %v", got, in)
			}
		}
		for i := 1; i < len(got); i++ {
			if is4 := got[i].Is4(); got[i-1].Is4() == is4 && len(family(got[i:], !is4)) > 0 {
				t.Fatalf("got %v: at %d the other family was not used up", got, i)
			}
		}
	})
}
