package main

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// hundred is the resource of /range: a hundred bytes.
var hundred = strings.Repeat("0123456789", 10)

// answer returns what the recorder says, and whether it closes then.
func (r *recorder) answer(c net.Conn, q *question) (reply string, last bool) {
	switch {
	case q.path == "/never":
		io.Copy(io.Discard, c)
		return "", true
	case q.path == "/half": // and then nothing
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		io.Copy(io.Discard, c)
		return "", true
	case strings.HasPrefix(q.path, "/flaky"):
		if r.times(q.target) == 1 {
			return "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nbusy\n", false
		}
		return canned["/ok"], false
	case strings.HasPrefix(q.path, "/to"): // and the status: /to303
		status, _ := strconv.Atoi(strings.TrimPrefix(q.path, "/to"))
		return fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 4\r\n\r\ngone", max(status, 302), q.query), false
	case strings.HasPrefix(q.path, "/status"):
		return fmt.Sprintf("HTTP/1.1 %s Because\r\nContent-Length: 4\r\n\r\nbody", strings.TrimPrefix(q.path, "/status")), false
	case q.path == "/echo" || strings.HasPrefix(q.path, "/echo/"):
		return whole(200, "", q.raw), false
	case q.path == "/length":
		return whole(200, "", strconv.Itoa(len(q.body))+"\n"), false
	case q.path == "/range":
		return answerRange(q.header("Range")), false
	case q.path == "/whole": // knows no ranges
		return whole(200, "", hundred), false
	case q.path == "/other-range": // than was asked for
		return answerRange("bytes=0-9"), false
	case q.path == "/size": // as long as the query says
		n, _ := strconv.Atoi(q.query)
		return whole(200, "", strings.Repeat("x", n)), false
	case q.path == "/chunks": // of unknown length
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n3\r\n...\r\n0\r\nX-Sum: 1\r\n\r\n", false
	case q.path == "/basic":
		if q.header("Authorization") == "Basic bWU6cHc=" { // me:pw
			return whole(200, "", "in\n"), false
		}
		return whole(401, "WWW-Authenticate: Basic realm=\"r\"\r\n", "out\n"), false
	case strings.HasPrefix(q.path, "/digest"):
		return r.answerDigest(q), false
	case q.path == "/who":
		who := "nobody\n"
		if t, ok := c.(*tls.Conn); ok && len(t.ConnectionState().PeerCertificates) > 0 {
			who = t.ConnectionState().PeerCertificates[0].Subject.CommonName + "\n"
		}
		return whole(200, "", who), false
	}
	reply, ok := canned[q.path]
	if !ok {
		reply = canned["/missing"]
	}
	switch q.path {
	case "/empty", "/old", "/gzip", "/cut-head", "/cut-body", "/bad-head", "/bad-chunk", "/big-head":
		last = true
	}
	return reply, last
}

// whole is a response with its length.
func whole(status int, fields, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d Because\r\n%sContent-Length: %d\r\n\r\n%s", status, fields, len(body), body)
}

// answerRange sends one range of hundred.
func answerRange(field string) string {
	from, to, ok := strings.Cut(strings.TrimPrefix(field, "bytes="), "-")
	if !ok {
		return whole(200, "Accept-Ranges: bytes\r\n", hundred)
	}
	first, last := 0, len(hundred)-1
	if n, err := strconv.Atoi(from); err == nil {
		first = n
		if n, err := strconv.Atoi(to); err == nil {
			last = min(n, last)
		}
	} else if n, err := strconv.Atoi(to); err == nil {
		first = len(hundred) - n
	}
	if first >= len(hundred) {
		return whole(416, fmt.Sprintf("Content-Range: bytes */%d\r\n", len(hundred)), "too far\n")
	}
	return whole(206, fmt.Sprintf("Content-Range: bytes %d-%d/%d\r\n", first, last, len(hundred)), hundred[first:last+1])
}

// digestState is what /digest remembers.
type digestState struct{ nonces, stale int }

// answerDigest lets in who proves to know the password of me, pw. The path says
// more: /digest/SHA-256, /digest/MD5-sess, /digest/old (without qop),
// /digest/stale (each nonce once), /digest/both (and Basic), /digest/hash (the
// name).
func (r *recorder) answerDigest(q *question) string {
	how := strings.TrimPrefix(strings.TrimPrefix(q.path, "/digest"), "/")
	algorithm, qop, more := "MD5", `, qop="auth"`, ""
	switch how {
	case "SHA-256", "SHA-256-sess", "MD5-sess":
		algorithm = how
	case "old":
		qop = ""
	case "both":
		more = "WWW-Authenticate: Basic realm=\"r\"\r\n"
	case "hash":
		qop += ", userhash=true"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	proved, stale := provesDigest(q, algorithm), false
	if proved && how == "stale" && r.proof.stale == 0 {
		r.proof.stale++
		proved, stale = false, true
	}
	if proved {
		return whole(200, "", "in\n")
	}
	r.proof.nonces++
	return whole(401, fmt.Sprintf("%sWWW-Authenticate: Digest realm=\"the realm\", nonce=\"n%d\", algorithm=%s, opaque=\"o\"%s, stale=%v\r\n",
		more, r.proof.nonces, algorithm, qop, stale), "out\n")
}

var digestParameter = regexp.MustCompile(`([a-z]+)=(?:"([^"]*)"|([^, ]*))`)

// provesDigest checks the proof by itself (RFC 7616 section 3.4.1).
func provesDigest(q *question, algorithm string) bool {
	h := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	if strings.HasPrefix(algorithm, "SHA-256") {
		h = func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	}
	p := map[string]string{}
	for _, m := range digestParameter.FindAllStringSubmatch(q.header("Authorization"), -1) {
		p[m[1]] = m[2] + m[3]
	}
	key := h("me:the realm:pw")
	if strings.HasSuffix(algorithm, "-sess") {
		key = h(key + ":" + p["nonce"] + ":" + p["cnonce"])
	}
	what := h(q.method + ":" + q.target)
	proof := h(key + ":" + p["nonce"] + ":" + what)
	if p["qop"] == "auth" {
		proof = h(key + ":" + p["nonce"] + ":" + p["nc"] + ":" + p["cnonce"] + ":auth:" + what)
	}
	return p["response"] == proof && p["uri"] == q.target && (p["username"] == "me" || p["username"] == h("me:the realm"))
}
