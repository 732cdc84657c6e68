package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq"
)

// stopTime is how long a service that was told to stop may take to finish
// what is in flight.
const stopTime = 10 * time.Second

// A service is qqloop run while it runs. All of it but Run's beginning is on
// the loop's goroutine.
type service struct {
	env    *env
	log    *slog.Logger
	roster *roster
	fetch  *sched.Stream // to wherever strangers point, without any cookies
	qrPNG  string
	drawQR bool // a code among JSON lines would break them

	stdin    *bufio.Reader // once it was needed
	stopping bool
	stopped  bool
	err      error // why the first client stopped by itself

	pictures []string // files that are of no use once everybody is logged in
}

func (s *service) run(ctx context.Context) error {
	l := s.roster.loop
	l.AddCallback(func() {
		for _, seat := range s.roster.seats {
			seat.start(func(err error) { s.gaveUp(seat, err) })
		}
	})
	stop := context.AfterFunc(ctx, func() { l.AddCallback(s.stop) })
	defer stop()
	defer s.removePictures()
	if err := l.Run(); err != nil {
		return err
	}
	switch {
	case s.stopping:
		return stoppedInOrder(ctx)
	case s.err != nil:
		return &exitError{code: refusedOrFailed(s.err), err: s.err}
	}
	return nil
}

// gaveUp hears that one account needs a person. The others go on; the service
// ends with the last.
func (s *service) gaveUp(who *seat, err error) {
	if err != nil && len(s.roster.seats) > 1 {
		who.log.Error("this account has given up", "err", err)
	}
	if s.err == nil {
		s.err = err
	}
	if !s.stopping && !slices.ContainsFunc(s.roster.seats, func(other *seat) bool { return !other.ended }) {
		s.roster.loop.Stop()
	}
}

// refusedOrFailed tells whether the service said no, or something broke.
func refusedOrFailed(err error) int {
	if _, ok := errors.AsType[*webqq.APIError](err); ok || errors.Is(err, webqq.ErrKicked) {
		return exitRefused
	}
	if _, ok := errors.AsType[*onebot.AuthError](err); ok {
		return exitRefused
	}
	if _, ok := errors.AsType[*onebot.ActionError](err); ok {
		return exitRefused
	}
	if _, ok := errors.AsType[*onebot.FormatError](err); ok {
		return exitProtocol
	}
	if failed, ok := errors.AsType[*sched.Error](err); ok && brokeProtocol(failed.Kind) {
		return exitProtocol
	}
	return exitFailed
}

// stop begins the end: answers that are under way are finished first.
func (s *service) stop() {
	s.stopping = true
	s.log.Info("stopping")
	s.roster.loop.CallLater(stopTime, s.roster.loop.Stop)
	s.maybeStop()
}

func (s *service) maybeStop() {
	if !s.stopping || s.stopped || slices.ContainsFunc(s.roster.seats, func(o *seat) bool { return o.bot.Busy() }) {
		return
	}
	s.stopped = true
	open := len(s.roster.seats)
	for _, seat := range s.roster.seats {
		if seat.web != nil {
			if lost := seat.web.Losses(); lost != (webqq.Losses{}) {
				seat.log.Info("connections were cut in the middle of something", "polls", lost.Polls, "sends", lost.Sends)
			}
		}
		seat.shutdown(func() {
			if open--; open == 0 {
				s.roster.loop.Stop()
			}
		})
	}
}

// onState tells people how far an account has come.
func (s *service) onState(a *seat, retry time.Duration) {
	switch {
	case a.web != nil && a.online:
		if !slices.ContainsFunc(s.roster.seats, func(o *seat) bool { return o.web != nil && !o.online }) {
			s.removePictures()
		}
		a.log.Info("online", "account", uint64(a.web.Account()), "nick", a.web.Nick(), "friends", len(a.web.Friends()), "groups", len(a.web.Groups()))
	case a.online:
		a.log.Info("online", "account", a.account.ID(), "nick", a.account.Nick(), "events", string(a.one.Transport()))
	case a.one != nil && a.one.State() == onebot.AccountOffline:
		a.log.Error("the implementation answers, but the account is not logged in to QQ: log in there", "err", a.err)
	case a.web != nil && a.web.State() == webqq.Scanned:
		a.log.Info("the code was scanned: confirm on the phone")
	case retry > 0:
		a.log.Warn("offline, trying again", "in", retry.Round(time.Millisecond).String(), "err", a.err)
	default:
		a.log.Debug("state", "is", a.state, "err", a.err)
	}
}

// showQR draws the code for whoever sits before the terminal.
func (s *service) showQR(_ *seat, png []byte) {
	if s.qrPNG != "" {
		// Not os.WriteFile, which keeps the mode of a file that is there, and
		// follows a link that somebody else may have put there.
		if err := writeSecret(s.qrPNG, png); err != nil {
			s.log.Warn("the QR code could not be written", "err", err)
		} else {
			s.pictures = append(s.pictures, s.qrPNG)
		}
	}
	code, err := readQR(png)
	switch {
	case err != nil:
		s.log.Warn("the QR code could not be drawn: use --qr-png FILE", "err", err)
	case s.drawQR:
		io.WriteString(s.env.stderr, code.text(wantColour(s.env.stderr)))
	}
	s.log.Info("scan the code with QQ on a phone", "png", s.qrPNG)
}

// askCaptcha leaves the picture in a file and asks for its letters. It reads
// standard input on a goroutine of its own: people take their time.
func (s *service) askCaptcha(image []byte, answer func(string)) {
	f, err := os.CreateTemp("", "qqloop-captcha-*.jpg")
	if err == nil {
		s.pictures = append(s.pictures, f.Name())
		_, err = f.Write(image)
		if bad := f.Close(); err == nil {
			err = bad
		}
	}
	if err != nil {
		s.fail(fmt.Errorf("the captcha could not be written: %w", err))
		return
	}
	fmt.Fprintf(s.env.stderr, "The service wants to know the letters in %s (nothing: another picture): ", f.Name())
	if s.stdin == nil {
		s.stdin = bufio.NewReader(s.env.stdin)
	}
	go func() {
		line, err := s.stdin.ReadString('\n')
		os.Remove(f.Name())
		if err != nil && line == "" {
			s.roster.loop.AddCallback(func() {
				s.fail(errors.New("the service asks for a captcha, and standard input has ended: run this where somebody can answer"))
			})
			return
		}
		answer(strings.TrimSpace(line))
	}()
}

// removePictures removes what was shown to be scanned or read: whoever finds it
// later has no business with it.
func (s *service) removePictures() {
	for _, file := range s.pictures {
		os.Remove(file) // it may be gone
	}
	s.pictures = nil
}

// fail ends the service with an error of our own.
func (s *service) fail(err error) {
	s.err = err
	for _, seat := range s.roster.seats {
		seat.stop()
	}
	s.roster.loop.Stop()
}
