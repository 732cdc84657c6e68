package httpwire

import "strings"

// suspects are bytes that somebody, somewhere, takes for more than a byte.
const suspects = "\x00\x01\t\n\v\f\r\x1b !\"(,/:;=@[\x7f\x80\xff"

// makeReplies makes the rows of testdata/differential.txt by rules: most of
// them change one thing of a reply that is well, and the last are nasty in a
// way of their own.
func makeReplies() (all []*reply) {
	add := func(method string, wire ...string) {
		all = append(all, &reply{method: method, wire: strings.Join(wire, "")})
	}
	get := func(wire ...string) { add("GET", wire...) }
	const (
		ok     = "HTTP/1.1 200 OK\r\n"
		five   = "Content-Length: 5\r\n\r\nhello"
		coded  = "Transfer-Encoding: chunked\r\n"
		chunks = "5\r\nhello\r\n0\r\n\r\n"
	)

	// The status line.
	for _, line := range []string{
		"HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.1 ", "HTTP/1.1", "HTTP/1.0 200 OK",
		"HTTP/1.2 200 OK", "HTTP/1.9 200 OK", "HTTP/1.10 200 OK", "HTTP/1 200 OK", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/01.1 200 OK",
		"HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", " HTTP/1.1 200 OK", "http/1.1 200 OK", "HTTPS/1.1 200 OK", "HTTP 200 OK", "ICY 200 OK",
		"HTTP/1.1 000 x", "HTTP/1.1 099 x", "HTTP/1.1 600 x", "HTTP/1.1 999 x", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 +20 OK",
		"HTTP/1.1 -20 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 0x1 OK", "HTTP/1.1 200OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200  OK", "HTTP/1.1 OK 200",
		"HTTP/1.1 200 \xe5\xa5\xbd", "HTTP/-1.1 200 OK", "HTTP/1.-1 200 OK", "HTTP/1,1 200 OK", "HTTP/\uff11.1 200 OK", "GET / HTTP/1.1",
	} {
		get(line, "\r\n", five)
	}

	// A suspect in each place where bytes are free.
	for i := range len(suspects) {
		c := suspects[i : i+1]
		get("HTTP/1.1 200 O", c, "K\r\n", five)
		get(ok, "X", c, "Y: z\r\n", five)
		get(ok, "X: y", c, "z\r\n", five)
		get(ok, "X: ", c, "\r\n", five)
		get(ok, "Content-Length: ", c, "5\r\n\r\nhello")
		get(ok, "Content-Length: 5", c, "\r\n\r\nhello")
		get(ok, coded, "\r\n", c, chunks)
		get(ok, coded, "\r\n5", c, "\r\nhello\r\n0\r\n\r\n")
		get(ok, coded, "\r\n5;x", c, "y\r\nhello\r\n0\r\n\r\n")
		get(ok, coded, "\r\n5\r\nhello", c, "\r\n0\r\n\r\n")
		get(ok, coded, "\r\n5\r\nhello\r\n0\r\nX: y", c, "z\r\n\r\n")
	}

	// Which replies have a body (RFC 9112 section 6.3).
	for _, method := range []string{"GET", "HEAD", "POST", "CONNECT"} {
		for _, status := range []string{"200", "204", "205", "206", "302", "304", "404", "500"} {
			for _, framing := range []string{
				"\r\n", "\r\nhello", five, coded + "\r\n" + chunks,
				coded + "Content-Length: 3\r\n\r\n" + chunks, "Content-Length: 0\r\n\r\n",
			} {
				add(method, "HTTP/1.1 ", status, " x\r\n", framing)
			}
		}
	}
	for _, status := range []string{"100", "101", "102", "103", "199"} {
		interim := "HTTP/1.1 " + status + " x\r\n"
		get(interim, "\r\n", ok, five)
		get(interim, "Content-Length: 3\r\n\r\n", ok, five)
		get(interim, "\r\n")
		get(interim)
		get(strings.Repeat(interim+"\r\n", 9), ok, five)
	}

	// Line ends.
	for _, end := range []string{"\n", "\r", "\r\r\n", "\n\r", " \r\n", "\t\r\n", "\x00\r\n", "\r\n\r\n", "\v", "\u2028", "\u0085"} {
		get("HTTP/1.1 200 OK", end, five)
		get(ok, "X: y", end, five)
		get(ok, "Content-Length: 5", end, "\r\nhello")
		get(ok, "Content-Length: 5\r\n", end, "hello")
		get(ok, coded, end, chunks)
		get(ok, coded, "\r\n5", end, "hello\r\n0\r\n\r\n")
		get(ok, coded, "\r\n5\r\nhello", end, "0\r\n\r\n")
		get(ok, coded, "\r\n5\r\nhello\r\n0", end, "\r\n")
		get(ok, coded, "\r\n5\r\nhello\r\n0\r\nX: y", end, "\r\n")
		get(ok, coded, "\r\n5\r\nhello\r\n0\r\n", end)
	}

	// Lengths.
	for _, n := range []string{
		"5", "05", "0000000000000000000000005", "+5", "-5", "-0", "0x5", "5.0", "5e0", "5 5", "5,5", "5, 5", "5, 6", "5,", ",5", ",", "",
		"five", "\xd9\xa5", "5;", "5_0", "1_0", "4", "0", "6", "9223372036854775807", "9223372036854775808", "18446744073709551621",
		"99999999999999999999999999999999", "\"5\"", "5\r\n 5", "\r\n 5", "5\r\nContent-Length: 5", "5\r\nContent-Length: 6", "5\r\ncontent-length: 5",
		"5\r\nContent-Length:", "5\r\nContent-Length : 6", "5\r\nContent_Length: 6", "5\r\nX-Content-Length: 6", "5\r\nContent-Length: 5, 5",
	} {
		get(ok, "Content-Length: ", n, "\r\n\r\nhello")
		add("HEAD", ok, "Content-Length: ", n, "\r\n\r\n")
	}

	// Codings.
	for _, te := range []string{
		"chunked", "Chunked", "CHUNKED", "chunked ", "\tchunked", "chunked,", ",chunked", "chunked, chunked", "chunked\r\nTransfer-Encoding: chunked",
		"identity", "identity, chunked", "gzip", "gzip, chunked", "chunked, gzip", "chunked;q=1", "\"chunked\"", "xchunked", "chunkedx", "chun ked",
		"", "\r\n chunked", "chunked\r\n x", "\vchunked", "\x00chunked", "chunked\r\nTransfer-Encoding:", "chunked\r\nTransfer-Encoding: identity",
		"chunked\r\nTransfer-Encoding : identity", "ch\u00fcnked", "chun\u212aed", "deflate;chunked",
	} {
		get(ok, "Transfer-Encoding: ", te, "\r\n\r\n", chunks)
		get("HTTP/1.0 200 OK\r\nTransfer-Encoding: ", te, "\r\n\r\n", chunks)
		get(ok, "Content-Length: 3\r\nTransfer-Encoding: ", te, "\r\n\r\n", chunks)
	}

	// Chunks.
	for _, size := range []string{
		"5", "05", "0000000000000005", "00000000000000005", "0000000000000000000005", "A", "a", "+5", "-5", "0x5", "5h", "5 ", "5\t", " 5", "5 5", "",
		";x", "5;", "5;x", "5;x=y", "5;x=\"y\"", "5;x=\"\r\n", "5; x", "5 ;x", "5\t;x", "5,x", "5=x", "5;;", "5;\x00", "5;\x7f", "\"5\"", "\xd9\xa5",
		"7fffffffffffffff", "8000000000000000", "ffffffffffffffff", "10000000000000005", "100000005", "6", "4", "0",
	} {
		get(ok, coded, "\r\n", size, "\r\nhello\r\n0\r\n\r\n")
	}
	for _, trailer := range []string{
		"X: y\r\n", "X:y\r\n", "X : y\r\n", ": y\r\n", "X\r\n", " X: y\r\n", "X: y\r\n z\r\n", "X: y\r\nX: z\r\n", "Content-Length: 9\r\n",
		"Transfer-Encoding: chunked\r\n", "Host: x\r\n", "X: \xff\r\n", "X: \x00\r\n", "\x00: y\r\n", "HTTP/1.1 200 OK\r\n", "5\r\nhello\r\n0\r\n",
	} {
		get(ok, coded, "\r\n5\r\nhello\r\n0\r\n", trailer, "\r\n")
	}

	// The head: names, folds, and fields that are meant to hide others.
	for _, field := range []string{
		"X: y", "X:y", "X:", "X: ", "X:  y  ", "X:\ty\t", ": y", " X: y", "\tX: y", "X : y", "X\t: y", "X", "X y: z", "X; y", "X\u00e9: y", "X: y\r\n z",
		"X: y\r\n\tz", "X: y\r\n  ", "X: y\r\n \r\n z", "X:\r\n y", "X:\n y", "X: y\r\n Content-Length: 9", "X: y\n\nz", "X: y\r\r\n", "Connection: close\r\n x",
		"X: y\rContent-Length: 9", "\xef\xbb\xbfX: y", "X: \xef\xbb\xbf", "(X): y", "X@: y", "\"X\": y", "X/y: z", "X\\: y", "X'*+-.^_`|~: y", "HTTP/1.1 200 OK",
	} {
		get(ok, field, "\r\n", five)
		get(ok, "Content-Length: 5\r\n", field, "\r\n\r\nhello")
	}

	// A reply that is well, cut at every byte.
	for _, whole := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nhello",
	} {
		for at := range len(whole) {
			get(whole[:at])
		}
	}

	// What stands behind the end is no part of the reply.
	for _, behind := range []string{"x", "\r\n", "\x00", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!", "0\r\n\r\n", " "} {
		get(ok, five, behind)
		get(ok, coded, "\r\n", chunks, behind)
		get("HTTP/1.1 204 x\r\n\r\n", behind)
		add("HEAD", ok, five, behind)
	}

	// Nasty in ways of their own.
	get("\r\n", ok, five)
	get("\r\n\r\n", ok, five)
	get("\n", ok, five)
	get("\r\n")
	get("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
	get("\x15\x03\x03\x00\x02\x02\x46")
	get("SSH-2.0-x\r\n")
	get("220 smtp.example ESMTP\r\n")
	get("<html>hello</html>")
	get("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	get("\x00\x00\x12\x04\x00\x00\x00\x00\x00")
	get("RTSP/1.0 200 OK\r\n\r\n")
	get("\xef\xbb\xbf", ok, five)
	get(ok, ok, five)
	get(ok, "\r\n", ok, five)
	get(ok, "Content-Length: 0\r\n\r\n", ok, five)
	get("HTTP/1.1 100 x\r\nTransfer-Encoding: chunked\r\n\r\n", ok, five)
	get("HTTP/1.1 103 x\r\nContent-Length: 99999999999999999999\r\n\r\n", ok, five)
	get("HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\nhello", ok, five)
	get("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello")
	get("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", five)
	get("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", coded, "\r\n", chunks)
	get(ok, "Connection: close\r\n", five, "x")
	get(ok, "Connection: Transfer-Encoding\r\n", coded, "\r\n", chunks)
	get(ok, coded, "\r\n", "5\r\nhello\r\n", chunks)
	get(ok, coded, "\r\n", strings.Repeat("1\r\na\r\n", 40), "0\r\n\r\n")
	get(ok, coded, "\r\n5;", strings.Repeat("x", 300), "\r\nhello\r\n0\r\n\r\n")
	get(ok, "X: ", strings.Repeat("y", 5000), "\r\n", five)
	get(ok, strings.Repeat("X: y\r\n", 300), five)
	get(ok, "Content-Length: 5\r\nX: ", "\r\n\r\nhello\r\n\r\n")
	return all
}
