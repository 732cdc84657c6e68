package proxy_test

import (
	"fmt"

	"github.com/qqloop/qqloop/internal/proxy"
)

func Example() {
	p, err := proxy.Parse("socks5h://user:secret@p.example:9050")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p)
	h, err := p.Tunnel(proxy.Target{Host: "a.example", Port: 443})
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := h.Next(nil)
	for _, answer := range []string{"\x05\x00", "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"} {
		if err == nil {
			fmt.Printf("> %q\n< %q\n", step.Out, answer)
			step, err = h.Next([]byte(answer))
		}
	}
	fmt.Println(err)
	// Output:
	// socks5h://user:xxxxx@p.example:9050
	// > "\x05\x02\x00\x02"
	// < "\x05\x00"
	// > "\x05\x01\x00\x03\ta.example\x01\xbb"
	// < "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"
	// proxy socks5h://user:xxxxx@p.example:9050: a.example:443: the proxy cannot reach the host, or does not find its name (reply 4)
}
