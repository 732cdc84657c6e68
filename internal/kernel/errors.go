package kernel

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// A QueueError says that too many look-ups wait for a worker already.
type QueueError struct {
	Host  string // the one that found no place
	Bound int    // Options.LookupQueue
}

// Error reads like a sentence.
func (e *QueueError) Error() string {
	return fmt.Sprintf("look up %q: %d look-ups are waiting already, the most that may", e.Host, e.Bound)
}

// A DescriptorError says that a name could not be asked for, because the
// process or the system has no descriptor left. It says nothing about the
// name. (The bot of 2013 was told "Name or service not known" instead, and
// grew a cache of names before its author found the sockets it never closed.)
type DescriptorError struct {
	Host string
	Err  error // syscall.EMFILE or syscall.ENFILE
}

// Error reads like a sentence.
func (e *DescriptorError) Error() string {
	return fmt.Sprintf("look up %q: no descriptor to ask with: %v", e.Host, e.Err)
}

// Unwrap returns the system's error.
func (e *DescriptorError) Unwrap() error { return e.Err }

// notAName returns a *DescriptorError in the place of an error that blames
// the name for a lack of descriptors, and other errors as they are.
//
// Package net keeps only the text of the system's error, so the text is what
// there is to go by. getaddrinfo(3) does not keep even that and says that the
// name does not exist; hence the second look, whether there is a descriptor.
func notAName(host string, err error) error {
	dns, ok := errors.AsType[*net.DNSError](err)
	if !ok {
		return err
	}
	// In this order: one text is the beginning of the other.
	for _, shortage := range [...]syscall.Errno{syscall.ENFILE, syscall.EMFILE} {
		if strings.Contains(dns.Error(), shortage.Error()) {
			return &DescriptorError{Host: host, Err: shortage}
		}
	}
	if errno := shortage(); errno != nil {
		return &DescriptorError{Host: host, Err: errno}
	}
	return err
}
