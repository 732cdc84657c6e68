//go:build linux

package floor_test

import (
	"testing"

	"github.com/qqloop/qqloop/bench/floor"
)

// head is the response that the benchmarks of httpwire read.
const head = "HTTP/1.1 200 OK\r\n" +
	"Date: Sun, 22 Nov 2026 01:00:00 GMT\r\n" +
	"Server: nginx/1.27.3\r\n" +
	"Content-Type: application/json; charset=utf-8\r\n" +
	"Connection: keep-alive\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"Cache-Control: private, max-age=0, no-cache\r\n" +
	"X-Request-Id: 7c9e6679-7425-40de-944b-e07fc1f90ae7\r\n" +
	"Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly\r\n" +
	"ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\n" +
	"X-Frame-Options: DENY\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"Content-Length: 13\r\n\r\n"

func BenchmarkHead(b *testing.B) {
	in := []byte(head + "hello, world.")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if begin, length, err := floor.Head(in); begin != len(head) || length != 13 || err != nil {
			b.Fatal(begin, length, err)
		}
	}
}
