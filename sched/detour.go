package sched

import (
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/internal/proxy"
)

// A detour is what an exchange has to remember that does not go straight to its
// end: that goes through a proxy, was redirected, is asked for credentials, is
// tried again, starves or fails, or whose response somebody takes. Most do none
// of that. So it is kept apart, and a request that waits stays small: one that
// goes straight has the stream's, which is empty and must not be written to. To
// write, ask aside for it.
type detour struct {
	taker taker // of the response; nil: it is for OnBody and the readback

	via    *proxy.Proxy // nil: straight to the host
	viaURL string       // as connections are known by

	targets []netip.Addr  // the host's, for a proxy that is told addresses: what is left of them
	astray  time.Duration // time to connect that those before took

	hops    int      // redirects followed
	visited []string // by them
	tries   int      // attempts under Request.Retry that have failed

	answers int  // challenges of this server that were answered
	probing bool // this attempt goes without its body, to be asked
	unasked bool // the server did not ask
	again   bool // the response at hand is not the answer: the request is sent again

	sending *sending // of this attempt
	opened  bool     // Request.Upload has been
	refused bool     // a server did not like Expect

	starved      error // why there was no descriptor, once there was none
	starvedSince time.Duration
	failure      *Error // while failing
}

// aside returns x's own detour.
func (x *exchange) aside() *detour {
	if x.detour == &x.stream.straight {
		x.detour = &detour{}
	}
	return x.detour
}

// straighten forgets what belongs to one attempt.
func (x *exchange) straighten() {
	if d := x.detour; d != &x.stream.straight {
		d.via, d.viaURL, d.targets, d.astray, d.starved = nil, "", nil, 0, nil
		d.probing, d.again = false, false
	}
}
