package onebot

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// A socket is a forward WebSocket: actions out, replies and events in.
type socket struct {
	c       *Client
	conn    *sched.Conn
	enc     websocket.Encoder
	dec     websocket.Decoder
	out     []byte
	pending map[string]*call // by echo
	heard   bool             // something has come
	doubt   *loop.Timer      // runs from an action without an answer to the next pong
	gone    bool
}

// openSocket opens the connection and then goes on with then.
func (c *Client) openSocket(then func()) {
	epoch := c.epoch
	var nonce [16]byte
	binary.NativeEndian.PutUint64(nonce[:], c.rand.Uint64())
	binary.NativeEndian.PutUint64(nonce[8:], c.rand.Uint64())
	key := websocket.Key(nonce)
	r := c.request("GET", "")
	r.Upgrade = true
	for _, f := range websocket.Offer(key) {
		r.Header.Add(f.Name, f.Value)
	}
	r.Timeouts.FirstByte = 15 * time.Second
	c.chain = c.s.Add(r, func(resp *sched.Response, err error) sched.Next {
		if c.epoch == epoch {
			c.readUpgrade(resp, err, key, then)
		}
		return sched.Next{}
	})
}

// readUpgrade reads the answer to the opening handshake.
func (c *Client) readUpgrade(resp *sched.Response, err error, key string, then func()) {
	switch {
	case err != nil:
		c.lost(err)
		return
	case resp.Status == 401 || resp.Status == 403:
		c.lost(c.refused(resp.Status))
		return
	case resp.Status >= 500:
		c.lost(&StatusError{"the WebSocket", resp.Status})
		return
	}
	values := func(name string) (all []string) {
		for v := range resp.Header.Values(name) {
			all = append(all, string(v))
		}
		return all
	}
	if err := websocket.CheckResponse(resp.Status, values, key); err != nil {
		c.wayFailed(err)
		return
	}
	s := &socket{c: c, conn: resp.Conn, pending: make(map[string]*call)}
	s.enc.Key = c.rand.Uint32
	s.dec.MaxMessage = maxReply
	s.conn.Take(sched.ConnHandler{OnData: s.read, OnEnd: s.ended, MaxBuffered: maxReply})
	c.socket = s
	then()
}

// send sends an action.
func (s *socket) send(k *call, params []byte, timeout time.Duration) error {
	c := s.c
	c.echo++
	k.echo = strconv.FormatUint(c.echo, 10)
	frame, err := encode(struct {
		Action string          `json:"action"`
		Params json.RawMessage `json:"params"`
		Echo   string          `json:"echo"`
	}{k.action, params, k.echo})
	if err != nil {
		return err
	}
	if err := s.write(websocket.Text, frame); err != nil {
		return err
	}
	s.pending[k.echo] = k
	k.timer = c.s.Loop().CallLater(timeout, func() {
		delete(s.pending, k.echo)
		s.suspect()
		k.done(nil, &CallError{k.action, true, ErrNoAnswer})
	})
	return nil
}

// keptOut is the largest buffer of frames that is kept between two.
const keptOut = 4 << 10

func (s *socket) write(op websocket.Opcode, data []byte) error {
	s.out = s.enc.Append(s.out[:0], op, data)
	_, err := s.conn.Write(s.out) // which copies what it keeps
	if cap(s.out) > keptOut {
		s.out = nil
	}
	return err
}

func (s *socket) ping() { s.write(websocket.Ping, nil) } // if it fails, OnEnd says so

// pongWait is how long the answer to a ping may take, once in doubt.
const pongWait = 15 * time.Second

// errDeaf is that what is sent does not arrive, although something may come.
var errDeaf = errors.New("neither an action nor a ping was answered: the connection is taken for dead")

// suspect finds out whether what is sent arrives, for an action was not answered.
// A way may be broken in one direction, and events go on coming by the other:
// silence does not tell. A pong does (RFC 6455 section 5.5.3).
func (s *socket) suspect() {
	if s.doubt != nil {
		return
	}
	s.doubt = s.c.s.Loop().CallLater(pongWait, func() { s.c.lost(errDeaf) })
	s.ping()
}

// read takes bytes of the server.
func (s *socket) read(data []byte) {
	s.c.hear()
	s.dec.Feed(data)
	for !s.gone {
		m, ok, err := s.dec.Next()
		if err != nil {
			if e, ok := err.(*websocket.Error); ok {
				s.say(e.Code)
			}
			s.c.lost(err)
			return
		}
		if !ok {
			return
		}
		switch m.Op {
		case websocket.Ping:
			s.write(websocket.Pong, m.Data)
		case websocket.Pong:
			stopTimer(s.doubt)
			s.doubt = nil
		case websocket.Close:
			s.closed(m)
			return
		case websocket.Text, websocket.Binary: // some send JSON as binary
			s.take(m.Data)
		}
	}
}

func (s *socket) say(code websocket.Code) {
	s.out = s.enc.AppendClose(s.out[:0], code, "")
	s.conn.Write(s.out)
}

// closed reads a close frame. LLBot refuses a token with 1008.
func (s *socket) closed(m websocket.Message) {
	s.say(m.Code)
	if m.Code == websocket.PolicyViolation {
		s.c.lost(s.c.refused(int(m.Code)))
		return
	}
	s.c.lost(&CloseError{m.Code, string(m.Data)})
}

// take reads a message: what has a post_type is an event, whatever else it
// has, for a heartbeat has a status, too.
func (s *socket) take(b []byte) {
	first := !s.heard
	s.heard = true
	var kind struct {
		PostType string          `json:"post_type"`
		Status   json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		s.c.log.Warn("what came is not JSON", "err", badFormat("a message", err.Error(), b))
		return
	}
	if kind.PostType != "" {
		s.c.take(b)
		return
	}
	r, err := decodeReply("an action", b)
	if err != nil {
		s.c.log.Warn("what came is neither event nor reply", "err", err)
		return
	}
	var echo string
	json.Unmarshal(r.Echo, &echo)
	k := s.pending[echo]
	switch {
	case k != nil:
		delete(s.pending, echo)
		k.timer.Stop()
		k.done(r.outcome(k.action))
	case first && (r.Retcode == 1403 || r.Retcode == 1401):
		// NapCat and LLBot let the handshake pass, and then say this.
		s.c.lost(s.c.refused(r.Retcode))
	default:
		s.c.log.Warn("a reply came too late", "echo", echo, "retcode", r.Retcode)
	}
}

// ended hears that the connection is over.
func (s *socket) ended(cause error) {
	if s.gone {
		return
	}
	s.c.lost(ended(cause))
}

// errCut is that the connection ended while an answer was waited for.
var errCut = errors.New("the connection was lost before the answer came")

// drop closes the connection, in order as far as that costs no waiting, and
// tells those who wait for a reply.
func (s *socket) drop() {
	s.gone = true
	stopTimer(s.doubt)
	s.conn.Close()
	for _, k := range s.pending {
		k.timer.Stop()
	}
	pending := s.pending
	s.pending = nil
	err := errCut
	if !s.c.running {
		err = ErrStopped
	}
	for _, echo := range sorted(pending) {
		k := pending[echo]
		s.c.soon(func() { k.done(nil, &CallError{k.action, true, err}) })
	}
}

// sorted returns the echoes in the order in which they were given out.
func sorted(pending map[string]*call) []string {
	echoes := slices.Collect(maps.Keys(pending))
	slices.SortFunc(echoes, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return echoes
}
