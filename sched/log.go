package sched

import (
	"context"
	"log/slog"
	"time"
)

// log writes the line of an exchange that has ended. It names no query and no
// credentials: of a request that cannot be sent and of a redirect that cannot
// be followed it leaves out the cause, which may quote a URL.
func (x *exchange) log(resp *Response, e *Error) {
	ctx, log := context.Background(), x.stream.options.Logger
	if !log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	if x.req != nil {
		attrs = append(attrs, slog.String("method", x.req.method()), slog.String("place", place(x.req)))
	}
	info := &x.info
	if e == nil {
		attrs = append(attrs, slog.Int("status", resp.Status))
	} else {
		info = &e.Info
		attrs = append(attrs, slog.String("kind", string(e.Kind)), slog.String("phase", string(e.Phase)))
		if e.Kind != InvalidRequest && e.Kind != Redirect {
			attrs = append(attrs, slog.Any("err", e.Err))
		}
	}
	if info.Remote.IsValid() {
		attrs = append(attrs, slog.String("remote", info.Remote.String()))
	}
	attrs = append(attrs, slog.Bool("reused", info.Reused), slog.Int("attempts", info.Attempts))
	if info.Redirects > 0 {
		attrs = append(attrs, slog.Int("redirects", info.Redirects))
	}
	t := &info.Timing
	for _, phase := range [...]struct {
		name string
		took time.Duration
	}{
		{"queue", t.Queue}, {"resolve", t.Resolve}, {"connect", t.Connect}, {"tls", t.TLS},
		{"first_byte", t.FirstByte}, {"total", t.Total},
	} {
		if phase.took >= 0 {
			attrs = append(attrs, slog.Duration(phase.name, phase.took))
		}
	}
	log.LogAttrs(ctx, slog.LevelDebug, "exchange", attrs...)
}
