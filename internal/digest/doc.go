// Package digest answers the challenges of servers that want a password without
// seeing it: HTTP Digest (RFC 7616, and RFC 2069 and 2617 before it). It knows
// strings: no request, no clock, no randomness of its own.
//
//	best, basic := digest.Choose(values) // of the WWW-Authenticate fields
//	session := best.Begin(cnonce)
//	session.Count()
//	value := session.Authorization(user, password, "GET", "/path?query")
//
// # What is understood
//
//	algorithm  MD5, SHA-256, SHA-512-256, each with -sess; none is MD5
//	qop        auth, and none at all; not auth-int, which would hash the body
//	userhash   the user's name is hashed, too
//	stale      see Challenge
//	nextnonce  of the Authentication-Info of a response
//
// Of several challenges the one with the strongest hash is answered, and of
// equals the first. One that is not understood is passed over, so that a server
// may offer what nobody knows yet. The parameter domain is not heeded: a session
// is for the server that has begun it, and for every path there.
//
// # Who is trusted
//
// Digest proves to the server that the client knows the password. It does not
// protect the body, nor, by rspauth, prove the server to the client: that is
// what TLS is for.
package digest
