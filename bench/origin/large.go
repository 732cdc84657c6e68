package origin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// handler serves with net/http, over TLS and without:
//
//	/small          Small
//	/park, /await/N, /release    as small has them
//	/long           Long bytes
//	/upload         the number of bytes that came
//	/events/N/MS    an event stream: N events, one each MS milliseconds
//	/accounts/N     makes N OneBot accounts, and lists their addresses
//	/talk/N/US      says N messages to them, one each US microseconds
func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/small", func(w http.ResponseWriter, r *http.Request) { say(w, Small) })
	lot := &lot{changed: make(chan struct{}), open: make(chan struct{})}
	mux.HandleFunc("/park", lot.park)
	mux.HandleFunc("/await/{n}", lot.await)
	mux.HandleFunc("/release", lot.release)
	block := make([]byte, 1<<20)
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(Long))
		for range Long / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		say(w, strconv.FormatInt(n, 10))
	})
	mux.HandleFunc("/events/{n}/{ms}", stream)
	a := new(accounts)
	mux.HandleFunc("/accounts/{n}", a.start)
	mux.HandleFunc("/talk/{n}/{us}", a.talk)
	return mux
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	io.WriteString(w, text)
}

// An Event is the data of each event of a stream.
type Event struct {
	Number int   `json:"number"`
	Sent   int64 `json:"sent"` // Unix time in nanoseconds
}

func stream(w http.ResponseWriter, r *http.Request) {
	n, err1 := strconv.Atoi(r.PathValue("n"))
	ms, err2 := strconv.Atoi(r.PathValue("ms"))
	if err1 != nil || err2 != nil || ms < 1 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tick := time.NewTicker(time.Duration(ms) * time.Millisecond)
	defer tick.Stop()
	for i := range n {
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
		data, _ := json.Marshal(Event{i, time.Now().UnixNano()})
		fmt.Fprintf(w, "id: %d\nevent: message\ndata: %s\n\n", i, data)
		if out.Flush() != nil {
			return
		}
	}
}

// lot is where requests are parked.
type lot struct {
	mu      sync.Mutex
	many    int
	changed chan struct{} // closed, and made anew, when many grows
	open    chan struct{} // closed, and made anew, when all may go
}

func (l *lot) park(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.many++
	close(l.changed)
	l.changed = make(chan struct{})
	open := l.open
	l.mu.Unlock()
	select {
	case <-open:
		say(w, Small)
	case <-r.Context().Done():
	}
}

func (l *lot) await(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	for {
		l.mu.Lock()
		many, changed := l.many, l.changed
		l.mu.Unlock()
		if many >= n {
			say(w, strconv.Itoa(many))
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (l *lot) release(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	say(w, strconv.Itoa(l.many))
	l.many = 0
	close(l.open)
	l.open = make(chan struct{})
}
