package httpwire

import (
	"iter"
	"slices"
)

// Fields is a header or trailer section as it arrived: names and values in
// wire order, as views into bytes that belong to a Parser or to whoever fed
// it. How long they live is said where the Fields come from, see Event; Clone
// keeps them. The zero value is an empty section.
//
// A Fields is a handle, one pointer wide: copies of it see the same section,
// and still see it after the parser has moved the section's bytes.
//
// Views, and not strings made of the same memory: a string that changes under
// its holder breaks maps and everything else that trusts strings.
type Fields struct{ s *section }

// A section is one base and, for each field, offsets into it. Offsets stay
// right when the base moves.
type section struct {
	base  []byte
	spans []span
}

// A span is where a field lies in the base: its name is [name:colon], its
// value, without the white space around it, [value:end].
type span struct {
	name, colon, value, end uint32
	at                      uint32 // of the line, from the start of the section on the wire
}

func (s *section) name(f span) []byte  { return s.base[f.name:f.colon:f.colon] }
func (s *section) value(f span) []byte { return s.base[f.value:f.end:f.end] }

// all returns the spans, none for the zero Fields.
func (f Fields) all() []span {
	if f.s == nil {
		return nil
	}
	return f.s.spans
}

func (f Fields) find(name string) (span, bool) {
	for _, sp := range f.all() {
		if int(sp.colon-sp.name) == len(name) && equalFold(f.s.name(sp), name) {
			return sp, true
		}
	}
	return span{}, false
}

// Len returns the number of fields.
func (f Fields) Len() int { return len(f.all()) }

// Get returns a copy of the first value of name, or "".
func (f Fields) Get(name string) string { return string(f.Peek(name)) }

// Peek returns the first value of name: a view, nil if there is no such
// field, empty but not nil if it is there and empty.
func (f Fields) Peek(name string) []byte {
	if sp, ok := f.find(name); ok {
		return f.s.value(sp)
	}
	return nil
}

// Has reports whether a field called name is there, be it empty.
func (f Fields) Has(name string) bool {
	_, ok := f.find(name)
	return ok
}

// Values yields the values of name in order, as views. They are not joined:
// Set-Cookie must not be (RFC 9110 section 5.3).
func (f Fields) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, sp := range f.all() {
			if equalFold(f.s.name(sp), name) && !yield(f.s.value(sp)) {
				return
			}
		}
	}
}

// All yields every name and value in wire order, as views.
func (f Fields) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for _, sp := range f.all() {
			if !yield(f.s.name(sp), f.s.value(sp)) {
				return
			}
		}
	}
}

// Clone returns a copy that owns its bytes and lives for ever. It costs three
// allocations, whatever the number of fields.
func (f Fields) Clone() Fields {
	if f.Len() == 0 {
		return Fields{}
	}
	return Fields{&section{base: slices.Clone(f.s.base), spans: slices.Clone(f.s.spans)}}
}

// Header returns the fields as strings that live for ever, for a caller that
// sends them on.
func (f Fields) Header() Header {
	if f.Len() == 0 {
		return nil
	}
	return f.AppendTo(make(Header, 0, f.Len()))
}

// AppendTo appends the fields to h, as strings that live for ever: Header for a
// caller who has the memory already.
func (f Fields) AppendTo(h Header) Header {
	if f.Len() == 0 {
		return h
	}
	base := string(f.s.base)
	for _, sp := range f.s.spans {
		h = append(h, Field{Name: base[sp.name:sp.colon], Value: base[sp.value:sp.end]})
	}
	return h
}
