package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// newLogger returns the log of a command: for people on a terminal, logfmt
// elsewhere, JSON where the user says so.
func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	switch {
	case format == "json":
		return slog.New(slog.NewJSONHandler(w, o))
	case isTerminal(w):
		return slog.New(&peopleHandler{w: w, level: level})
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// wantColour reports whether a stream may be coloured (no-color.org).
func wantColour(stream any) bool {
	return isTerminal(stream) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// A peopleHandler writes "15:04:05 logged in uin=10001", and the level only
// when there is something amiss: most lines of a terminal's log are read once,
// by somebody who sits before it.
type peopleHandler struct {
	w      io.Writer
	level  slog.Level
	prefix string // of the groups: "http."
	attrs  string // those of With, written already
}

// Enabled implements slog.Handler.
func (h *peopleHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler with a single Write.
func (h *peopleHandler) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	line.WriteString(r.Time.Format("15:04:05 "))
	if r.Level != slog.LevelInfo {
		line.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	line.WriteString(r.Message)
	line.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		appendAttr(&line, h.prefix, a)
		return true
	})
	line.WriteByte('\n')
	_, err := io.WriteString(h.w, line.String())
	return err
}

// WithAttrs implements slog.Handler.
func (h *peopleHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var s strings.Builder
	for _, a := range attrs {
		appendAttr(&s, h.prefix, a)
	}
	with := *h
	with.attrs += s.String()
	return &with
}

// WithGroup implements slog.Handler.
func (h *peopleHandler) WithGroup(name string) slog.Handler {
	with := *h
	if name != "" {
		with.prefix += name + "."
	}
	return &with
}

func appendAttr(s *strings.Builder, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			appendAttr(s, prefix, member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	text := v.String()
	if text == "" || slices.ContainsFunc([]rune(text), func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || r == 0x7f }) {
		text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\x1b", `\e`).Replace(text) + `"`
	}
	s.WriteString(" " + prefix + a.Key + "=" + text)
}
