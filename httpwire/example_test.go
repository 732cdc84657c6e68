package httpwire_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/qqloop/qqloop/httpwire"
)

// Any source of bytes will do; here it is a string that comes eight bytes at a
// time.
func Example() {
	source := strings.NewReader("HTTP/1.1 200 OK\r\n" +
		"Content-Type: text/plain\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n" +
		"6\r\nHello,\r\n" +
		"7\r\n world!\r\n" +
		"0\r\nX-Sum: 4\r\n\r\n")

	var p httpwire.Parser
	var head *httpwire.Head
	var body []byte
	p.Expect("GET")
	buf := make([]byte, 8)
	for {
		ev, err := p.NextEvent()
		if err != nil {
			fmt.Println(err)
			return
		}
		switch ev.Kind {
		case httpwire.NeedData:
			n, err := source.Read(buf)
			p.Feed(buf[:n])
			if err == io.EOF {
				p.FeedEOF()
			}
		case httpwire.GotHead:
			head = ev.Head
		case httpwire.GotData:
			body = append(body, ev.Data...)
		case httpwire.GotEnd:
			fmt.Println(head.Status, head.Fields.Get("content-type"))
			fmt.Printf("%s\n", body)
			fmt.Println("sum", ev.Trailer.Get("X-Sum"))
			fmt.Println("reusable", p.Reusable())
			return
		}
	}
	// Output:
	// 200 text/plain
	// Hello, world!
	// sum 4
	// reusable true
}

func ExampleRequest_AppendTo() {
	r := httpwire.Request{
		Method: "POST",
		Target: "/channel/send",
		Host:   "d.example",
		Header: httpwire.Header{{Name: "X-First", Value: "1"}, {Name: "x-second", Value: "2"}},
		Body:   []byte("r=hello"),
	}
	wire, err := r.AppendTo(nil)
	fmt.Printf("%s\n%v\n", strings.ReplaceAll(string(wire), "\r\n", "\n"), err)

	r.Target = "/channel/send now"
	_, err = r.AppendTo(nil)
	fmt.Println(err)
	// Output:
	// POST /channel/send HTTP/1.1
	// Host: d.example
	// X-First: 1
	// x-second: 2
	// Content-Length: 7
	//
	// r=hello
	// <nil>
	// httpwire: request: target "/channel/send now": a space would end it: write %20
}

// A body that is made while it is sent. The sum is known only at its end.
func ExampleAppendChunk() {
	r := httpwire.Request{
		Method: "POST",
		Target: "/log",
		Host:   "d.example",
		Header: httpwire.Header{{Name: "Trailer", Value: "X-Lines"}},
		Length: httpwire.Chunked,
	}
	wire, err := r.AppendHead(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range []string{"one,", "two,", "three"} {
		wire = httpwire.AppendChunk(wire, []byte(line))
	}
	wire, err = httpwire.AppendLastChunk(wire, httpwire.Header{{Name: "X-Lines", Value: "3"}})
	fmt.Printf("%s%v\n", strings.ReplaceAll(string(wire), "\r\n", "\n"), err)
	// Output:
	// POST /log HTTP/1.1
	// Host: d.example
	// Trailer: X-Lines
	// Transfer-Encoding: chunked
	//
	// 4
	// one,
	// 4
	// two,
	// 5
	// three
	// 0
	// X-Lines: 3
	//
	// <nil>
}

// Fields are views. What is to outlive them is cloned.
func ExampleFields_Clone() {
	var p httpwire.Parser
	fed := []byte("HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n")
	p.Feed(fed)
	ev, err := p.NextEvent()
	if err != nil {
		fmt.Println(err)
		return
	}
	kept := ev.Head.Fields.Clone()
	clear(fed)
	p.Release()

	for cookie := range kept.Values("set-cookie") {
		fmt.Printf("%s\n", cookie)
	}
	// Output:
	// a=1
	// b=2
}

// A reply from a port that speaks something else says so.
func ExampleProtocolError() {
	var p httpwire.Parser
	p.Feed([]byte("SSH-2.0-OpenSSH_9.7\r\n"))
	_, err := p.NextEvent()
	fmt.Println(err)
	// Output:
	// httpwire: status line: not an HTTP status line "SSH-2.0-OpenSSH_9.7" at offset 0: the server speaks SSH on this port
}

// The content of a response goes in as it arrives, events come out. The
// comment is what servers send to show that they live.
func ExampleEventStream() {
	source := strings.NewReader(": hello\n\n" +
		"retry: 3000\n\n" +
		"id: 41\ndata: the first\n\n" +
		"event: add\nid: 42\ndata: two\ndata: lines\n\n" +
		"data: cut sho")

	var s httpwire.EventStream
	buf := make([]byte, 8)
	for {
		n, err := source.Read(buf)
		if err != nil {
			break
		}
		s.Feed(buf[:n])
		for {
			event, ok, err := s.Next()
			if err != nil {
				fmt.Println(err)
				return
			}
			if !ok {
				break
			}
			fmt.Printf("%s %q\n", event.Type, event.Data)
		}
	}
	ms, _ := s.Retry()
	fmt.Printf("connect again in %d ms, Last-Event-ID: %s\n", ms, s.LastID())
	// Output:
	// message "the first"
	// add "two\nlines"
	// connect again in 3000 ms, Last-Event-ID: 42
}
