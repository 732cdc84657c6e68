package sched_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// newsServer says something new whenever it is asked, and then bye.
func newsServer() *httptest.Server {
	news := []string{"news 1", "news 2", "bye"}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, news[0])
		news = append(news[1:], news[0])
	}))
}

// A chain that polls for ever: the readback reads one response and says what
// comes next.
func Example() {
	server := newsServer()
	defer server.Close()
	url := server.URL

	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s := sched.New(l, sched.Options{})
	poll := sched.Get(url)
	var readNews sched.Readback
	readNews = func(resp *sched.Response, err error) sched.Next {
		if err != nil {
			return sched.Next{Request: poll, Readback: readNews, Delay: 5 * time.Second}
		}
		fmt.Printf("%s\n", resp.Body)
		if string(resp.Body) == "bye" {
			l.Stop()
		}
		return sched.Next{Request: poll, Readback: readNews}
	}
	s.Add(poll, readNews)
	l.Run()
	s.Close()
	// Output:
	// news 1
	// news 2
	// bye
}

// A login of two steps on a simulated network: an hour passes in no time.
func ExampleStream_Add() {
	world := sim.New(sim.Options{})
	world.Host("login.example", netip.MustParseAddr("203.0.113.7"))
	world.Listen(netip.MustParseAddrPort("203.0.113.7:80"), sim.HTTP(func(x *sim.Exchange) {
		x.Reply(200, nil, []byte("answer to "+x.Request.URL.Path))
	}))
	l, err := loop.New(world.Loop())
	if err != nil {
		panic(err)
	}
	s := sched.New(l, sched.Options{Kernel: world.Kernel()})

	welcome := func(resp *sched.Response, err error) sched.Next {
		fmt.Printf("%v: %s\n", world.Now().Round(time.Hour), resp.Body)
		l.Stop()
		return sched.Next{}
	}
	s.Add(sched.Get("http://login.example/ticket"), func(resp *sched.Response, err error) sched.Next {
		fmt.Printf("%v: %s\n", world.Now().Round(time.Hour), resp.Body)
		return sched.Next{Request: sched.Get("http://login.example/enter"), Readback: welcome, Delay: time.Hour}
	})
	l.Run()
	s.Close()
	l.Close()
	// Output:
	// 0s: answer to /ticket
	// 1h0m0s: answer to /enter
}

func ExampleDo() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello "+r.URL.Path)
	}))
	defer server.Close()

	resp, err := sched.Do(context.Background(), sched.Get(server.URL+"/x"), sched.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d %s\n", resp.Status, resp.Body)
	// Output: 200 hello /x
}
