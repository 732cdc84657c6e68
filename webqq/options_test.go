package webqq

import (
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

func TestNew(t *testing.T) {
	world := sim.New(sim.Options{})
	l, err := loop.New(world.Loop())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	stream := sched.New(l, sched.Options{Kernel: world.Kernel()})
	defer stream.Close()
	jar, _ := cookiejar.New(nil)

	for _, tt := range []struct {
		name string
		s    Adder
		o    Options
		want string // part of the error
	}{
		{"a stream brings clock and callbacks", stream, Options{Jar: jar}, ""},
		{"no adder", nil, Options{Jar: jar}, "no Adder"},
		{"no jar", stream, Options{}, "Options.Jar is nil"},
		{"an adder without a loop", struct{ Adder }{stream}, Options{Jar: jar}, "Options.Soon is nil"},
		{"an era that never was", stream, Options{Jar: jar, Era: 7}, "Options.Era is 7"},
		{"classic without an account", stream, Options{Jar: jar, Era: Classic, Password: "x"}, "Options.Account"},
		{"classic without a password", stream, Options{Jar: jar, Era: Classic, Account: 1}, "Options.Password"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := New(tt.s, tt.o)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got, want := c.o.Now(), world.Wall(); !got.Equal(want) {
					t.Errorf("got the time %v; want the loop's, %v", got, want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want an error that says %q", err, tt.want)
			}
		})
	}
}
