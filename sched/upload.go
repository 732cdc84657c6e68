package sched

import (
	"errors"
	"io"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/internal/kernel"
)

// An Upload is a request's body that is not in memory. It is read while it is
// sent: at most 64 KiB of it are held, or 512 of a long one, and a server that takes
// nothing stops the reading.
//
// Open, Read, Trailer and Close run on one goroutine, which the upload has while
// its request is sent, so they may block. When the rest of the body is not wanted
// any more - the server has answered, the request was cancelled or has failed -
// the body is closed at once; if a Read is under way, from another goroutine,
// as a file, a pipe and a socket allow. Nobody waits for that Read.
type Upload struct {
	// Open begins the body. It is called when there is a connection to send
	// it on, and once more each time when the request is sent again.
	Open func() (io.ReadCloser, error)

	// Length is how many bytes the body has, or httpwire.Chunked if nobody
	// knows: then it is sent in chunks, which HTTP/1.0 cannot. A body with fewer
	// bytes, or more, fails with BadUpload.
	Length int64

	// Once says that Open can be called only once. Then the request is not
	// sent again after that: not replayed, not tried again, and a redirect that
	// wants the body again fails.
	Once bool

	// Trailer, if not nil, is asked for trailer fields behind the last byte. It
	// is for chunked bodies only.
	Trailer func() httpwire.Header
}

// UploadFile returns an Upload of a file. It asks for the file's length, which
// must be the same when it is sent. What has no length, a named pipe or a
// device, is sent in chunks, and once.
func UploadFile(path string) (*Upload, error) {
	size, err := kernel.FileSize(path)
	if err != nil {
		return nil, err
	}
	u := &Upload{
		Open:   func() (io.ReadCloser, error) { return kernel.OpenFile(path) },
		Length: size,
	}
	if size < 0 {
		u.Length, u.Once = httpwire.Chunked, true
	}
	return u, nil
}

// UploadReader returns an Upload of what r gives, which can be sent once. The
// length is that of Upload. r is closed if it is an io.Closer.
func UploadReader(r io.Reader, length int64) *Upload {
	c, ok := r.(io.ReadCloser)
	if !ok {
		c = io.NopCloser(r)
	}
	return &Upload{
		Open:   func() (io.ReadCloser, error) { return c, nil },
		Length: length,
		Once:   true,
	}
}

// unusable says why u cannot be the body of r, or "".
func (u *Upload) unusable(r *Request) string {
	switch {
	case u.Open == nil:
		return "an Upload must have an Open"
	case len(r.Body) > 0:
		return "a request has a Body or an Upload, not both"
	case u.Trailer != nil && u.Length != httpwire.Chunked:
		return "a trailer can stand only behind a chunked body: set Length to httpwire.Chunked"
	}
	return ""
}

// errNotAgain is why a request with an Upload that can be opened once is not
// sent a second time.
var errNotAgain = errors.New("the body would have to be sent again, and can be read only once")
