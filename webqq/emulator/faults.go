package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A faultKind is what goes wrong with a request.
type faultKind int

const (
	fail  faultKind = iota // answered with a status or a retcode, not executed
	empty                  // answered with an empty 200, not executed
	drop                   // executed, then closed without a byte
	slow                   // executed, then answered late
)

// instead reports whether the fault takes the place of the call.
func (k faultKind) instead() bool { return k == fail || k == empty }

// A fault waits for requests to a path.
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
// HTTP reply is a retcode of the service's: 103, 116, 121, 100012.
func (s *Service) faultReply(f *fault) *Reply {
	switch {
	case f.kind == empty:
		return reply(http.StatusOK, typeJSON, nil)
	case f.status == http.StatusNoContent || f.status == http.StatusNotModified:
		return reply(f.status, "", nil)
	case 200 <= f.status && f.status < 600:
		title := fmt.Sprint(f.status, " ", http.StatusText(f.status))
		return reply(f.status, typeHTML, nginxPage(title))
	case f.status == 116 && s.live() != nil: // a new ptwebqq, which the client must use from now on
		g := s.live().grant
		g.ptwebqq = s.draw(hexDigits, 64)
		return jsonReply(object{"retcode", 116, "p", g.ptwebqq})
	case f.status == 121:
		return jsonReply(object{"retcode", 121, "t", "0"})
	}
	return jsonReply(object{"retcode", f.status, "errmsg", ""})
}
