//go:build linux

package peers

import (
	"net/netip"
	"net/url"

	"golang.org/x/sys/unix"

	"github.com/qqloop/qqloop/bench/floor"
	"github.com/qqloop/qqloop/bench/load"
)

var floorPeer = &Peer{
	Name: "floor",
	Note: "no names, timers, pool, header fields or retries: the practical limit",
	run:  runFloor,
	lacks: map[string]string{
		"get-tls": noTLS, "idle-tls": noTLS, "handshake": noTLS,
		"upload":    "it writes what a socket takes at once",
		"open-loop": "it has no timers",
	},
}

const noTLS = "it has no TLS"

func runFloor(job *Job, ld load.Load) error {
	u, err := url.Parse(job.URL)
	if err != nil {
		return err
	}
	at, err := netip.ParseAddrPort(u.Host)
	if err != nil {
		return err
	}
	requests := make([][]byte, job.Conns)
	err = floor.Run(&unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}, job.Conns,
		func(i, size int, body []byte) []byte {
			switch {
			case size < 0:
				requests[i] = job.wire(job.URL)
			default:
				if err := job.right(200, size, body); err != nil {
					ld.Fail(err)
					return nil
				}
				if job.Chain {
					requests[i] = job.wire(job.next(body))
				}
				ld.End(i)
			}
			if _, ok := ld.Begin(i); !ok { // connecting takes its own time
				return nil
			}
			return requests[i]
		})
	ld.Over()
	return err
}
