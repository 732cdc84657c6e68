package emulator

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
)

// FuzzService gives a service whatever: a request, then bytes on a WebSocket,
// then a line. It must answer JSON where it says so, and never panic.
func FuzzService(f *testing.F) {
	f.Add("POST", "/send_msg", "", `{"user_id":20002,"message":"[CQ:at,qq=1]"}`, []byte(`{"action":"get_status","echo":1}`), "say friend 20002 x")
	f.Add("GET", "/get_event/", "key=k&timeout=1e3", "", []byte(`{"action":1}`), "kick")
	f.Add("POST", "/send_group_forward_msg", "", `{"group_id":900,"messages":[{"type":"node","data":{"content":"a"}}]}`, []byte(`[]`), "drop /x 1")
	f.Add("POST", "/.handle_quick_operation", "", `{"context":{"message_id":1},"operation":{"reply":"a","approve":1}}`, []byte(`{"params":{}}`), "recall friend 20002")
	f.Fuzz(func(t *testing.T, method, path, query, body string, frame []byte, line string) {
		for _, flavour := range []Flavour{NapCat, LLBot} {
			now := time.Unix(1760000000, 0)
			s := New(DefaultScene(), Options{Flavour: flavour, Reports: []string{"http://127.0.0.1/"}, ReportSelf: true})
			offer := http.Header{}
			for _, field := range websocket.Offer("cXFsb29wLTE2LWJ5dGVzIQ==") {
				offer.Set(field.Name, field.Value)
			}
			socket, _ := s.Handle(now, &Request{Method: "GET", Path: "/", Header: offer})
			ticket, reply := s.Handle(now, &Request{Method: method, Path: path, RawQuery: query, Header: http.Header{}, Body: []byte(body)})
			if reply != nil && reply.Header.Get("Content-Type") == "application/json; charset=utf-8" && !json.Valid(reply.Body) {
				t.Errorf("%s answers %q", path, reply.Body)
			}
			e := websocket.Encoder{Role: websocket.Client}
			s.Receive(now, socket, e.Append(nil, websocket.Text, frame))
			s.Receive(now, socket, frame)
			_ = s.Command(now, line) // it may be nonsense
			s.Advance(now.Add(2 * time.Hour))
			s.Abandon(ticket)
			for _, p := range s.Pieces() {
				s.Wrote(p, true)
			}
			for _, r := range s.Reports() {
				if !json.Valid(r.Body) {
					t.Errorf("it reports %q", r.Body)
				}
				s.Reported(now, r.ID, 200, []byte(body))
			}
			for _, e := range s.Events() {
				if b := e.AppendJSON(nil); !json.Valid(b) {
					t.Errorf("it tells %q", b)
				}
			}
		}
	})
}
