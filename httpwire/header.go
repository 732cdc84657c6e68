package httpwire

import (
	"iter"
	"slices"
)

// Field is one header field of a request: a name and a value.
type Field struct{ Name, Value string }

// Header is a request's header section, in the order of the wire and in the
// spelling of the wire. Names compare without case, ASCII only.
type Header []Field

// Get returns the first value of name, or "".
func (h Header) Get(name string) string {
	if i := h.index(name); i >= 0 {
		return h[i].Value
	}
	return ""
}

// Has reports whether a field called name is there, be it empty.
func (h Header) Has(name string) bool { return h.index(name) >= 0 }

// Values yields the values of name in order.
func (h Header) Values(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range h {
			if equalFold(f.Name, name) && !yield(f.Value) {
				return
			}
		}
	}
}

// Add appends a field.
func (h *Header) Add(name, value string) { *h = append(*h, Field{name, value}) }

// Set gives the first field called name this value and removes the others; it
// appends the field where there was none. A first one keeps its place and the
// spelling of its name.
func (h *Header) Set(name, value string) {
	i := h.index(name)
	if i < 0 {
		h.Add(name, value)
		return
	}
	(*h)[i].Value = value
	rest := (*h)[i+1:]
	rest.Del(name)
	*h = (*h)[:i+1+len(rest)]
}

// Del removes every field called name.
func (h *Header) Del(name string) {
	*h = slices.DeleteFunc(*h, func(f Field) bool { return equalFold(f.Name, name) })
}

func (h Header) index(name string) int {
	return slices.IndexFunc(h, func(f Field) bool { return equalFold(f.Name, name) })
}
