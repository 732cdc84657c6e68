package life

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/sim"
)

// A web is where people point the bot's title command: a server for each way
// in which a page may come, or not. A page's title is its host, and each has a
// length: of one that is cut without, nobody can tell that it had a title.
type web struct {
	l     *life
	rand  *rand.Rand
	addrs []netip.Addr
}

func newWeb(l *life) *web {
	w := &web{l: l, rand: rand.New(rand.NewPCG(l.o.Seed, 6))}
	for i, accept := range []func(*sim.Peer){
		sim.HTTP(w.page),
		sim.HTTP(w.page),
		sim.HTTP(func(x *sim.Exchange) { w.came(x); writeReply(w.rand, x, 404, nil, nil, true, "") }),
		sim.HTTP(func(x *sim.Exchange) { w.came(x); x.Peer.Close() }),
		sim.HTTP(func(x *sim.Exchange) { w.came(x); x.Peer.Reset() }),
		sim.HTTP(w.endless),
		sim.HTTP(w.redirect),
		sim.HTTP(w.drip),
		sim.HTTP(func(x *sim.Exchange) { w.came(x); x.Raw([]byte("SSH-2.0-OpenSSH_9.6\r\n")) }),
		sim.HTTP(func(x *sim.Exchange) {
			w.came(x)
			x.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"))
		}),
		sim.HTTP(w.late),
		sim.HTTP(func(x *sim.Exchange) { w.came(x) }), // never answers
		nil, // refuses
	} {
		addr := netip.AddrFrom4([4]byte{93, 184, 216, byte(10 + i)})
		w.addrs = append(w.addrs, addr)
		if accept != nil {
			l.world.Listen(netip.AddrPortFrom(addr, 80), accept)
		}
	}
	return w
}

// site makes a host of that name, somewhere.
func (w *web) site(host string) {
	at := w.addrs[w.rand.IntN(len(w.addrs))]
	if w.rand.IntN(4) == 0 {
		w.l.world.Host(host, w.addrs[w.rand.IntN(len(w.addrs))], at)
		return
	}
	w.l.world.Host(host, at)
}

func (w *web) came(x *sim.Exchange) { w.l.watch.came(x.Request.Header.Get(number)) }

func pageOf(host string) []byte {
	return []byte("<!doctype html><html><head><meta charset=utf-8><title>" + host + "</title></head><body>" +
		strings.Repeat("<p>你好</p>", 20) + "</body></html>")
}

var htmlHeader = http.Header{"Content-Type": {"text/html; charset=utf-8"}}

func (w *web) page(x *sim.Exchange) {
	w.came(x)
	extra := ""
	if x.Peer.Fault().ShortRead == 0 && w.rand.IntN(4) == 0 {
		extra = poison
	}
	writeReply(w.rand, x, 200, htmlHeader, pageOf(x.Request.Host), true, extra)
}

// endless is a page that says it is long, and is: the title stands at its
// beginning, and the rest is not waited for.
func (w *web) endless(x *sim.Exchange) {
	w.came(x)
	x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000000\r\n\r\n"))
	x.Write(pageOf(x.Request.Host))
	if x.Peer.Fault().ShortRead == 0 { // else that would be 300,000 turns
		x.Write(make([]byte, 300<<10))
	}
}

// redirect leads to another page of the same host, or round and round.
func (w *web) redirect(x *sim.Exchange) {
	w.came(x)
	if strings.HasPrefix(x.Request.URL.Path, "/there") {
		writeReply(w.rand, x, 200, htmlHeader, pageOf(x.Request.Host), true, "")
		return
	}
	to := "/there"
	if w.rand.IntN(3) == 0 {
		to = "/round"
	}
	writeReply(w.rand, x, 302, http.Header{"Location": {to}}, nil, false, "")
}

// drip is a page that comes a byte at a time: too slowly, now and then.
func (w *web) drip(x *sim.Exchange) {
	w.came(x)
	page := pageOf(x.Request.Host)
	x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(page)) + "\r\n\r\n"))
	x.Peer.Drip(page, time.Duration(1+w.rand.IntN(100))*time.Millisecond)
	x.Peer.Close()
}

// late answers after a while, that is sometimes too late.
func (w *web) late(x *sim.Exchange) {
	w.came(x)
	w.l.world.After(time.Duration(w.rand.Int64N(int64(25*time.Second))), func() {
		writeReply(w.rand, x, 200, htmlHeader, pageOf(x.Request.Host), true, "")
	})
}
