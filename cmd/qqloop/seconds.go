package main

import (
	"fmt"
	"strconv"
	"time"
)

// seconds is a duration on the command line, as curl takes it: 2.5 means two
// and a half seconds. Go's form, 1500ms, is understood too.
type seconds time.Duration

// UnmarshalText reads 2.5 or 1500ms.
func (s *seconds) UnmarshalText(text []byte) error {
	if n, err := strconv.ParseFloat(string(text), 64); err == nil {
		// A duration holds some 292 years; what is longer, or no number at
		// all, is a slip of the keyboard.
		if n >= 0 && n < 1e9 {
			*s = seconds(n * float64(time.Second))
			return nil
		}
	} else if d, err := time.ParseDuration(string(text)); err == nil && d >= 0 {
		*s = seconds(d)
		return nil
	}
	return fmt.Errorf("%q is not a number of seconds, such as 2.5, nor a duration such as 1500ms", text)
}

// limit turns the command line's "0: none" into the engine's "negative: none".
func (s seconds) limit() time.Duration {
	if s == 0 {
		return -1
	}
	return time.Duration(s)
}
