package websocket_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/qqloop/qqloop/httpwire/websocket"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// echoes is how many messages go round.
const echoes = 100_000

// payload is message number i: most are short, some of every form of length.
func payload(i int) []byte {
	n := i % 120
	switch {
	case i%10_000 == 9_999:
		n = 70_000
	case i%100 == 99:
		n = 126 + i%1000
	}
	return bytes.Repeat([]byte{byte('a' + i%26)}, n)
}

// TestEcho sends 100,000 messages round over a real socket: ours on the loop,
// gobwas/ws on the other side, which sends some back in fragments and asks
// with a ping now and then.
func TestEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs := make(chan error, 1)
	go func() { theirs <- echoTheirs(l) }()

	lp, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer lp.Close()
	s := sched.New(lp, sched.Options{})
	defer s.Close()
	key := websocket.Key([16]byte([]byte("qqloop-16-bytes!")))
	r := sched.Get("http://" + l.Addr().String() + "/")
	r.Upgrade = true
	for _, f := range websocket.Offer(key) {
		r.Header.Add(f.Name, f.Value)
	}
	e := &echo{t: t, stop: lp.Stop}
	s.Add(r, func(resp *sched.Response, err error) sched.Next {
		if err == nil {
			err = websocket.CheckResponse(resp.Status, func(name string) (all []string) {
				for v := range resp.Header.Values(name) {
					all = append(all, string(v))
				}
				return all
			}, key)
		}
		if err != nil {
			t.Errorf("handshake: %v", err)
			lp.Stop()
			return sched.Next{}
		}
		e.conn = resp.Conn
		e.conn.Take(sched.ConnHandler{OnData: e.data, OnEnd: e.end, MaxBuffered: 8 << 20})
		e.fill()
		return sched.Next{}
	})
	limit := lp.CallLater(2*time.Minute, func() {
		t.Errorf("after 2 minutes %d of %d are back", e.back, echoes)
		lp.Stop()
	})
	if err := lp.Run(); err != nil {
		t.Fatal(err)
	}
	limit.Stop()
	if e.back != echoes || e.pings == 0 || e.code != websocket.NormalClosure {
		t.Errorf("%d of %d are back, with %d pings, and the close was %d", e.back, echoes, e.pings, e.code)
	}
	if e.conn != nil {
		e.conn.Close()
	}
	l.Close()
	if err := <-theirs; err != nil {
		t.Errorf("their side: %v", err)
	}
}

// An echo is our side. A window of messages is under way.
type echo struct {
	t          *testing.T
	stop       func()
	conn       *sched.Conn
	enc        websocket.Encoder
	dec        websocket.Decoder
	out        []byte
	sent, back int
	pings      int
	code       websocket.Code
}

func (e *echo) fill() {
	e.out = e.out[:0]
	for ; e.sent < echoes && e.sent-e.back < 128; e.sent++ {
		e.out = e.enc.Append(e.out, websocket.Binary, payload(e.sent))
	}
	e.write()
}

func (e *echo) write() {
	if _, err := e.conn.Write(e.out); err != nil {
		e.t.Errorf("write: %v", err)
		e.stop()
	}
}

func (e *echo) data(b []byte) {
	e.dec.Feed(b)
	for {
		m, ok, err := e.dec.Next()
		if err != nil {
			e.t.Errorf("their bytes: %v", err)
			e.stop()
			return
		}
		if !ok {
			break
		}
		switch m.Op {
		case websocket.Ping:
			e.pings++
			e.out = e.enc.Append(e.out[:0], websocket.Pong, m.Data)
			e.write()
		case websocket.Close:
			e.code = m.Code
			e.stop()
			return
		default:
			if !bytes.Equal(m.Data, payload(e.back)) {
				e.t.Errorf("message %d came back as %d bytes", e.back, len(m.Data))
				e.stop()
				return
			}
			if e.back++; e.back == echoes {
				e.out = e.enc.AppendClose(e.out[:0], websocket.NormalClosure, "done")
				e.write()
			}
		}
	}
	if e.sent < echoes && e.sent-e.back < 64 {
		e.fill()
	}
}

func (e *echo) end(cause error) {
	if e.code == 0 {
		e.t.Errorf("the connection ended: %v", cause)
	}
	e.stop()
}

