//go:build linux

package peers

// ResponseHead is what the parsers are compared at: twelve fields, as a
// service behind a proxy sends them.
var ResponseHead = []byte("HTTP/1.1 200 OK\r\n" +
	"Server: nginx\r\n" +
	"Date: Mon, 15 Apr 2013 08:00:00 GMT\r\n" +
	"Content-Type: application/json; charset=utf-8\r\n" +
	"Content-Length: 1234\r\n" +
	"Connection: keep-alive\r\n" +
	"Cache-Control: no-cache, no-store\r\n" +
	"Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"X-Request-Id: 5f0c1f3e8a7d4e0fb1f1c6f2a8d9e0b3\r\n" +
	"Set-Cookie: session=2b7e151628aed2a6; Path=/; HttpOnly\r\n" +
	"Strict-Transport-Security: max-age=31536000\r\n" +
	"X-Frame-Options: SAMEORIGIN\r\n" +
	"\r\n")

const (
	headFields = 12
	headLength = 1234
)
