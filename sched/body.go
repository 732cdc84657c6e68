package sched

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/internal/coding"
)

// body is what becomes of a response's body: codings are taken off, and the
// rest is kept, or given away piece by piece.
type body struct {
	decoder *coding.Decoder // nil: as it comes
	given   bool            // to OnBody
	size    int64
	view    []byte // all of it, while it lies in the stream's scratch,
	kept    []byte // and once it does not

	kind Kind // why put stopped
	err  error
}

// keptBody is the largest buffer that is taken along to the next response, and
// keptBodies is how much all those are that wait for one.
const (
	keptBody   = 64 << 10
	keptBodies = 1 << 20
)

func (b *body) reset() {
	if b.decoder != nil {
		b.decoder.Close()
	}
	kept := b.kept[:0]
	if cap(kept) > keptBody {
		kept = nil
	}
	*b = body{kept: kept}
}

// bytes returns what is kept.
func (b *body) bytes() []byte {
	if b.view != nil {
		return b.view
	}
	return b.kept
}

// settle moves the body out of the scratch, before that is read into again.
func (b *body) settle() {
	if b.view != nil {
		b.kept = append(b.kept, b.view...)
		b.view = nil
	}
}

// startBody looks at the head for what to do with the body.
func (x *exchange) startBody() (Kind, error) {
	r := x.reader
	switch status := r.head.Status; {
	case x.expectFailed(status):
		x.aside().refused, x.again = true, true
	case x.challenged(r.head) && !x.spent():
		x.aside().again = true
	}
	r.body.given = (x.req.OnBody != nil || x.taker != nil) && !x.follows(r.head.Status) && !x.again
	var codings []string
	if x.req.Decode && !x.req.Raw {
		for v := range r.head.Fields.Values("Content-Encoding") {
			codings = append(codings, string(v))
		}
	}
	if len(codings) == 0 {
		// Of what says that it will be too long nothing need be read.
		if n, known := r.parser.ContentLength(); known && !x.fits(n) {
			return BodyTooLarge, x.tooLong()
		}
		return "", nil
	}
	var err error
	r.body.decoder, err = coding.New(strings.Join(codings, ", "), coding.Limits{Output: x.maxBody()})
	return BadEncoding, err
}

// fits reports whether a body of n bytes is not too long.
func (x *exchange) fits(n int64) bool {
	most := x.maxBody()
	return most < 0 || n <= most
}

func (x *exchange) tooLong() error {
	return fmt.Errorf("the body is longer than %d bytes", x.maxBody())
}

// maxBody is the longest body, or a negative number.
func (x *exchange) maxBody() int64 {
	switch {
	case x.req.OnBody != nil && !x.reader.body.given:
		// A redirect's, or a 401's: nobody asked for that one.
		return x.stream.options.MaxBody
	case x.req.MaxBody != 0:
		return x.req.MaxBody
	case x.req.OnBody != nil, x.taker != nil:
		return -1
	}
	return x.stream.options.MaxBody
}

// takeBody takes a piece of the body, or its end. It reports whether the
// exchange goes on.
func (x *exchange) takeBody(piece []byte, end bool) bool {
	b, generation := &x.reader.body, x.generation
	if b.decoder == nil {
		if len(piece) == 0 || x.put(piece) {
			return true
		}
	} else {
		// What is decoded lies in the decoder's memory: it cannot stay a view.
		err := b.decoder.Decode(piece, end, func(out []byte) bool {
			goesOn := x.put(out)
			if goesOn {
				b.settle()
			}
			return goesOn
		})
		if err == nil {
			return true
		}
		if b.err == nil && x.reading(generation) {
			b.kind, b.err = BadEncoding, err
		}
	}
	if x.reading(generation) {
		x.fail(b.kind, b.err)
	}
	return false
}

// put keeps a piece, or gives it away. If it reports false the reason is in the
// body, unless the exchange has ended by OnBody's own doing.
func (x *exchange) put(piece []byte) bool {
	b := &x.reader.body
	if !x.fits(b.size + int64(len(piece))) {
		b.kind, b.err = BodyTooLarge, x.tooLong()
		return false
	}
	b.size += int64(len(piece))
	switch {
	case b.given && x.taker != nil:
		x.taker.takePiece(x, piece)
	case b.given:
		generation := x.generation
		x.gave = true
		err := x.req.OnBody(x.reader.response(x), piece)
		if !x.reading(generation) {
			return false
		}
		if err != nil {
			b.kind, b.err = Unwanted, err
		}
		return err == nil
	case b.view == nil && len(b.kept) == 0:
		b.view = piece
	default:
		b.settle()
		b.kept = append(b.kept, piece...)
	}
	return true
}

// reading reports whether x is still reading the response that it read when it
// had this generation: OnBody may have cancelled it, or closed the stream.
func (x *exchange) reading(generation uint32) bool {
	return x.generation == generation && x.phase == reading
}

// follows reports whether a response with this status is a redirect that will
// be followed, or fail.
func (x *exchange) follows(status int) bool {
	return x.req.MaxRedirects != 0 && slices.Contains(redirects, status)
}

// redirects are the statuses that are followed (RFC 9110 section 15.4).
var redirects = []int{301, 302, 303, 307, 308}
