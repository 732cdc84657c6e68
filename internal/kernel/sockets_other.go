//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package kernel

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
)

// sockets refuses: this system has neither epoll nor kqueue, and package loop
// could not wait for what would be opened here.
type sockets struct{}

func unsupported() error {
	return fmt.Errorf("sockets on an event loop: %w on %s", errors.ErrUnsupported, runtime.GOOS)
}

// Connect fails.
func (sockets) Connect(netip.AddrPort) (int, error) { return -1, unsupported() }

// ConnectUnix fails.
func (sockets) ConnectUnix(string) (int, error) { return -1, unsupported() }

// ConnectError fails.
func (sockets) ConnectError(int) error { return unsupported() }

// Read fails.
func (sockets) Read(int, []byte) (int, error) { return 0, unsupported() }

// Write fails.
func (sockets) Write(int, []byte) (int, error) { return 0, unsupported() }

// CloseWrite fails.
func (sockets) CloseWrite(int) error { return unsupported() }

// Close fails.
func (sockets) Close(int) error { return unsupported() }

// Descriptors returns no limit and no count.
func (sockets) Descriptors() (limit, open int) { return 1 << 30, -1 }

func shortage() error { return nil }
