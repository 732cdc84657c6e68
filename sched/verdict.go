package sched

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// AddrError says why there is no connection to one of several addresses. The
// cause of an Error of kind Connect or ConnectTimeout unwraps to one for each.
type AddrError struct {
	Addr netip.AddrPort
	Err  error
}

// Error reads like a sentence: "203.0.113.7:80: connection refused".
func (e AddrError) Error() string { return fmt.Sprintf("%v: %v", e.Addr, e.Err) }

// Unwrap returns the cause.
func (e AddrError) Unwrap() error { return e.Err }

// addrErrors are several. That of the first address stands alone, for the
// Error around it names that one.
type addrErrors []AddrError

func (all addrErrors) Error() string {
	var b strings.Builder
	b.WriteString(all[0].Err.Error())
	for _, e := range all[1:] {
		b.WriteString("; " + e.Error())
	}
	return b.String()
}

func (all addrErrors) Unwrap() []error {
	var errs []error
	for _, e := range all {
		errs = append(errs, e)
	}
	return errs
}

// verdict is why none of the addresses would do: the most telling cause first.
func (w *way) verdict(x *exchange) error {
	first := slices.MaxFunc(w.failed, func(a, b AddrError) int { return telling(a.Err) - telling(b.Err) })
	x.info.Remote = first.Addr
	return w.blame(first)
}

// unanswered is what became of the addresses when the time was over.
func (w *way) unanswered(x *exchange, err error) error {
	if len(w.attempts) == 0 {
		return fmt.Errorf("%w: the server did not accept those who came before", err)
	}
	x.info.Remote = w.attempts[0].to
	return w.blame(AddrError{x.info.Remote, err})
}

// blame is the error of the first address, and of all the others.
func (w *way) blame(first AddrError) error {
	all := addrErrors{first}
	for _, e := range w.failed {
		if e.Addr != first.Addr {
			all = append(all, e)
		}
	}
	for _, a := range w.attempts {
		if a.to != first.Addr {
			all = append(all, AddrError{a.to, errNoAnswer})
		}
	}
	if len(all) == 1 {
		return first.Err
	}
	return all
}

var errNoAnswer = errors.New("no answer")

// telling says how much err tells of the server: that it is there and refuses,
// something, or only that this machine has no way to it.
func telling(err error) int {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return 2
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return 0
	}
	return 1
}
