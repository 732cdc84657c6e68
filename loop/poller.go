package loop

import (
	"errors"
	"fmt"
	"strings"
)

// errNoPoller is the whole answer on systems that have none of the three.
var errNoPoller = errors.New("loop: needs epoll, kqueue or poll(2): Linux, macOS or a BSD")

// A mechanism is a way to wait that this system has.
type mechanism struct {
	name string
	open func() (Poller, error)
}

// NewPoller returns the poller of that name: "epoll", "kqueue" or "poll". The
// empty name means the best one of this system. It fails if the system has no
// such poller, or the kernel refuses it.
func NewPoller(name string) (Poller, error) {
	all := mechanisms()
	if len(all) == 0 {
		return nil, errNoPoller
	}
	for _, m := range all {
		if name == m.name || name == "" {
			p, err := m.open()
			if err != nil {
				return nil, &OpError{"new", -1, err}
			}
			return p, nil
		}
	}
	return nil, fmt.Errorf("loop: no poller %q; this system has %s", name, strings.Join(Pollers(), ", "))
}

// Pollers returns the names of this system's pollers, best first.
func Pollers() []string {
	var names []string
	for _, m := range mechanisms() {
		names = append(names, m.name)
	}
	return names
}
