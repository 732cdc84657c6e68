package webqq

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sched"
)

// An Adder starts chains of requests. *sched.Stream is one; tests have others.
type Adder interface {
	Add(req *sched.Request, rb sched.Readback) sched.Chain
	AddAfter(d time.Duration, req *sched.Request, rb sched.Readback) sched.Chain
}

// Options configures a Client. Jar is required; all functions are called on
// the loop's goroutine.
type Options struct {
	Era Era // the zero value is SmartQQ

	// Account is the account's number. Classic needs it. In SmartQQ whoever
	// scans the code is logged in; if Account is not 0 nobody else may be.
	Account QQ

	// Password is for Classic; SmartQQ has none.
	Password string

	// Plain makes every request over http, for an emulator without TLS. False
	// means that each host is spoken to as it was in its day: see hosts.go.
	Plain bool

	// UserAgent goes with every request, since the service refused those
	// without one. "" means a browser's with our name behind it.
	UserAgent string

	// Jar holds the cookies. It must be the one that the Adder's requests use.
	Jar http.CookieJar

	// Session is what a former run gave to SaveSession. A login begins by
	// resuming it; one that is damaged, or another account's, is ignored.
	Session []byte

	// SaveSession gets the session soon after each login and change, and nil
	// once it is of no use any more. It holds cookies, which are as good as a
	// password. The bytes are the function's to keep.
	SaveSession func([]byte)

	// QRCode shows a code to be scanned with QQ on a phone; png is the
	// function's to keep. It is called again with each code that replaces one.
	QRCode func(png []byte)

	// QRPoll is the pause between two questions whether the code was scanned.
	// Zero means 2 s.
	QRPoll time.Duration

	// Captcha shows an image with four letters; image is the function's to
	// keep. answer takes the letters, or "" for another image. It may be
	// called later and on any goroutine; only its first call counts.
	Captcha func(image []byte, answer func(letters string))

	// OnMessage gets each message once, oldest first, own ones left out.
	OnMessage func(Message)

	// OnEvent gets what else a poll brings. Nil: it is only logged.
	OnEvent func(Event)

	// OnState hears of every change of state, soon after it.
	OnState func(Change)

	// Pacing is the shortest time between two sends. Zero means 500 ms, what
	// bots kept to for years; negative sends at once. A text that equals the
	// one before it waits one more, since the service drops such texts
	// without a word.
	Pacing time.Duration

	// MaxQueue is how many messages may wait to be sent. Zero means 1,000.
	MaxQueue int

	Logger *slog.Logger // nil: silent

	// Now is the time of day. Nil means the loop's Wall if the Adder has a
	// loop, as a Stream does, else time.Now.
	Now func() time.Time

	// Soon runs a function on the loop's goroutine, after the one that runs
	// now. Nil means AddCallback of the Adder's loop; an Adder without a loop
	// needs it.
	Soon func(func())

	// Rand is the source of all randomness. Nil means one seeded by the system.
	Rand rand.Source
}

// looper is what a Stream has besides an Adder's methods.
type looper interface{ Loop() *loop.Loop }

func (o Options) withDefaults(s Adder) Options {
	if l, ok := s.(looper); ok {
		if o.Now == nil {
			o.Now = l.Loop().Wall
		}
		if o.Soon == nil {
			o.Soon = l.Loop().AddCallback
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.UserAgent == "" {
		o.UserAgent = "Mozilla/5.0 (X11; Linux x86_64) qqloop"
	}
	if o.QRPoll == 0 {
		o.QRPoll = 2 * time.Second
	}
	if o.Pacing == 0 {
		o.Pacing = 500 * time.Millisecond
	}
	if o.MaxQueue == 0 {
		o.MaxQueue = 1000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.NewPCG(rand.Uint64(), rand.Uint64())
	}
	return o
}
