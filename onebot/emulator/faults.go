package emulator

import (
	"net/http"
	"slices"
	"time"
)

// A faultKind is what goes wrong with a request.
type faultKind int

const (
	fail  faultKind = iota // answered with a status or a retcode, not executed
	empty                  // answered with nothing, not executed
	drop                   // executed, then closed without a byte
	slow                   // executed, then answered late
)

// instead reports whether the fault takes the place of the call.
func (k faultKind) instead() bool { return k == fail || k == empty }

// A fault waits for requests to a path. An action that comes over a WebSocket
// has the path that it has in HTTP.
type fault struct {
	path   string
	kind   faultKind
	status int           // of fail
	delay  time.Duration // of slow
	count  int           // of requests still to come
}

// takeFault uses up the oldest fault of a path for one request; nil if there
// is none.
func (s *Service) takeFault(path string) *fault {
	i := slices.IndexFunc(s.faults, func(f *fault) bool { return f.path == path })
	if i < 0 {
		return nil
	}
	f := s.faults[i]
	if f.count--; f.count == 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return f
}

// faultReply is the answer in place of the call. What is no status of a final
// HTTP reply is a retcode.
func (s *Service) faultReply(f *fault) *Reply {
	switch {
	case f.kind == empty:
		return &Reply{Status: http.StatusOK}
	case 200 <= f.status && f.status < 600:
		return &Reply{Status: f.status, Body: []byte(http.StatusText(f.status))}
	}
	return &Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: s.response(&call{}, result{code: f.status, message: "failed on purpose"})}
}
