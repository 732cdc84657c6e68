package emulator

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// login brings a talker to where it can poll and send.
func (k *talker) login() {
	k.request("GET", "https://ssl.ptlogin2.qq.com/ptqrshow?appid=501004106", nil)
	for range 3 {
		k.request("GET", k.expand("https://ssl.ptlogin2.qq.com/ptqrlogin?ptqrtoken=${ptqrtoken}&aid=501004106&u1=http%3A%2F%2Fw.qq.com%2Fproxy.html"), nil)
	}
	k.request("GET", k.last, nil)
	k.request("POST", "http://d1.web2.qq.com/channel/login2", []string{`r={"ptwebqq":"${ptwebqq}","clientid":53999199,"psessionid":"","status":"online"}`})
	k.settle()
	if k.s.live() == nil {
		k.t.Fatal("the login failed")
	}
}

var pollLines = []string{"POST http://d1.web2.qq.com/channel/poll2", `r={"ptwebqq":"${ptwebqq}","clientid":53999199,"psessionid":"${psessionid}","key":""}`}

// poll sends a poll and does not write its reply.
func (k *talker) poll() (Ticket, *Reply) {
	return k.request("POST", "http://d1.web2.qq.com/channel/poll2", pollLines[1:])
}

func TestIssuedCookies(t *testing.T) {
	for seed := range uint64(50) {
		k := talkTo(t, New(DefaultScene(), Options{Rand: rand.New(rand.NewPCG(seed, 0))}))
		r := reply(200, "", nil)
		k.s.setCookies(r, k.s.newGrant(SmartQQ, ""))
		k.run([]string{"GET https://ssl.ptlogin2.qq.com/ptqrshow?appid=501004106"})
		seen := map[string]int{}
		for _, line := range r.Header["Set-Cookie"] {
			pair, attributes, _ := strings.Cut(line, "; ")
			name, value, _ := strings.Cut(pair, "=")
			if value == "" || strings.ContainsAny(value, "= ;,\"") {
				t.Errorf("got %q; want a value without '=' and blank", line)
			}
			if slices.Contains([]string{"ptwebqq", "skey", "superuin"}, name) && attributes != "Domain=qq.com; Path=/" {
				t.Errorf("got %q; want Domain=qq.com; Path=/", line)
			}
			seen[name]++
		}
		for _, name := range []string{"ptwebqq", "skey", "superuin", "uin", "ptcz", "supertoken"} {
			if seen[name] != 1 {
				t.Errorf("got %s %d times; want it once", name, seen[name])
			}
		}
		if seen["qrsig"] != 0 {
			t.Error("qrsig came with the login; want it from ptqrshow only")
		}
	}
}

// Every login draws new numbers, and none of them is one of the scene.
func TestNumbersAreRedrawn(t *testing.T) {
	k := newTalker(t)
	k.login()
	first := k.session()
	k.login()
	second := k.session()
	for _, n := range [][2]numbers{{first.people, second.people}, {first.gids, second.gids}, {first.codes, second.codes}, {first.dids, second.dids}} {
		for scene, drawn := range n[0].toSession {
			if scene == 10001 {
				if drawn != 10001 {
					t.Errorf("got %d for the account; want its own number", drawn)
				}
				continue
			}
			if drawn == n[1].session(scene) {
				t.Errorf("got %d for %d twice; want it redrawn", drawn, scene)
			}
			if _, known := k.s.scene.person(drawn); known || drawn == 900 || drawn == 700 {
				t.Errorf("got %d for %d; want a number the scene does not know", drawn, scene)
			}
		}
	}
}

func TestAbandonedPollKeepsItsMessages(t *testing.T) {
	k := newTalker(t)
	k.login()
	ticket, reply := k.poll()
	if reply != nil {
		t.Fatal("got a reply; want the poll parked")
	}
	if !k.s.Abandon(ticket) || k.s.Abandon(ticket) {
		t.Error("want a poll to be abandoned once")
	}
	k.s.Delivered(ticket, false)
	k.run([]string{"> say friend 20002 hi"})
	if got := k.s.Queued(); got != 1 {
		t.Errorf("got %d messages queued; want 1", got)
	}
	if _, reply = k.poll(); reply == nil || !bytes.Contains(reply.Body, []byte(`"hi "`)) {
		t.Errorf("got %v; want the message", reply)
	}
}

