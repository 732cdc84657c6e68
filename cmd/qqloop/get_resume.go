package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// This file is -C: to go on with a download where it broke off.

// checkContinue refuses what -C cannot do.
func (c *getCmd) checkContinue() error {
	if c.ContinueAt == "" {
		return nil
	}
	switch n, err := strconv.ParseInt(c.ContinueAt, 10, 64); {
	case c.ContinueAt != "-" && (err != nil || n < 0):
		return usagef("-C %q: write how many bytes are there already, or '-': as many as the file has", c.ContinueAt)
	case c.Range != "":
		return usagef("-C and -r each ask for a range: choose one of them")
	case c.method() != "GET" && c.method() != "HEAD":
		return usagef("-C goes on with a download: leave out what makes this a %s", c.method())
	case c.NDJSON:
		return usagef("--ndjson shows a body as it came, and does not put it behind another: ask for a part with -r")
	}
	return nil
}

// have is how much of the body is there already, for a file or, where that is
// "", standard output.
func (c *getCmd) have(file string) int64 {
	if c.ContinueAt != "-" {
		n, _ := strconv.ParseInt(c.ContinueAt, 10, 64) // checkContinue has seen to it
		return n
	}
	if info, err := os.Stat(file); file != "" && err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

// goOn asks for what is missing. h is replaced and not written to.
func (l *lane) goOn(h httpwire.Header) httpwire.Header {
	if l.out.have == 0 || h.Has("Range") {
		return h
	}
	at := 0
	if len(h) > 0 && h[0].Name == "Host" {
		at = 1
	}
	with := append(httpwire.Header(nil), h[:at]...)
	with = append(with, httpwire.Field{Name: "Range", Value: fmt.Sprintf("bytes=%d-", l.out.have)})
	return append(with, h[at:]...)
}

// errHaveAll ends a transfer that would bring what is there already.
var errHaveAll = errors.New("-C: all of it is there already")

// fits reports whether what resp brings belongs behind what is there.
func (s *sink) fits(resp *sched.Response) error {
	if s.have == 0 || s.beyond(resp) {
		return nil
	}
	if unit, rest, ok := strings.Cut(resp.Header.Get("Content-Range"), " "); ok && strings.EqualFold(unit, "bytes") {
		from, _, _ := strings.Cut(rest, "-")
		if n, err := strconv.ParseInt(strings.TrimSpace(from), 10, 64); err == nil && n == s.have {
			return nil
		}
		return fmt.Errorf("-C: the server sends bytes %s, and not those from %d on", rest, s.have)
	}
	if n, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64); err == nil && n == s.have {
		return errHaveAll
	}
	return fmt.Errorf("-C: the server cannot begin at byte %d, it knows no ranges (status %d): fetch it anew without -C", s.have, resp.Status)
}

// beyond reports whether the server says that there is nothing behind what is
// there, which is how one finds out that all of it is.
func (s *sink) beyond(resp *sched.Response) bool { return s.have > 0 && resp.Status == 416 }
