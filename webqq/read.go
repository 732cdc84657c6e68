package webqq

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qqloop/qqloop/sched"
)

// read returns the body of a whole reply with status 200, or what is wrong.
// The bytes live until the readback returns.
func read(call string, resp *sched.Response, err error) ([]byte, error) {
	if e, ok := errors.AsType[*sched.Error](err); ok {
		// The query holds what is as good as a password, and errors are logged.
		short := *e
		short.URL, _, _ = strings.Cut(e.URL, "?")
		return nil, fmt.Errorf("webqq: %s: %w", call, &short)
	}
	if err != nil {
		return nil, fmt.Errorf("webqq: %s: %w", call, err)
	}
	if resp.Status != 200 {
		return nil, &StatusError{Call: call, Status: resp.Status}
	}
	return resp.Body, nil
}

// readResult reads a reply of the S or D host. The value may be of use even
// with an error.
func readResult[T any](call string, resp *sched.Response, err error, decode func([]byte) (T, envelope, error)) (T, error) {
	body, err := read(call, resp, err)
	if err != nil {
		var none T
		return none, err
	}
	v, e, err := decode(body)
	if err != nil {
		return v, named(call, err)
	}
	if e.code() != 0 {
		return v, apiError(call, e.code(), e.text())
	}
	return v, nil
}

// readPtui reads a reply of a login host.
func readPtui(call, function string, resp *sched.Response, err error) (ptuiCall, error) {
	body, err := read(call, resp, err)
	if err != nil {
		return ptuiCall{}, err
	}
	p, err := parsePtui(body)
	if err == nil && p.name != function {
		err = badFormat("the reply does not call "+function, body)
	}
	return p, named(call, err)
}

// named puts the call's name into an error of a decoder.
func named(call string, err error) error {
	if f, ok := errors.AsType[*FormatError](err); ok {
		f.Call = call
	}
	return err
}
