package httpwire

import (
	"slices"
	"strconv"
)

// AppendChunk appends data as one chunk of a body (RFC 9112 section 7.1). No
// data make no chunk, for an empty one would end the body. It allocates only
// if dst is too small.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkHead(dst, int64(len(data)))
	dst = append(dst, data...)
	return append(dst, "\r\n"...)
}

// AppendChunkHead appends what stands before a chunk of n bytes, for a caller
// that writes data from where they are. Behind it come the data and CR LF.
//
// It panics unless n is above zero: the head of an empty chunk would end the
// body, and what is written behind it would be read as something else.
func AppendChunkHead(dst []byte, n int64) []byte {
	if n <= 0 {
		panic("httpwire: AppendChunkHead of a chunk without data")
	}
	dst = strconv.AppendInt(dst, n, 16)
	return append(dst, "\r\n"...)
}

// AppendLastChunk appends the end of a chunked body and its trailer, which may
// be nil. It refuses, with a *RequestError, fields that could not be read back
// and those that must not stand in a trailer; dst is then returned as it was.
//
// Which fields will come is good to say ahead, in the field Trailer of the
// head. Still, whoever hands the request on may drop them (RFC 9110 section
// 6.5).
func AppendLastChunk(dst []byte, trailer Header) ([]byte, error) {
	out := append(dst, "0\r\n"...)
	for _, f := range trailer {
		if err := checkField(f); err != nil {
			return dst, err
		}
		if !MayTrail(f.Name) {
			return dst, &RequestError{"trailer field", f.Name, "it is needed before the body: send it in the header"}
		}
		out = appendField(out, f.Name, f.Value)
	}
	return append(out, "\r\n"...), nil
}

// neverInTrailer lists the fields of a request that must be known before its
// content is read. RFC 9110 section 6.5.1 names the classes; these are their
// members that a client may send.
var neverInTrailer = [...]string{
	// Framing and routing.
	"Content-Length", "Transfer-Encoding", "Host",
	// The connection.
	"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
	// Controls and conditions.
	"Cache-Control", "Expect", "Max-Forwards", "Pragma", "Prefer", "Range",
	"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since",
	// Authentication.
	"Authorization", "Proxy-Authorization", "Cookie",
	// The format of the content.
	"Content-Encoding", "Content-Range", "Content-Type",
}

// MayTrail reports whether a request's field of this name may stand in a trailer.
func MayTrail(name string) bool {
	return !slices.ContainsFunc(neverInTrailer[:], func(never string) bool { return equalFold(name, never) })
}
