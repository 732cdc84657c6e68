package sched_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// The engine under http.Client: nothing else of a program has to change.
func ExampleTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.URL.Path)
	}))
	defer server.Close()

	transport := sched.NewTransport(sched.TransportOptions{MaxConnsPerHost: 100})
	defer transport.Close()
	client := http.Client{Transport: transport}

	resp, err := client.Get(server.URL + "/news")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", body)
	// Output: GET /news
}

// Several loops: each origin has its own, and readbacks of one origin run one at a
// time.
func ExampleGroup() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path)
	}))
	defer server.Close()

	g, err := sched.NewGroup(2, loop.Options{}, sched.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	answer := make(chan string, 1) // a readback must not block
	_, err = g.Add(sched.Get(server.URL+"/news"), func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			answer <- err.Error()
			return sched.Next{}
		}
		answer <- string(resp.Body) // a copy: the body is the loop's
		return sched.Next{}
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-answer)
	// Output: /news
}

// An event stream: the connection may end, the stream goes on where it was.
func ExampleStream_Events() {
	events := []string{"id: 1\ndata: one\n\n", "id: 2\ndata: two\n\n"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		switch r.Header.Get("Last-Event-ID") {
		case "":
			fmt.Fprint(w, "retry: 1\n", events[0])
		case "1":
			fmt.Fprint(w, events[1])
		default:
			w.WriteHeader(http.StatusNoContent) // which means: do not come back
		}
	}))
	defer server.Close()

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	s := sched.New(l, sched.Options{})
	defer s.Close()
	s.Events(sched.EventSource{
		Request: sched.Get(server.URL),
		OnEvent: func(e httpwire.ServerEvent) error {
			fmt.Printf("%s: %s\n", e.ID, e.Data)
			return nil
		},
		OnEnd: func(cause error) {
			fmt.Println("the end:", cause)
			l.Stop()
		},
	})
	l.Run()
	// Output:
	// 1: one
	// 2: two
	// the end: <nil>
}