// echoTheirs is gobwas/ws as a server: one connection, until its close.
func echoTheirs(l net.Listener) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := ws.Upgrade(c); err != nil {
		return err
	}
	in, out := bufio.NewReader(c), bufio.NewWriter(c)
	send := func(op ws.OpCode, fin bool, p []byte) {
		ws.WriteHeader(out, ws.Header{Fin: fin, OpCode: op, Length: int64(len(p))})
		out.Write(p)
	}
	for n := 0; ; n++ {
		h, err := ws.ReadHeader(in)
		if err == nil {
			err = ws.CheckHeader(h, ws.StateServerSide)
		}
		if err != nil {
			return err
		}
		p := make([]byte, h.Length)
		if _, err := io.ReadFull(in, p); err != nil {
			return err
		}
		ws.Cipher(p, h.Mask, 0)
		switch {
		case h.OpCode == ws.OpClose:
			send(ws.OpClose, true, p)
			return out.Flush()
		case h.OpCode == ws.OpPong:
			if string(p) != "there?" {
				return fmt.Errorf("the pong is %q", p)
			}
		case n%7 == 0:
			send(h.OpCode, false, p[:len(p)/2])
			if n%100 == 0 {
				send(ws.OpPing, true, []byte("there?"))
			}
			send(ws.OpContinuation, true, p[len(p)/2:])
		default:
			send(h.OpCode, true, p)
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// TestServerRole is the other way round: gobwas/ws dials a server that is
// made of ours.
func TestServerRole(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ours := make(chan error, 1)
	go func() { ours <- serveOurs(l) }()
	c, br, _, err := ws.Dial(context.Background(), "ws://"+l.Addr().String()+"/")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var in io.Reader = c
	if br != nil {
		in = io.MultiReader(br, c)
	}
	for i := range 1000 {
		p := payload(i)
		f := ws.MaskFrame(ws.NewFrame(ws.OpText, true, bytes.Clone(p)))
		if err := ws.WriteFrame(c, f); err != nil {
			t.Fatal(err)
		}
		h, err := ws.ReadHeader(in)
		if err != nil || h.Masked || h.OpCode != ws.OpText || !h.Fin || h.Length != int64(len(p)) {
			t.Fatalf("message %d came back as %+v, %v", i, h, err)
		}
		got := make([]byte, h.Length)
		if _, err := io.ReadFull(in, got); err != nil || !bytes.Equal(got, p) {
			t.Fatalf("message %d came back as %q, %v", i, got, err)
		}
	}
	ws.WriteFrame(c, ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, "bye"))))
	h, err := ws.ReadHeader(in)
	if err != nil || h.OpCode != ws.OpClose || h.Length != 2 {
		t.Errorf("the close was answered by %+v, %v", h, err)
	}
	if err := <-ours; err != nil {
		t.Errorf("our side: %v", err)
	}
}

// serveOurs echoes one connection. It reads few bytes at a time, so that all
// is cut.
func serveOurs(l net.Listener) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	head := bufio.NewReader(c)
	r, err := http.ReadRequest(head)
	if err != nil {
		return err
	}
	key, err := websocket.CheckRequest(r.Method, r.Header.Values)
	if err != nil {
		return err
	}
	out := []byte("HTTP/1.1 101 Switching Protocols\r\n")
	for _, f := range websocket.Agree(key) {
		out = fmt.Appendf(out, "%s: %s\r\n", f.Name, f.Value)
	}
	if _, err := c.Write(append(out, "\r\n"...)); err != nil {
		return err
	}
	enc, dec := websocket.Encoder{Role: websocket.Server}, websocket.Decoder{Role: websocket.Server}
	buf := make([]byte, 100)
	for {
		n, err := head.Read(buf[:1+rand.IntN(len(buf))])
		if err != nil {
			return err
		}
		dec.Feed(buf[:n])
		for {
			m, ok, err := dec.Next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if m.Op == websocket.Close {
				_, err := c.Write(enc.AppendClose(nil, m.Code, ""))
				return err
			}
			if _, err := c.Write(enc.Append(nil, m.Op, m.Data)); err != nil {
				return err
			}
		}
	}
}