// A message in a reply that could not be written is lost, and counted.
func TestUndeliveredMessageIsLost(t *testing.T) {
	var log []string
	s := New(DefaultScene(), Options{Log: func(line string) { log = append(log, line) }})
	k := talkTo(t, s)
	k.login()
	k.run([]string{"> say friend 20002 hi"})
	ticket, _ := k.poll()
	s.Delivered(ticket, false)
	s.Delivered(ticket, true)
	if s.Lost() != 1 || len(s.Events()) != 0 {
		t.Errorf("got %d lost; want 1 and no event", s.Lost())
	}
	if want := "a message from 20002 was lost: the poll reply that carried it could not be written"; len(log) != 1 || log[0] != want {
		t.Errorf("got %q; want %q", log, want)
	}
	k.run([]string{"> slow /channel/poll2 1000 1", "> say friend 20002 hi"})
	if ticket, _ = k.poll(); !s.Abandon(ticket) || s.Lost() != 2 {
		t.Errorf("got %d lost; want the one in the slow reply too", s.Lost())
	}
}

// Next is the time at which Advance has something to say, and not earlier.
func TestNext(t *testing.T) {
	k := newTalker(t)
	k.login()
	if at, ok := k.s.Next(); ok {
		t.Errorf("got %v; want nothing to wait for", at)
	}
	k.poll()
	at, ok := k.s.Next()
	if want := k.now.Add(60 * time.Second); !ok || !at.Equal(want) {
		t.Fatalf("got %v, %t; want %v", at, ok, want)
	}
	k.s.Advance(at.Add(-1))
	if got := k.s.Completed(); len(got) != 0 {
		t.Errorf("got %v; want nothing before its time", got)
	}
	k.s.Advance(at)
	k.s.Advance(at.Add(-time.Hour)) // the clock went back: nothing is undone
	if got := k.s.Completed(); len(got) != 1 {
		t.Errorf("got %d replies; want one", len(got))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	k := newTalker(t)
	for range maxLogins + 20 {
		k.login()
	}
	if len(k.s.grants) > maxLogins || len(k.s.sessions) > maxLogins || len(k.s.codes) > maxLogins {
		t.Errorf("got %d grants, %d sessions, %d codes; want at most %d of each", len(k.s.grants), len(k.s.sessions), len(k.s.codes), maxLogins)
	}
}

// Whatever polls come and go, messages arrive once, in order, one a reply.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := talkTo(t, New(DefaultScene(), Options{}))
		k.login()
		var parked []Ticket
		said, got := 0, []string{}
		read := func(ticket Ticket, r *Reply) {
			if n := bytes.Count(r.Body, []byte("poll_type")); n > 1 {
				t.Fatalf("got %d messages in a reply; want one", n)
			}
			k.s.Delivered(ticket, true)
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				said++
				if err := k.s.Command(k.now, fmt.Sprintf("say friend 20002 %d", said)); err != nil {
					t.Fatal(err)
				}
			case 2:
				if ticket, r := k.poll(); r != nil {
					read(ticket, r)
				} else {
					parked = append(parked, ticket)
				}
			case 3:
				if len(parked) > 0 {
					k.s.Abandon(parked[len(parked)-1])
				}
			case 4:
				k.now = k.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
				k.s.Advance(k.now)
			}
			for _, c := range k.s.Completed() {
				read(c.Ticket, c.Reply)
			}
			for _, e := range k.s.Events() {
				if d, ok := e.(Delivered); ok {
					got = append(got, d.Text)
				}
			}
		}
		if len(got)+k.s.Queued() != said {
			t.Fatalf("got %d delivered and %d queued; want %d in all", len(got), k.s.Queued(), said)
		}
		for i, text := range got {
			if text != fmt.Sprint(i+1) {
				t.Fatalf("got %q; want them in order", got)
			}
		}
	})
}

func TestUploads(t *testing.T) {
	k := newTalker(t)
	for _, tt := range []struct {
		path, field string
		size        int
		want        string
	}{
		{"/cgi-bin/cface_upload", "custom_face", 3, "callbackSendPicGroup({'ret':0,'msg':'F561AAF6EF0BF14D4208BB46A4CCB3AD.jPg'})"},
		{"/cgi-bin/cface_upload", "custom_face", maxFace + 1, "{'ret':2,"},
		{"/ftn_access/upload_offline_pic", "file", 3, `"filesize":3,"fileid":1,"filename":"a.jpg","filepath":"/`},
		{"/cgi-bin/cface_upload", "other", 3, "400 Bad Request"},
	} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile(tt.field, "a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		part.Write(bytes.Repeat([]byte("x"), tt.size))
		form.Close()
		_, r := k.s.Handle(k.now, &Request{Method: "POST", Host: "up.web2.qq.com", Path: tt.path,
			Header: http.Header{"Content-Type": {form.FormDataContentType()}}, Body: body.Bytes()})
		if !bytes.Contains(r.Body, []byte(tt.want)) {
			t.Errorf("%s with %s: got %q; want %q in it", tt.path, tt.field, r.Body, tt.want)
		}
	}
}
