package webqq_test

import (
	"fmt"
	"log"
	"net/http/cookiejar"
	"os"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

// A bot that answers "ping". Without a service to speak to it is only compiled.
func Example() {
	l, err := loop.New(loop.Options{})
	if err != nil {
		log.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	stream := sched.New(l, sched.Options{Jar: jar})

	var client *webqq.Client
	client, err = webqq.New(stream, webqq.Options{
		Jar:    jar, // the same: the client reads cookies that the stream has got
		QRCode: func(png []byte) { os.WriteFile("scan-me.png", png, 0o600) },
		OnMessage: func(m webqq.Message) {
			if m.Text() == "ping" {
				client.Send(m.Chat, webqq.TextContent("pong"), nil)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	client.Start(func(err error) { l.Stop() })
	if err := l.Run(); err != nil {
		log.Fatal(err)
	}
}

func ExampleMention() {
	rest, ok := webqq.Mention("@bot what time is it?", "bot")
	fmt.Println(rest, ok)
	// Output: what time is it? true
}

func ExampleParseFaces() {
	for _, item := range webqq.ParseFaces("hi [微笑]!") {
		fmt.Printf("%d %q\n", item.Kind, item.String())
	}
	// Output:
	// 0 "hi "
	// 1 "[微笑]"
	// 0 "!"
}
