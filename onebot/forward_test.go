package onebot

import (
	"errors"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
	"github.com/qqloop/qqloop/sim"
)

// A WebSocket without heartbeats that answers pings is quiet, and not dead.
func TestPing(t *testing.T) {
	g := newStage(t, forward)
	g.start()
	g.run(time.Hour)
	g.want("changes", g.changes, "connecting", "online")
	if n := g.sockets[0].pings; n < 100 || n > 121 {
		t.Errorf("%d pings in an hour; want one each half minute", n)
	}
}

// The server says goodbye, or breaks the protocol; the client answers with
// the code that says so.
func TestSocketCloses(t *testing.T) {
	for _, test := range []struct {
		name string
		say  func(*peer)
		code websocket.Code
		want string
	}{
		{"going away", func(p *peer) { p.write(p.enc.AppendClose(nil, websocket.GoingAway, "bye")) }, websocket.GoingAway,
			"waiting: the server closed the WebSocket with code 1001: bye"},
		{"reserved bits", func(p *peer) { p.write([]byte{0xf1, 0}) }, websocket.ProtocolError,
			"waiting: websocket: frame with reserved bits 0x70, though no extension was agreed on (close code 1002)"},
		{"no UTF-8", func(p *peer) { p.write([]byte{0x81, 1, 0xff}) }, websocket.InvalidPayload,
			"waiting: websocket: text that is not UTF-8 (close code 1007)"},
		{"too large", func(p *peer) { p.write([]byte{0x81, 127, 0, 0, 0, 0, 0x10, 0, 0, 0}) }, websocket.MessageTooBig,
			"waiting: websocket: message of 268435456 bytes or more; the limit is 67108864 (close code 1009)"},
		{"FIN", func(p *peer) { p.Peer.CloseWrite() }, 0, "waiting: the server closed the connection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newStage(t, forward)
			g.start()
			p := g.sockets[0]
			test.say(p)
			g.run(100 * time.Millisecond)
			if len(g.changes) < 3 || g.changes[2] != test.want {
				t.Errorf("got %q; want %q", g.changes, test.want)
			}
			if (p.close != nil) != (test.code != 0) || p.close != nil && p.close.Code != test.code {
				t.Errorf("the client closed with %+v; want code %d", p.close, test.code)
			}
			g.run(10 * time.Second)
			if g.client.State() != Online {
				t.Errorf("the state is %v; want online again", g.client.State())
			}
		})
	}
}

// A way that is broken in one direction: events go on coming, and what is sent
// does not arrive. An action without an answer, and a ping without one, tell.
func TestDeafSocket(t *testing.T) {
	g := newStage(t, forward)
	g.server.Fault(1, sim.Fault{Up: sim.Cut{By: sim.Silence, At: 1000}})
	g.start()
	g.run(10 * time.Second)
	var errs []error
	for range 20 { // the first of these still get through
		g.client.Send(Chat{User: 20002}, Text("a word"), func(_ ID, err error) { errs = append(errs, err) })
		g.run(20 * time.Second)
		g.tellAll(g.said(1, "hello"))
	}
	g.want("changes", g.changes, "connecting", "online",
		"waiting: neither an action nor a ping was answered: the connection is taken for dead", "connecting", "online")
	unknown := 0
	for _, err := range errs {
		switch {
		case errors.Is(err, ErrOutcomeUnknown):
			unknown++
		case err != nil && !errors.Is(err, ErrNotConnected):
			t.Errorf("got %v; want an unknown outcome, or that there is no connection", err)
		}
	}
	if unknown == 0 || unknown > 3 || errs[len(errs)-1] != nil || len(errs) != 20 {
		t.Errorf("%d sends, %d unknown, the last: %v; want 20, 1 to 3, and that it is sent", len(errs), unknown, errs[len(errs)-1])
	}
}
