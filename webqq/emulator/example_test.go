package emulator_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// A service is driven by hand: time is whatever its driver says.
func ExampleService() {
	s := emulator.New(emulator.DefaultScene(), emulator.Options{})
	now := time.Date(2013, 4, 23, 9, 0, 0, 0, time.UTC)

	_, reply := s.Handle(now, &emulator.Request{
		Method: "POST", Host: "d1.web2.qq.com", Path: "/channel/poll2", Header: http.Header{},
		Body: []byte(`r={"ptwebqq":"","clientid":53999199,"psessionid":"","key":""}`),
	})
	fmt.Printf("%d %s\n", reply.Status, reply.Body)
	for _, e := range s.Events() {
		fmt.Printf("%s\n", e.AppendJSON(nil))
	}
	// Output:
	// 200 {"retcode":103,"errmsg":""}
	// {"event":"refused","path":"/channel/poll2","why":"there is no Referer; want the proxy page, such as http://d1.web2.qq.com/proxy.html?v=20151105001&callback=1&id=2"}
}

func ExampleParseScene() {
	_, err := emulator.ParseScene("office.toml", []byte(`
[account]
qq = 10001

[[groups]]
number = 900
name = "测试群"
members = [10001, 20002]
`))
	fmt.Println(err)
	// Output:
	// office.toml:8: nobody knows the member 20002; add it to [[friends]] or [[strangers]]
}

func ExampleStart() {
	service := emulator.New(emulator.DefaultScene(), emulator.Options{Hold: time.Second})
	server, err := emulator.Start(service, emulator.ServerOptions{HTTP: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	resp, err := http.Get("http://" + server.HTTPAddr() + "/ptqrshow?appid=501004106")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Content-Type"))
	// Output:
	// 200 OK image/png
}
