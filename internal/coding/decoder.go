package coding

import (
	"cmp"
	"io"
	"iter"
	"math"
)

// Limits bounds what content may grow to. The zero value bounds it to 8 MiB.
type Limits struct {
	// Output is how long the decoded content may be, in bytes; where codings
	// are chained, the result of each. Zero means 8 MiB, a negative number no
	// bound.
	Output int64

	// Ratio is how many times as long as the coded content the decoded one may
	// be, beyond the first Free bytes. Zero means no bound: a table of equal
	// rows is honest and passes any ratio. Deflate alone cannot pass 1032, the
	// others can pass a hundred thousand.
	Ratio int64

	// Free is how long decoded content may be before Ratio is looked at. Zero
	// means 1 MiB.
	Free int64
}

func (l Limits) orDefaults() Limits {
	l.Output = cmp.Or(l.Output, 8<<20)
	if l.Output < 0 {
		l.Output = math.MaxInt64
	}
	l.Free = cmp.Or(l.Free, 1<<20)
	return l
}

// room returns how long decoded content may be when this much of the coded one
// has been used, and which bound says so.
func (l *Limits) room(used int64) (room int64, bound string, limit int64) {
	room, bound, limit = l.Output, "Output", l.Output
	if l.Ratio > 0 && used < math.MaxInt64/l.Ratio {
		if earned := max(l.Free, used*l.Ratio); earned < room {
			return earned, "Ratio", l.Ratio
		}
	}
	return room, bound, limit
}

// Decoder takes the codings of one body off. One goroutine at a time may use
// it. It holds a coroutine from the first byte to the end or the first error:
// a Decoder that is dropped before that must be closed.
type Decoder struct {
	limits Limits
	stages []*stage // the coding that was applied last comes first
	lent   []byte   // of Decode, not yet taken by the bottom
	end    bool
	passed int64 // without a coding: the length of what has gone through

	resume func() ([]byte, bool) // nil: not begun, or over
	stop   func()
	yield  func([]byte) bool // inside the coroutine
	err    error
}

// New returns a Decoder for content with this Content-Encoding: a list such as
// "gzip" or "gzip, br", in the order in which the codings were applied. Where a
// message has several such fields their values are joined with commas. "" means
// no coding. Its error is an *UnsupportedError.
func New(contentEncoding string, l Limits) (*Decoder, error) {
	codings, err := parseList(contentEncoding)
	if err != nil {
		return nil, err
	}
	d := &Decoder{limits: l.orDefaults()}
	more := d.take
	for i := len(codings) - 1; i >= 0; i-- {
		s := &stage{coding: codings[i], in: input{more: more}, limits: &d.limits}
		d.stages = append(d.stages, s)
		s.used = d.stages[0].in.used
		more = s.more
	}
	return d, nil
}

// Decode takes the next bytes of the coded content and hands out what they
// decode to, in pieces that are never empty. in is not kept. A piece is valid
// until emit returns, which must not call Decode; without a coding it is a view
// of in.
//
// end says that in is the last of it. Only then does nil mean that all was
// well. After the end, more bytes are a bug of the caller, and panic.
//
// Where emit returns false the decoder is closed, and Decode returns
// ErrClosed, as it does after Close. The other errors are an *Error and a
// *TooLargeError. All are final: they are returned again and again.
func (d *Decoder) Decode(in []byte, end bool, emit func(out []byte) bool) error {
	if d.err != nil {
		return d.err
	}
	if d.end && len(in) > 0 {
		panic("coding: Decode after the end")
	}
	d.end = d.end || end
	if len(d.stages) == 0 {
		return d.pass(in, emit)
	}
	// No coroutine for no content: most bodies with a coding and without a byte
	// have never been meant to have one.
	if len(in) == 0 && (!end || d.resume == nil) {
		return nil
	}
	d.lent = in
	if d.resume == nil {
		d.resume, d.stop = iter.Pull(d.run)
	}
	for {
		out, more := d.resume()
		switch {
		case !more:
			d.resume, d.stop = nil, nil
			return d.err
		case out == nil:
			return nil
		case !emit(out):
			d.Close()
		}
		if d.err != nil {
			return d.err // emit, too, may have closed it
		}
	}
}

// Close gives up. What has not been handed out is lost, and nothing is left
// behind. It may be called at any time, also by emit, and more than once.
func (d *Decoder) Close() {
	if d.err == nil {
		d.err = ErrClosed
	}
	if d.stop != nil {
		d.stop()
		d.resume, d.stop = nil, nil
	}
	d.stages, d.lent = nil, nil
}

// pass hands out content that has no coding.
func (d *Decoder) pass(in []byte, emit func([]byte) bool) error {
	if left := d.limits.Output - d.passed; int64(len(in)) > left {
		in = in[:left]
		d.err = &TooLargeError{Coding: "identity", Bound: "Output", Limit: d.limits.Output, In: d.limits.Output}
	}
	d.passed += int64(len(in))
	if len(in) > 0 && !emit(in) {
		d.Close()
	}
	return d.err
}

// run is the coroutine. It yields pieces of output, and nil where it lacks
// input.
func (d *Decoder) run(yield func([]byte) bool) {
	stages := d.stages
	defer func() {
		for _, s := range stages {
			s.close()
		}
	}()
	d.yield = yield
	top := stages[len(stages)-1]
	for {
		out, err := top.more()
		if err != nil {
			if err != io.EOF && d.err == nil {
				d.err = err
			}
			return
		}
		if !yield(out) {
			return
		}
	}
}

// take is the input of the first stage: what was lent to Decode.
func (d *Decoder) take() ([]byte, error) {
	for len(d.lent) == 0 {
		if d.end {
			return nil, io.EOF
		}
		if !d.yield(nil) {
			return nil, ErrClosed
		}
	}
	in := d.lent
	d.lent = nil
	return in, nil
}
