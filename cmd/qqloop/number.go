package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A number is a whole number on the command line.
type number int

// UnmarshalText reads 3 or -1.
func (n *number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not a whole number, such as 3", text)
	}
	*n = number(v)
	return nil
}

// bytesCount is a number of bytes on the command line, as curl takes it: 100,
// 200K, 3M, 1G.
type bytesCount int64

// UnmarshalText reads 100 or 3M; K, M and G are powers of 1024, and may be small.
func (n *bytesCount) UnmarshalText(text []byte) error {
	digits, factor := string(text), int64(1)
	if at := len(digits) - 1; at > 0 {
		if power := strings.IndexByte("kmg", digits[at]|0x20); power >= 0 {
			digits, factor = digits[:at], int64(1)<<(10*(power+1))
		}
	}
	v, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(v) > math.MaxInt64/factor {
		return fmt.Errorf("%q is not a number of bytes, such as 1000, 200K, 3M or 1G", text)
	}
	*n = bytesCount(int64(v) * factor)
	return nil
}
