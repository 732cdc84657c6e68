package origin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/qqloop/qqloop/onebot/emulator"
)

// accounts are OneBot implementations, each with one account on a port of its
// own, as many people run many.
type accounts struct {
	mu      sync.Mutex
	servers []*emulator.Server
	heard   chan int // who has answered
}

// maxSaid is how many messages one request may have said.
const maxSaid = 100_000

// start makes so many, in the place of those that there were, and answers with
// their addresses as a list of JSON.
func (a *accounts) start(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 {
		http.NotFound(w, r)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, server := range a.servers {
		server.Close()
	}
	a.servers = nil
	a.heard = make(chan int, maxSaid)
	heard := a.heard
	var urls []string
	for i := range n {
		scene := emulator.DefaultScene()
		scene.Account.QQ = int64(1_000_000 + i)
		scene.Groups[0].Members[0] = scene.Account.QQ
		server, err := emulator.Start(emulator.New(scene, emulator.Options{}), emulator.ServerOptions{OnEvent: func(e emulator.Event) {
			if _, ok := e.(emulator.Send); ok {
				heard <- i
			}
		}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		a.servers = append(a.servers, server)
		urls = append(urls, "http://"+server.HTTPAddr())
	}
	text, _ := json.Marshal(urls) // strings
	say(w, string(text))
}

// talk says n messages, one each so many microseconds, to one account after the
// other, and answers with how long each answer took, in nanoseconds.
func (a *accounts) talk(w http.ResponseWriter, r *http.Request) {
	n, err1 := strconv.Atoi(r.PathValue("n"))
	us, err2 := strconv.Atoi(r.PathValue("us"))
	a.mu.Lock()
	servers, heard := a.servers, a.heard
	a.mu.Unlock()
	if err1 != nil || err2 != nil || us < 1 || n < 1 || n > maxSaid || len(servers) == 0 {
		http.NotFound(w, r)
		return
	}
	tick := time.NewTicker(time.Duration(us) * time.Microsecond)
	defer tick.Stop()
	said := make(map[int]time.Time)
	took := make([]int64, 0, n)
	for i := 0; len(took) < n; {
		var next <-chan time.Time
		if i < n {
			next = tick.C
		}
		select {
		case <-next:
			who := i % len(servers)
			i++
			said[who] = time.Now()
			if err := servers[who].Command("say friend 20002 ping"); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		case who := <-heard:
			took = append(took, time.Since(said[who]).Nanoseconds())
		case <-r.Context().Done():
			return
		}
	}
	text, err := json.Marshal(took)
	if err != nil {
		http.Error(w, fmt.Sprint(err), http.StatusInternalServerError)
		return
	}
	say(w, string(text))
}
