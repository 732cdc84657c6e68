package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
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
	engine *engine
	qrPNG  string
	drawQR bool // a code among JSON lines would break them

	stdin    *bufio.Reader // once it was needed
	stopping bool
	stopped  bool
	err      error // why the client stopped by itself
}

func (s *service) run(ctx context.Context) error {
	l := s.engine.loop
	l.AddCallback(func() {
		s.engine.client.Start(func(err error) {
			s.err = err
			l.Stop()
		})
	})
	stop := context.AfterFunc(ctx, func() { l.AddCallback(s.stop) })
	defer stop()
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

// refusedOrFailed tells whether the service said no, or something broke.
func refusedOrFailed(err error) int {
	if _, ok := errors.AsType[*webqq.APIError](err); ok || errors.Is(err, webqq.ErrKicked) {
		return exitRefused
	}
	if _, ok := errors.AsType[*onebot.AuthError](err); ok {
		return exitRefused
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
	s.engine.loop.CallLater(stopTime, s.engine.loop.Stop)
	s.maybeStop()
}

func (s *service) maybeStop() {
	if s.stopping && !s.stopped && !s.engine.bot.Busy() {
		s.stopped = true
		if lost := s.losses(); lost != (webqq.Losses{}) {
			s.log.Info("connections were cut in the middle of something", "polls", lost.Polls, "sends", lost.Sends)
		}
		s.engine.client.Shutdown(s.engine.loop.Stop)
	}
}

// losses is what WebQQ's client has lost; OneBot's replays nothing and counts
// nothing.
func (s *service) losses() webqq.Losses {
	if s.engine.webqq == nil {
		return webqq.Losses{}
	}
	return s.engine.webqq.Losses()
}

// onOneBotState tells people how it stands with an account on OneBot.
func (s *service) onOneBotState(c onebot.Change) {
	client := s.engine.onebot
	switch c.State {
	case onebot.Online:
		s.log.Info("online", "account", client.Account().String(), "nick", client.Nick(), "transport", string(client.Transport()), "implementation", client.Version().Name)
	case onebot.AccountOffline:
		s.log.Warn("the account is off line: log in to QQ where the implementation runs", "err", c.Err)
	case onebot.Waiting:
		s.log.Warn("the connection is lost, trying again", "in", c.Retry.Round(time.Millisecond).String(), "err", c.Err)
	default:
		s.log.Debug("state", "is", c.State.String(), "err", c.Err)
	}
}

// onState tells people how far the login has come.
func (s *service) onState(c webqq.Change) {
	client := s.engine.webqq
	switch c.State {
	case webqq.Online:
		s.log.Info("online", "account", uint64(client.Account()), "nick", client.Nick(), "friends", len(client.Friends()), "groups", len(client.Groups()))
	case webqq.Scanned:
		s.log.Info("the code was scanned: confirm on the phone")
	case webqq.Waiting:
		s.log.Warn("offline, trying again", "in", c.Retry.Round(time.Millisecond).String(), "err", c.Err)
	default:
		s.log.Debug("state", "is", c.State.String(), "err", c.Err)
	}
}

// showQR draws the code for whoever sits before the terminal.
func (s *service) showQR(png []byte) {
	if s.qrPNG != "" {
		if err := os.WriteFile(s.qrPNG, png, 0o600); err != nil {
			s.log.Warn("the QR code could not be written", "err", err)
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
			s.engine.loop.AddCallback(func() {
				s.fail(errors.New("the service asks for a captcha, and standard input has ended: run this where somebody can answer"))
			})
			return
		}
		answer(strings.TrimSpace(line))
	}()
}

// fail ends the service with an error of our own.
func (s *service) fail(err error) {
	s.engine.client.Stop()
	s.err = err
	s.engine.loop.Stop()
}
