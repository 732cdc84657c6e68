// Package freeaddr finds addresses for servers of tests that must be told where
// to listen, because they are other programs.
package freeaddr

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Get returns an address on loopback that nobody listens on. Its port is not of
// those that the kernel gives to whoever asks for any (from 32,768 on Linux): one
// of these may be somebody else's before the server that it is meant for has it.
func Get(t testing.TB) string {
	t.Helper()
	for range 100 {
		at := fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", at); err == nil {
			l.Close()
			return at
		}
	}
	t.Fatal("of a hundred ports none is free")
	return ""
}
