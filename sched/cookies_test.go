package sched_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

func TestCookies(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []string // Set-Cookie of the first response
		url  string   // of the second request
		own  string   // its own Cookie field
		want string   // what arrives
	}{
		{"none", nil, "http://a.example/", "", ""},
		{"one", []string{"a=1"}, "http://a.example/", "", "a=1"},
		{"two", []string{"a=1", "b=2; Path=/"}, "http://a.example/x", "", "a=1; b=2"},
		{"empty value", []string{"a="}, "http://a.example/", "", "a="},
		{"quoted", []string{`a="x y"`}, "http://a.example/", "", `a="x y"`},
		{"unreadable are passed over", []string{"=; ;", "a b=1", "", "b=2"}, "http://a.example/", "", "b=2"},
		{"another host", []string{"a=1"}, "http://b.example/", "", ""},
		{"another path", []string{"a=1; Path=/deep"}, "http://a.example/", "", ""},
		{"secure", []string{"a=1; Secure"}, "http://a.example/", "", ""},
		{"deleted", []string{"a=1", "a=1; Max-Age=0"}, "http://a.example/", "", ""},
		{"the request brings its own", []string{"a=1"}, "http://a.example/", "z=9", "z=9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			v := newLife(t, sim.Options{}, sched.Options{Jar: jar})
			got := "no second request"
			serve := func(x *sim.Exchange) {
				if x.Request.URL.Path == "/first" {
					wire := "HTTP/1.1 200 OK\r\n"
					for _, line := range c.set {
						wire += "Set-Cookie: " + line + "\r\n"
					}
					x.Raw([]byte(wire + "Content-Length: 0\r\n\r\n"))
					return
				}
				got = x.Request.Header.Get("Cookie")
				x.Reply(200, nil, nil)
			}
			v.http(serve)
			v.other(sim.HTTP(serve))
			second := sched.Get(c.url)
			if c.own != "" {
				second.Header.Add("cookie", c.own)
			}
			v.s.Add(sched.Get("http://a.example/first"), func(*sched.Response, error) sched.Next {
				return sched.Next{Request: second}
			})
			v.run()
			if got != c.want {
				t.Errorf("the server got %q; want %q", got, c.want)
			}
			if c.own == "" && len(second.Header) != 0 {
				t.Errorf("the request has the fields %q afterwards; want none, as before", second.Header)
			}
		})
	}
}

// countingJar holds nothing and counts.
type countingJar struct{ asked, told int }

func (j *countingJar) Cookies(*url.URL) []*http.Cookie { j.asked++; return nil }

func (j *countingJar) SetCookies(*url.URL, []*http.Cookie) { j.told++ }

// A response that did not come whole sets no cookie.
func TestJarHearsOfWholeResponses(t *testing.T) {
	jar := &countingJar{}
	v := newLife(t, sim.Options{}, sched.Options{Jar: jar})
	v.http(raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 9\r\n\r\npart"))
	v.get("http://a.example/")
	v.run()
	if jar.told != 0 || jar.asked == 0 {
		t.Errorf("told %d times, asked %d; want 0 and at least once", jar.told, jar.asked)
	}
}
