//go:build linux

package floor_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/floor"
)

// serve answers each request on each connection with what answer writes.
func serve(t *testing.T, answer func(c net.Conn, nth int)) *unix.SockaddrInet4 {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for nth := 0; ; nth++ {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					answer(c, nth)
				}
			}()
		}
	}()
	return &unix.SockaddrInet4{Port: l.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
}

var request = []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

func reply(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// A response may come in any two pieces, and byte by byte.
func TestSplitReplies(t *testing.T) {
	text := reply("hello, floor")
	to := serve(t, func(c net.Conn, nth int) {
		switch {
		case nth < len(text):
			for _, piece := range []string{text[:nth], text[nth:]} {
				c.Write([]byte(piece))
			}
		default:
			for i := range len(text) {
				c.Write([]byte{text[i]})
			}
		}
	})
	asked := len(text) + 2
	got := make([]int, 3)
	err := floor.Run(to, len(got), func(i, size int, body []byte) []byte {
		if size >= 0 {
			if string(body) != "hello, floor" || size != len(body) {
				t.Errorf("connection %d, answer %d: got %q, %d", i, got[i], body, size)
			}
			got[i]++
		}
		if got[i] == asked {
			return nil
		}
		return request
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range got {
		if n != asked {
			t.Errorf("connection %d got %d answers; want %d", i, n, asked)
		}
	}
}

// A body beyond the buffer is counted, to the byte, and the next request works.
func TestLongBody(t *testing.T) {
	const size = 3<<20 + 7
	to := serve(t, func(c net.Conn, nth int) { c.Write([]byte(reply(strings.Repeat("x", size)))) })
	got := 0
	err := floor.Run(to, 1, func(i, n int, body []byte) []byte {
		if n >= 0 {
			if got++; n != size || body != nil {
				t.Errorf("got a size of %d and %d bytes; want %d and none", n, len(body), size)
			}
		}
		if got == 3 {
			return nil
		}
		return request
	})
	if err != nil || got != 3 {
		t.Errorf("got %d answers, %v; want 3", got, err)
	}
}

func TestRefusesWhatItCannotRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"another status", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"},
		{"no length", "HTTP/1.1 200 OK\r\nServer: s\r\n\r\n", "no Content-Length"},
		{"a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "invalid syntax"},
		{"more than it said", reply("hello") + "x", "1 bytes"},
		{"less than it said", strings.TrimSuffix(reply("hello"), "o"), "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := serve(t, func(conn net.Conn, nth int) {
				conn.Write([]byte(c.text))
				conn.(*net.TCPConn).CloseWrite()
			})
			err := floor.Run(to, 1, func(i, size int, body []byte) []byte {
				if size >= 0 {
					t.Errorf("an answer of %d bytes: %q", size, body)
					return nil
				}
				return request
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want something with %q", err, c.want)
			}
		})
	}
}
