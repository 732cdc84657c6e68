package onebot

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

const ping = `{"time":1760000001,"self_id":10001,"post_type":"message","message_type":"private","sub_type":"friend","message_id":-7,"user_id":20002,"message":"ping","sender":{}}`

// TestRealSockets plays one message and its answer with servers of Go's, over
// each transport: no simulation, and for the WebSocket another's frames.
func TestRealSockets(t *testing.T) {
	act := func(action string) string {
		switch action {
		case "get_login_info":
			return ok(`{"user_id":10001,"nickname":"bot"}`)
		case "send_private_msg":
			return ok(`{"message_id":8}`)
		case "get_event":
			return ok("[" + ping + "]")
		}
		return ok("null")
	}
	actions := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			http.Error(w, "", http.StatusForbidden)
			return
		}
		io.WriteString(w, act(strings.Trim(r.URL.Path, "/")))
	}
	sse := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_events" {
			actions(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "data: %s\n\n", ping)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	socket := func(w http.ResponseWriter, r *http.Request) {
		c, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer c.Close()
		say := func(s string) { ws.WriteFrame(c, ws.NewTextFrame([]byte(s))) }
		say(ping)
		for {
			h, err := ws.ReadHeader(c)
			if err != nil {
				return
			}
			p := make([]byte, h.Length)
			if _, err := io.ReadFull(c, p); err != nil {
				return
			}
			ws.Cipher(p, h.Mask, 0)
			var call struct {
				Action string
				Echo   json.RawMessage
			}
			if h.OpCode == ws.OpText && json.Unmarshal(p, &call) == nil {
				say(strings.TrimSuffix(act(call.Action), "}") + `,"echo":` + string(call.Echo) + "}")
			}
		}
	}
	for _, test := range []struct {
		way   Transport
		serve http.HandlerFunc
	}{{SSE, sse}, {Poll, actions}, {WS, socket}} {
		t.Run(string(test.way), func(t *testing.T) {
			server := httptest.NewServer(test.serve)
			defer server.Close()
			l, err := loop.New(loop.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			s := sched.New(l, sched.Options{})
			defer s.Close()
			var c *Client
			answered := 0
			c, err = New(s, Options{URL: server.URL, Token: "s3cret", Transport: test.way, OnMessage: func(e Event) {
				c.Send(e.Chat(), Text("pong"), func(id ID, err error) {
					if err != nil || id != 8 {
						t.Errorf("send: %v, %v", id, err)
					}
					answered++
					c.Stop()
				})
			}})
			if err != nil {
				t.Fatal(err)
			}
			c.Start(func(err error) {
				if err != nil {
					t.Errorf("it ended: %v", err)
				}
				l.Stop()
			})
			l.CallLater(time.Minute, func() { t.Error("a minute has passed"); c.Stop() })
			if err := l.Run(); err != nil {
				t.Fatal(err)
			}
			if answered != 1 {
				t.Errorf("%d answers; want 1", answered)
			}
		})
	}
}
