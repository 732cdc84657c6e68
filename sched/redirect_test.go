package sched_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/sim"
)

// to returns the head of a redirect, as a server writes it.
func to(status int, location string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\nContent-Length: 4\r\n\r\ngone", status, location)
}

// sight is what a server saw of a request.
type sight struct {
	line   string // "GET a.example /x"
	body   string
	header http.Header
}

// watch serves a.example and b.example: answer, by the path, or 200.
func (v *life) watch(answer func(x *sim.Exchange) bool) *[]sight {
	var seen []sight
	serve := func(x *sim.Exchange) {
		r := x.Request
		seen = append(seen, sight{r.Method + " " + r.Host + " " + r.RequestURI, string(x.Body), r.Header})
		if !answer(x) {
			x.Reply(200, nil, []byte("here"))
		}
	}
	v.http(serve)
	v.other(sim.HTTP(serve))
	v.w.Listen(addrOf("10.0.0.1:81"), sim.HTTP(serve))
	return &seen
}

// once redirects "/" and nothing else.
func once(status int, location string) func(*sim.Exchange) bool {
	return func(x *sim.Exchange) bool {
		if x.Request.URL.Path != "/" {
			return false
		}
		if x.Request.Method == "HEAD" {
			x.Raw([]byte(strings.TrimSuffix(string(to(status, location)), "gone")))
		} else {
			x.Raw(to(status, location))
		}
		return true
	}
}

func lines(seen []sight) (all []string) {
	for _, s := range seen {
		all = append(all, s.line)
	}
	return all
}

// What becomes of the method and the body (RFC 9110 section 15.4, and what
// everybody does to a POST).
func TestRedirectMethods(t *testing.T) {
	bodyFields := []string{"Content-Type", "Content-Language", "Content-Encoding"}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
			t.Run(fmt.Sprint(status, "/", method), func(t *testing.T) {
				want := method
				switch {
				case method == "POST" && status <= 303, method == "PUT" && status == 303:
					want = "GET"
				}
				v := newLife(t, sim.Options{}, sched.Options{})
				seen := v.watch(once(status, "/new"))
				r := sched.Get("http://a.example/")
				r.Method, r.MaxRedirects = method, 1
				r.Header.Add("X-Other", "1")
				if method[0] == 'P' {
					r.Body = []byte("body")
					for _, f := range bodyFields {
						r.Header.Add(f, "x")
					}
				}
				before := slices.Clone(r.Header)
				o := v.do(r)
				v.run()
				if o.calls != 1 || o.status != 200 || o.info.Attempts != 2 {
					t.Fatalf("got %v, %d attempts; want 200, 2", o, o.info.Attempts)
				}
				if got, want := lines(*seen), []string{method + " a.example /", want + " a.example /new"}; !slices.Equal(got, want) {
					t.Fatalf("the server saw %q; want %q", got, want)
				}
				last := (*seen)[1]
				kept := method[0] == 'P' && want == method
				if got := last.body != ""; got != kept || kept && last.body != "body" {
					t.Errorf("the body is %q; kept should be %v", last.body, kept)
				}
				for _, f := range bodyFields {
					if got := last.header.Get(f) != ""; got != kept {
						t.Errorf("%s is %q; kept should be %v", f, last.header.Get(f), kept)
					}
				}
				if got := last.header.Get("X-Other"); got != "1" {
					t.Errorf("X-Other is %q; want 1", got)
				}
				if r.Method != method || r.URL.String() != "http://a.example/" || !slices.Equal(r.Header, before) {
					t.Errorf("the caller's request was changed: %+v", r)
				}
			})
		}
	}
}

// Other statuses are answers, and so is a redirect that nobody asked to follow.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, c := range []struct {
		status, max int
	}{{300, 5}, {304, 5}, {305, 5}, {306, 5}, {201, 5}, {301, 0}, {307, 0}} {
		t.Run(fmt.Sprint(c.status, "/", c.max), func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			seen := v.watch(func(x *sim.Exchange) bool {
				x.Reply(c.status, http.Header{"Location": {"/new"}}, nil)
				return true
			})
			r := sched.Get("http://a.example/")
			r.MaxRedirects = c.max
			o := v.do(r)
			v.run()
			if o.status != c.status || o.err != nil || len(*seen) != 1 {
				t.Errorf("got %v after %d requests; want %d after 1", o, len(*seen), c.status)
			}
		})
	}
}

