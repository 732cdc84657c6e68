package emulator

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/httpwire/websocket"
)

// TestTranscripts plays testdata/*.txt. What is indented is what the service
// does; UPDATE_TRANSCRIPTS=1 writes it anew. The steps are
//
//	with [llbot] [token=T] [strings] [self] [report=URL] [without=NAME] [beat=D]
//	GET PATH            a request
//	POST PATH BODY      one with JSON, or with a form where BODY begins with no { or [
//	header NAME: VALUE  for the next request or the next open
//	open NAME PATH      an event stream, or a WebSocket if PATH is not /_events
//	NAME> TEXT          a text message of that WebSocket
//	NAME~ HEX           raw bytes of it
//	gone NAME           it has hung up
//	answer ID BODY      to a report
//	! COMMAND
//	after DURATION
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			p := &play{t: t, out: &got, now: time.Unix(1760000000, 0), names: map[Ticket]string{}, frames: map[Ticket]*websocket.Decoder{}}
			for line := range strings.Lines(string(want)) {
				if strings.HasPrefix(line, "  ") {
					continue
				}
				got.WriteString(line)
				p.step(strings.TrimSuffix(line, "\n"))
			}
			if os.Getenv("UPDATE_TRANSCRIPTS") != "" {
				if err := os.WriteFile(file, got.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
			for i := range max(len(gotLines), len(wantLines)) {
				g, w := "(the end)", "(the end)"
				if i < len(gotLines) {
					g = gotLines[i]
				}
				if i < len(wantLines) {
					w = wantLines[i]
				}
				if g != w {
					t.Fatalf("%s:%d:\ngot  %s\nwant %s", file, i+1, g, w)
				}
			}
		})
	}
}

// A play is a transcript under way.
type play struct {
	t       *testing.T
	out     *bytes.Buffer
	service *Service
	now     time.Time
	header  http.Header
	names   map[Ticket]string
	frames  map[Ticket]*websocket.Decoder
}

func (p *play) say(format string, args ...any) { fmt.Fprintf(p.out, "  "+format+"\n", args...) }

func (p *play) step(line string) {
	word, rest, _ := strings.Cut(line, " ")
	if p.service == nil && word != "with" && word != "" && word != "#" {
		p.service = New(DefaultScene(), Options{})
	}
	switch {
	case word == "" || word == "#":
		return
	case word == "with":
		p.service = New(DefaultScene(), p.options(rest))
		return
	case word == "header":
		if p.header == nil {
			p.header = http.Header{}
		}
		name, value, _ := strings.Cut(rest, ": ")
		p.header.Add(name, value)
		return
	case word == "GET" || word == "POST":
		path, body, _ := strings.Cut(rest, " ")
		p.request("", word, path, body)
	case word == "open":
		name, path, _ := strings.Cut(rest, " ")
		p.request(name, "GET", path, "")
	case word == "!":
		if err := p.service.Command(p.now, rest); err != nil {
			p.say("error: %v", err)
		}
	case word == "after":
		d, err := time.ParseDuration(rest)
		if err != nil {
			p.t.Fatal(err)
		}
		p.now = p.now.Add(d)
		p.service.Advance(p.now)
	case word == "gone":
		p.service.Abandon(p.ticket(rest))
	case word == "answer":
		var id uint64
		idText, body, _ := strings.Cut(rest, " ")
		fmt.Sscan(idText, &id)
		p.service.Reported(p.now, id, 200, []byte(body))
	case strings.HasSuffix(word, ">"):
		e := websocket.Encoder{Role: websocket.Client, Key: func() uint32 { return 0x01020304 }}
		p.service.Receive(p.now, p.ticket(strings.TrimSuffix(word, ">")), e.Append(nil, websocket.Text, []byte(rest)))
	case strings.HasSuffix(word, "~"):
		b, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if err != nil {
			p.t.Fatal(err)
		}
		p.service.Receive(p.now, p.ticket(strings.TrimSuffix(word, "~")), b)
	default:
		p.t.Fatalf("%q is no step", line)
	}
	p.settle()
}

