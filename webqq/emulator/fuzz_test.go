package emulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzHandle sends anything at all, before a login and behind one. The service
// must answer or park it, and its time must go on.
func FuzzHandle(f *testing.F) {
	f.Add("POST", "/channel/poll2", "t=1", "skey=x", "text/plain", []byte(`r={"clientid":1,"psessionid":"","key":""}`))
	f.Add("POST", "/channel/send_buddy_msg2", "", "", "", []byte(`r={"to":null,"content":"[[],\"\",[\"font\"]]","psessionid":{}}`))
	f.Add("GET", "/api/get_group_name_list_mask2", "r=%7B%7D&vfwebqq=", "a=b; c", "", []byte(nil))
	f.Add("GET", "/login", "u=10001&p=AAAA&verifycode=%21&aid=1&u1=%", "", "", []byte(nil))
	f.Add("GET", "/check", "uin=99999999999999999999&appid=1", "", "", []byte(nil))
	f.Add("GET", "/ptqrshow", "appid=%ff%fe&s=-1&l=Z", "", "", []byte(nil))
	f.Add("POST", "/cgi-bin/cface_upload", "", "", "multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=custom_face\r\n\r\nx\r\n--b--"))
	f.Add("POST", "/cgi-bin/qun_mgr/search_group_members", "", "skey=", "", []byte("gc=900&st=-5&end=99999999999&bkn=5381"))
	f.Fuzz(func(t *testing.T, method, path, query, cookies, kind string, body []byte) {
		for _, loggedIn := range []bool{false, true} {
			k := talkTo(t, New(DefaultScene(), Options{Lenient: loggedIn}))
			if loggedIn {
				k.login()
				query = strings.ReplaceAll(query, "PSESSIONID", k.session().psessionid)
			}
			ticket, reply := k.s.Handle(k.now, &Request{Method: method, Path: path, RawQuery: query, Body: body,
				Header: http.Header{"Cookie": {cookies}, "Content-Type": {kind}, "Referer": {"http://d1.web2.qq.com/"}}})
			if reply == nil {
				k.s.Advance(k.now.Add(time.Hour))
				done := k.s.Completed()
				if len(done) != 1 || done[0].Ticket != ticket {
					t.Fatalf("got %v; want the reply to ticket %d", done, ticket)
				}
				reply = done[0].Reply
			}
			if reply.Status < 200 || reply.Status > 599 {
				t.Errorf("got the status %d", reply.Status)
			}
			for name, values := range reply.Header {
				for _, v := range values {
					if strings.ContainsAny(name+v, "\r\n") {
						t.Errorf("got %q: %q; want no line end in a header", name, v)
					}
				}
			}
		}
	})
}

// FuzzParseScene wants a scene or an error that names a line of it, and of a
// scene a service that works.
func FuzzParseScene(f *testing.F) {
	f.Add([]byte(fullScene))
	f.Add([]byte("account.qq = 1\n[[friends]]\nqq = 1"))
	f.Add([]byte("account = {qq = 1}\ngroups = [{number = 1, members = [1], cards = {1 = 'x'}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		scene, err := ParseScene("s", data)
		if err != nil {
			if e, ok := err.(*SceneError); !ok || e.Line < 0 {
				t.Errorf("got %v; want a *SceneError", err)
			}
			return
		}
		talkTo(t, New(scene, Options{})).login()
	})
}