func TestRedirectLocations(t *testing.T) {
	for _, c := range []struct {
		name, from, location string
		line                 string // of the second request
		url                  string // of Response.Request
	}{
		{"absolute", "/x/y?q=1", "http://b.example/z", "GET b.example /z", "http://b.example/z"},
		{"absolute path", "/x/y?q=1", "/z", "GET a.example /z", "http://a.example/z"},
		{"relative", "/x/y?q=1", "z", "GET a.example /x/z", "http://a.example/x/z"},
		{"upwards", "/x/y/w", "../z", "GET a.example /x/z", "http://a.example/x/z"},
		{"above the root", "/x", "../../z", "GET a.example /z", "http://a.example/z"},
		{"scheme-relative", "/x", "//b.example/z", "GET b.example /z", "http://b.example/z"},
		{"query only", "/x/y?q=1", "?q=2", "GET a.example /x/y?q=2", "http://a.example/x/y?q=2"},
		{"no path", "/x", "http://b.example", "GET b.example /", "http://b.example"},
		{"another port", "/x", "http://a.example:81/z", "GET a.example:81 /z", "http://a.example:81/z"},
		{"capitals", "/x", "HTTP://A.EXAMPLE/z", "GET A.EXAMPLE /z", "http://A.EXAMPLE/z"},
		{"encoded stays so", "/x", "/%7Ea/%2F?b=%20", "GET a.example /%7Ea/%2F?b=%20", "http://a.example/%7Ea/%2F?b=%20"},
		{"unencoded path", "/x", "/小 z", "GET a.example /%E5%B0%8F%20z", "http://a.example/%E5%B0%8F%20z"},
		{"unencoded query", "/x", "/z?q=小 明", "GET a.example /z?q=%E5%B0%8F%20%E6%98%8E", "http://a.example/z?q=%E5%B0%8F%20%E6%98%8E"},
		{"fragment of its own", "/x#old", "/z#new", "GET a.example /z", "http://a.example/z#new"},
		{"fragment inherited", "/x#old%2F", "/z", "GET a.example /z", "http://a.example/z#old%2F"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			first := true
			seen := v.watch(func(x *sim.Exchange) bool {
				if !first {
					return false
				}
				first = false
				x.Raw(to(302, c.location))
				return true
			})
			r := sched.Get("http://a.example" + c.from)
			r.MaxRedirects = 1
			url, own := "", false
			v.s.Add(r, func(resp *sched.Response, err error) sched.Next {
				if err != nil {
					t.Error(err)
					return sched.Next{}
				}
				url, own = resp.Request.URL.String(), resp.Request != r
				return sched.Next{}
			})
			v.run()
			if len(*seen) != 2 || (*seen)[1].line != c.line {
				t.Errorf("the servers saw %q; want %q last", lines(*seen), c.line)
			}
			if url != c.url || !own {
				t.Errorf("Response.Request is for %q, another one %v; want %q, true", url, own, c.url)
			}
		})
	}
}

// What a request tells one origin it does not tell another.
func TestRedirectCredentials(t *testing.T) {
	secret := httpwire.Header{
		{Name: "authorization", Value: "Basic eDp5"},
		{Name: "COOKIE", Value: "own=1"},
		{Name: "Proxy-Authorization", Value: "Basic eDp5"},
		{Name: "X-Other", Value: "1"},
	}
	for _, c := range []struct {
		name, location string
		within         bool
	}{
		{"same", "/new", true},
		{"same, absolute", "http://a.example/new", true},
		{"same, in capitals and with its port", "HTTP://A.example:80/new", true},
		{"another host", "http://b.example/new", false},
		{"another port", "http://a.example:81/new", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			seen := v.watch(once(307, c.location))
			r := sched.Get("http://a.example/")
			r.Header, r.Host, r.MaxRedirects = slices.Clone(secret), "virtual.example", 3
			o := v.do(r)
			v.run()
			if o.status != 200 || len(*seen) != 2 {
				t.Fatalf("got %v after %q", o, lines(*seen))
			}
			last := (*seen)[1]
			for _, f := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
				if got := last.header.Get(f) != ""; got != c.within {
					t.Errorf("%s is %q; kept should be %v", f, last.header.Get(f), c.within)
				}
			}
			if got := strings.Contains(last.line, " virtual.example "); got != c.within {
				t.Errorf("the server saw %q; the Host override kept should be %v", last.line, c.within)
			}
			if got := last.header.Get("X-Other"); got != "1" {
				t.Errorf("X-Other is %q; want 1", got)
			}
		})
	}
}

// A Host field among the others goes with the override.
func TestRedirectDropsHostField(t *testing.T) {
	v := newLife(t, sim.Options{}, sched.Options{})
	seen := v.watch(once(302, "http://b.example/new"))
	r := sched.Get("http://a.example/")
	r.Header.Add("Host", "virtual.example")
	r.MaxRedirects = 1
	v.do(r)
	v.run()
	if got, want := lines(*seen), []string{"GET virtual.example /", "GET b.example /new"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// count redirects /0 to /1, and so on up to last.
func count(last int) func(*sim.Exchange) bool {
	return func(x *sim.Exchange) bool {
		n, _ := strconv.Atoi(x.Request.URL.Path[1:])
		if n < last {
			x.Raw(to(302, fmt.Sprint("/", n+1)))
		}
		return n < last
	}
}

func TestRedirectLimit(t *testing.T) {
	for _, c := range []struct {
		max, hops int
		fails     bool
	}{{1, 1, false}, {1, 2, true}, {5, 5, false}, {5, 6, true}, {-1, 200, false}} {
		t.Run(fmt.Sprintf("%d of %d", c.hops, c.max), func(t *testing.T) {
			v := newLife(t, sim.Options{}, sched.Options{})
			seen := v.watch(count(c.hops))
			r := sched.Get("http://a.example/0")
			r.MaxRedirects = c.max
			o := v.do(r)
			v.run()
			if !c.fails {
				if o.status != 200 || len(*seen) != c.hops+1 {
					t.Errorf("got %v after %d requests; want 200 after %d", o, len(*seen), c.hops+1)
				}
				return
			}
			v.wantKind(o, sched.Redirect, sched.PhaseBody)
			want := fmt.Sprintf("GET http://a.example/%[1]d: body 10.0.0.1:80: more than %[1]d redirects; the next would be to http://a.example/%[2]d", c.max, c.max+1)
			if o.err.Error() != want {
				t.Errorf("got %q; want %q", o.err, want)
			}
			if o.status != 302 || o.part != "gone" || !o.err.Sent || len(*seen) != c.max+1 {
				t.Errorf("got status %d, body %q, sent %v, %d requests; want the last response, 302 gone, true, %d", o.status, o.part, o.err.Sent, len(*seen), c.max+1)
			}
		})
	}
}
