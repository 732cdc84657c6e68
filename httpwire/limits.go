package httpwire

import "cmp"

// Limits bounds what a peer can make us hold or do. A field that is zero or
// negative means the default. A length of a body is no limit of the parser's:
// it keeps no body.
type Limits struct {
	// Line is the longest line of a head, its end included. The default is
	// Head: one long cookie or Location is no crime.
	Line int

	// Head is the most bytes of one head, blank line included, and of all
	// interim heads of one response together. Default 64 KiB: servers stop at
	// 8 to 16 KiB for what they accept, and clients must take a little more
	// than servers send; curl takes 300 KiB, net/http 10 MiB.
	Head int

	// Fields is the most fields of a head, and of a trailer. Default 1,000: a
	// field costs us 20 bytes and the peer four.
	Fields int

	// Interim is the most 1xx heads before the final one. Default 100, far
	// above what servers send for progress (102) and hints (103).
	Interim int

	// ChunkLine is the longest chunk-size line, extensions and CRLF included.
	// Default 4 KiB.
	ChunkLine int

	// ChunkOverhead is how many bytes the chunk-size lines of a body may have
	// beyond what they earn: 16 bytes a line, and two for each byte of data.
	// Default 16 KiB. Without it a peer could send a megabyte of extensions
	// with each kilobyte of data, for ever.
	ChunkOverhead int

	// Trailer is the most bytes of a trailer section. Default 16 KiB.
	Trailer int
}

// maxBytes keeps every offset of a section well inside the 32 bits of a span.
const maxBytes = 1 << 30

func (l Limits) orDefaults() Limits {
	def := func(v, d int) int { return min(cmp.Or(max(v, 0), d), maxBytes) }
	l.Head = def(l.Head, 64<<10)
	l.Line = min(def(l.Line, l.Head), l.Head)
	l.Fields = def(l.Fields, 1000)
	l.Interim = def(l.Interim, 100)
	l.ChunkLine = def(l.ChunkLine, 4<<10)
	l.ChunkOverhead = def(l.ChunkOverhead, 16<<10)
	l.Trailer = def(l.Trailer, 16<<10)
	return l
}

// Lenient lets pass what some real servers send and no standard allows. All
// is off in the zero value.
type Lenient struct {
	// LeadingEmptyLine allows one empty line before a status line. It hides a
	// server whose last body was longer than it said.
	LeadingEmptyLine bool

	// ControlBytes allows the bytes 0x01 to 0x1f and 0x7f in field values, but
	// never CR, LF or NUL. Cookies with such bytes have been seen.
	ControlBytes bool
}

// Strict refuses what the standard lets a recipient accept. All is off in the
// zero value.
type Strict struct {
	// BareLF refuses a line of a head that ends without CR (RFC 9112 section
	// 2.2 allows it to be taken). In chunk framing and trailers it is always
	// refused.
	BareLF bool

	// LengthAndCoding refuses a head with both Content-Length and
	// Transfer-Encoding. Otherwise the coding wins and the connection is not
	// reused (RFC 9112 section 6.3).
	LengthAndCoding bool
}
