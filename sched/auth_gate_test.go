package sched_test

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/qqloop/qqloop/sim"
)

// A gate is a server that lets in who knows the password, Secret of user. It
// checks the proofs by itself, and keeps a log: for each request its method,
// path, body, how it wanted in, and what it was told.
type gate struct {
	challenges []string // without the nonce
	uses       int      // of a nonce, before it is stale; 0: any number
	next       bool     // names the next nonce in Authentication-Info
	open       bool     // asks nobody
	log        []string

	nonces int
	served map[string]int // the last nc of each nonce that is known
}

var parameter = regexp.MustCompile(`([a-z]+)=(?:"([^"]*)"|([^,]*))`)

func (g *gate) handle(x *sim.Exchange) {
	way, ok, stale := g.check(x)
	status, header := 200, http.Header{}
	switch {
	case !ok && !g.open:
		status = 401
		nonce := g.newNonce()
		for _, c := range g.challenges {
			if strings.HasPrefix(c, "Digest") {
				c += fmt.Sprintf(`, nonce="%s", stale=%v`, nonce, stale)
			}
			header.Add("WWW-Authenticate", c)
		}
	case g.next:
		header.Set("Authentication-Info", fmt.Sprintf(`nextnonce="%s"`, g.newNonce()))
	}
	g.log = append(g.log, fmt.Sprintf("%s %s %q %s %d", x.Request.Method, x.Request.RequestURI, x.Body, way, status))
	x.Reply(status, header, []byte(strconv.Itoa(status)))
}

func (g *gate) newNonce() string {
	if g.served == nil {
		g.served = map[string]int{}
	}
	g.nonces++
	nonce := fmt.Sprintf("n%d", g.nonces)
	g.served[nonce] = 0
	return nonce
}

// check says how a request wants in, and whether it may.
func (g *gate) check(x *sim.Exchange) (way string, ok, stale bool) {
	field := x.Request.Header.Get("Authorization")
	scheme, rest, _ := strings.Cut(field, " ")
	switch scheme {
	case "Digest":
	case "Basic":
		plain, _ := base64.StdEncoding.DecodeString(rest)
		return "Basic", string(plain) == "user:Secret", false
	default:
		return cmp.Or(scheme, "-"), false, false
	}
	p := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(rest, -1) {
		p[m[1]] = m[2] + m[3]
	}
	h := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	if strings.HasPrefix(p["algorithm"], "SHA-256") {
		h = func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	}
	a1 := h("user:r:Secret")
	if strings.HasSuffix(p["algorithm"], "-sess") {
		a1 = h(a1 + ":" + p["nonce"] + ":" + p["cnonce"])
	}
	a2 := h(x.Request.Method + ":" + x.Request.RequestURI)
	want := h(a1 + ":" + p["nonce"] + ":" + a2)
	if p["qop"] == "auth" {
		want = h(a1 + ":" + p["nonce"] + ":" + p["nc"] + ":" + p["cnonce"] + ":auth:" + a2)
	}
	way = fmt.Sprintf("%s %s/%s", cmp.Or(p["algorithm"], "old"), p["nonce"], strings.TrimLeft(p["nc"], "0"))
	user := p["username"]
	if p["userhash"] == "true" {
		user = map[bool]string{true: "user"}[user == h("user:r")]
	}
	nc, _ := strconv.ParseInt(p["nc"], 16, 32)
	last, known := g.served[p["nonce"]]
	right := p["response"] == want && user == "user" && p["uri"] == x.Request.RequestURI
	if right && known && p["qop"] == "auth" && int(nc) != last+1 {
		return way + " replayed", false, false
	}
	g.served[p["nonce"]] = last + 1
	if !known || g.uses > 0 && last >= g.uses {
		return way, false, right
	}
	return way, right, false
}
