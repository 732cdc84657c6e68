package webqq

import (
	"errors"
	"testing"
	"time"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// The service tells a friend's real number, or from 2017 on only his name to
// find it by.
func TestLookupQQ(t *testing.T) {
	for _, tt := range []struct {
		name   string
		closed bool
		mark   string // of the friend 20002
		want   QQ
		err    error
	}{
		{"told", false, "", 20002, nil},
		{"closed, found by nick", true, "", 20002, nil},
		{"closed, found by mark", true, "老友", 20002, nil},
		{"closed, and two have the name", true, "小明", 0, ErrNoNumber},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scene := emulator.DefaultScene()
			scene.Behaviour.FriendUinClosed = tt.closed
			scene.Discussions = nil // they tell the numbers of their members
			scene.Friends[0].Markname = tt.mark
			g := newStage(t, scene, nil)
			asked, calls := UserID(0), 0
			ask := func() {
				g.client.LookupQQ(asked, func(n QQ, err error) {
					calls++
					if n != tt.want || !errors.Is(err, tt.err) {
						t.Errorf("got %d, %v; want %d, %v", n, err, tt.want, tt.err)
					}
				})
				g.run(time.Second)
			}
			g.start()
			asked = friend(g, "friend")
			ask()
			before := g.requests["/api/get_friend_uin2"]
			ask()
			if again := g.requests["/api/get_friend_uin2"] - before; tt.err == nil && again != 0 {
				t.Errorf("asked %d times for what is known", again)
			}
			if calls != 2 {
				t.Errorf("done was called %d times; want 2", calls)
			}
		})
	}
	g := newStage(t, emulator.DefaultScene(), nil)
	var got error
	g.client.LookupQQ(1, func(_ QQ, err error) { got = err })
	g.run(time.Second)
	if !errors.Is(got, ErrNotLoggedIn) {
		t.Errorf("before the login: got %v; want ErrNotLoggedIn", got)
	}
}
