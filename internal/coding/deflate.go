package coding

import (
	"compress/flate"
	"compress/zlib"
	"io"
)

// openDeflate tells the two forms apart by their first two bytes. A zlib
// header says method 8, a window of at most 32 KiB, and is divisible by 31
// (RFC 1950 section 2.2). A bare block that begins so would be a stored one
// with a one in its padding, which no compressor writes.
func openDeflate(in *input) (io.Reader, error) {
	h := in.peek(2)
	if len(h) == 2 && h[0]&0x0f == 8 && h[0]>>4 <= 7 && (uint(h[0])<<8|uint(h[1]))%31 == 0 {
		z, err := zlib.NewReader(in)
		return &single{in, z, 0}, err
	}
	return &single{in, flate.NewReader(in), 4}, nil
}

// single is the one stream of a deflate coding, and what may stand behind it.
type single struct {
	in        *input
	z         io.Reader
	tolerated int // how many bytes behind the end are passed over
}

func (s *single) Read(p []byte) (int, error) {
	n, err := s.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	if n > 0 {
		return n, nil // it will say EOF again
	}
	if len(s.in.peek(s.tolerated+1)) > s.tolerated {
		return 0, trailing("deflate", s.in)
	}
	s.in.in = nil
	return 0, io.EOF
}
