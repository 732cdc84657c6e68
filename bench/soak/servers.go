//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/qqloop/qqloop/internal/faultproxy"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// An order is what the servers are told, once, as a line of JSON.
type order struct {
	Seed    uint64
	Restart time.Duration
}

// An answer is what they say: where they are, and in the end what they saw.
type answer struct {
	Origin, Bot string // host:port, each of a fault proxy

	Asked    int // requests the origin has begun to answer
	Broken   int // connections that were given a fault
	Restarts int // of the emulator
	Said     int // messages to the bot
	Answered int // of these
	Twice    int // answers beyond the first
}

// serve is the whole of the servers' process. It ends with its input.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	var o order
	text, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	s := &servers{rand: rand.New(rand.NewPCG(o.Seed, 5)), answers: map[string]int{}}
	origin, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{Handler: http.HandlerFunc(s.page), ErrorLog: log.New(io.Discard, "", 0)}
	go web.Serve(origin)
	if err := s.startEmulator("127.0.0.1:0"); err != nil {
		return err
	}
	var says answer
	for _, p := range []struct {
		target string
		addr   *string
	}{{origin.Addr().String(), &says.Origin}, {s.emulator.HTTPAddr(), &says.Bot}} {
		proxy, err := faultproxy.Listen(p.target, s.script)
		if err != nil {
			return err
		}
		*p.addr = proxy.Addr()
	}
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(says); err != nil {
		return err
	}

	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, lines)
		close(ended)
	}()
	restart, say := time.NewTicker(o.Restart), time.NewTicker(250*time.Millisecond)
	for {
		select {
		case <-restart.C:
			at := s.emulator.HTTPAddr()
			s.emulator.Close()
			if err := s.startEmulator(at); err != nil {
				return err
			}
			s.restarts++
		case <-say.C:
			s.say()
		case <-ended:
			return encoder.Encode(s.sum())
		}
	}
}

type servers struct {
	emulator *emulator.Server
	restarts int
	said     int

	mu      sync.Mutex
	rand    *rand.Rand
	asked   int
	broken  int
	answers map[string]int
}

func (s *servers) startEmulator(at string) (err error) {
	o := emulator.Options{Hold: 10 * time.Second, Rand: rand.New(rand.NewPCG(uint64(s.restarts), 7))}
	s.emulator, err = emulator.Start(emulator.New(emulator.DefaultScene(), o), emulator.ServerOptions{
		HTTP: at,
		OnEvent: func(e emulator.Event) {
			if send, ok := e.(emulator.Send); ok {
				s.mu.Lock()
				s.answers[send.Text]++
				s.mu.Unlock()
			}
		},
	})
	return err
}

func (s *servers) say() {
	s.said++
	s.emulator.Command(fmt.Sprintf("say friend 20002 echo message %d", s.said))
}

func (s *servers) sum() answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := answer{Asked: s.asked, Broken: s.broken, Restarts: s.restarts, Said: s.said}
	for text, n := range s.answers {
		if strings.HasPrefix(text, "message ") {
			a.Answered++
			a.Twice += n - 1
		}
	}
	return a
}

// script breaks one connection in three, somewhere in its first replies.
func (s *servers) script(int) []faultproxy.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rand.IntN(3) > 0 {
		return nil
	}
	s.broken++
	action := [...]faultproxy.Action{
		faultproxy.FIN, faultproxy.RST, faultproxy.Silence, faultproxy.Stall, faultproxy.Split, faultproxy.Corrupt,
	}[s.rand.IntN(6)]
	return []faultproxy.Fault{{At: s.rand.Int64N(4096), Action: action, For: time.Duration(s.rand.IntN(3000)) * time.Millisecond}}
}

// page answers the chains.
func (s *servers) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	hold := time.Duration(4000+s.rand.IntN(16000)) * time.Millisecond
	s.mu.Unlock()
	switch r.URL.Path {
	case "/poll":
		select {
		case <-time.After(hold):
		case <-r.Context().Done():
			return
		}
		io.WriteString(w, `{"retcode":102,"errmsg":""}`)
	case "/chunked":
		for range 4 {
			io.WriteString(w, "a piece of the reply\n")
			w.(http.Flusher).Flush()
		}
	case "/post":
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "done\n")
	default:
		io.WriteString(w, "hello\n")
	}
}
