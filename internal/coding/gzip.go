package coding

import (
	"compress/gzip"
	"io"
)

// gzipMagic begins each member (RFC 1952 section 2.3.1).
const gzipMagic = "\x1f\x8b"

func openGzip(in *input) (io.Reader, error) {
	if first := in.peek(2); string(first) != gzipMagic[:len(first)] {
		return nil, notA("gzip", in, gzip.ErrHeader)
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &members{in, z}, nil
}

// members reads one member after the other. gzip.Reader would do it by itself,
// but take any ten bytes for a header that is wrong, and fewer for one that is
// cut: here what follows must at least begin as a member does.
type members struct {
	in *input
	z  *gzip.Reader
}

func (m *members) Read(p []byte) (int, error) {
	n, err := m.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	if n > 0 {
		return n, nil // it will say EOF again
	}
	next := m.in.peek(2)
	if len(next) == 0 {
		return 0, io.EOF
	}
	if string(next) != gzipMagic[:len(next)] {
		return 0, trailing("gzip", m.in)
	}
	if err := m.z.Reset(m.in); err != nil {
		return 0, err
	}
	m.z.Multistream(false)
	return 0, nil
}
