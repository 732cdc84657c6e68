// Package coding takes content codings off (RFC 9110 section 8.4) for a caller
// that is pushed its bytes and must not wait.
//
// The decoders that exist are readers: they pull, and wait where there is
// nothing to pull. So a Decoder runs them as a coroutine (iter.Pull), which is
// left where it lacks bytes and entered again when there are some, and left as
// well with each piece of output. No goroutine runs beside the caller, and the
// caller's functions run on the caller's own stack. Several codings are
// readers on top of each other, and still one coroutine.
//
// # What is accepted
//
// The names are gzip, x-gzip, deflate, br, zstd and identity, without regard
// to case; empty elements of the list are passed over.
//
//	no content at all    is right for every coding: the answer to a HEAD, a 204
//	gzip                 one member or several (RFC 1952 section 2.2)
//	deflate              zlib (RFC 1950), which the standard means, or bare deflate
//	                     (RFC 1951), which many servers send; behind the latter up to
//	                     four bytes are passed over, as curl does: a checksum that
//	                     lost its header
//	br                   windows up to 16 MiB (RFC 7932)
//	zstd                 frames, skippable ones too, with windows up to 8 MiB (RFC 9659)
//
// Bytes behind the end are refused, as net/http refuses them: who sends them
// does not know where the content ends. So is content that ends too early,
// whose checksum is wrong, or that grows beyond a bound. What was decoded until
// then has been handed out: none of it is certain before the end.
package coding