func (p *play) options(text string) Options {
	var o Options
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "llbot":
			o.Flavour = LLBot
		case "token":
			o.Token = value
		case "strings":
			o.Strings = true
		case "self":
			o.ReportSelf = true
		case "report":
			o.Reports = append(o.Reports, value)
		case "without":
			o.Without = append(o.Without, value)
		case "beat":
			d, err := time.ParseDuration(value)
			if err != nil {
				p.t.Fatal(err)
			}
			o.Heartbeat = d
		default:
			p.t.Fatalf("%q is no option", word)
		}
	}
	return o
}

func (p *play) ticket(name string) Ticket {
	for t, n := range p.names {
		if n == name {
			return t
		}
	}
	p.t.Fatalf("nothing is called %q", name)
	return 0
}

// request sends one; name is that of the stream that it opens, if any.
func (p *play) request(name, method, path, body string) {
	u, err := url.Parse(path)
	if err != nil {
		p.t.Fatal(err)
	}
	r := &Request{Method: method, Path: u.Path, RawQuery: u.RawQuery, Header: http.Header{}, Body: []byte(body)}
	switch {
	case name != "" && u.Path != "/_events":
		for _, f := range websocket.Offer("cXFsb29wLTE2LWJ5dGVzIQ==") {
			r.Header.Set(f.Name, f.Value)
		}
	case body == "":
	case body[0] == '{' || body[0] == '[':
		r.Header.Set("Content-Type", "application/json")
	default:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	maps.Copy(r.Header, p.header)
	p.header = nil
	t, reply := p.service.Handle(p.now, r)
	p.names[t] = name
	if name == "" {
		p.names[t] = fmt.Sprintf("#%d", t)
	}
	if reply == nil {
		p.say("%s is parked", p.names[t])
		return
	}
	p.reply(t, reply)
}

func (p *play) reply(t Ticket, reply *Reply) {
	switch {
	case reply.Drop:
		p.say("closed without a byte")
	case reply.Status == http.StatusSwitchingProtocols:
		p.say("101 %s", reply.Header.Get("Sec-WebSocket-Accept"))
		p.frames[t] = &websocket.Decoder{Role: websocket.Client}
	case reply.Stream:
		p.say("%d %s", reply.Status, reply.Header.Get("Content-Type"))
	default:
		p.say("%d %s", reply.Status, reply.Body)
	}
	p.service.Delivered(t, !reply.Drop)
}

// settle writes down what the last step led to.
func (p *play) settle() {
	for _, c := range p.service.Completed() {
		p.out.WriteString("  " + p.names[c.Ticket] + " is answered:\n")
		p.reply(c.Ticket, c.Reply)
	}
	for _, piece := range p.service.Pieces() {
		p.piece(piece)
		p.service.Wrote(piece, true)
		if piece.End {
			p.say("%s is closed", p.names[piece.Ticket])
		}
	}
	for _, r := range p.service.Reports() {
		p.say("report %d to %s", r.ID, r.URL)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			p.say("  %s: %s", name, r.Header[name][0])
		}
		p.say("  %s", r.Body)
	}
	for _, e := range p.service.Events() {
		p.say("%s", e.AppendJSON(nil))
	}
}

func (p *play) piece(piece Piece) {
	name, d := p.names[piece.Ticket], p.frames[piece.Ticket]
	if d == nil {
		for line := range strings.Lines(string(piece.Data)) {
			p.say("%s: %s", name, strings.TrimSuffix(line, "\n"))
		}
		return
	}
	d.Feed(piece.Data)
	for {
		m, ok, err := d.Next()
		if err != nil {
			p.t.Fatalf("the service wrote a bad frame: %v", err)
		}
		switch {
		case !ok:
			return
		case m.Op == websocket.Close:
			p.say("%s: close %d %s", name, m.Code, m.Data)
		default:
			p.say("%s: %v %s", name, m.Op, m.Data)
		}
	}
}
