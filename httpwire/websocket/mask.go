package websocket

import (
	"encoding/binary"
	"math/bits"
)

// A maskKey is the four bytes of a masking key, the first one lowest, turned so
// that the first one is that of the next byte of the payload.
type maskKey uint32

// xor writes src, masked, to dst, which is as long and may be src itself, and
// returns the key for what follows. Eight bytes at a time: the key is the same
// four over and over, and byte by byte would be the slowest part of a frame.
func (k maskKey) xor(dst, src []byte) maskKey {
	wide := uint64(k)<<32 | uint64(k)
	dst = dst[:len(src)]
	for len(src) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src)^wide)
		dst, src = dst[8:], src[8:]
	}
	for i := range src {
		dst[i] = src[i] ^ byte(wide>>(8*i))
	}
	return maskKey(bits.RotateLeft32(uint32(k), -8*(len(src)%4)))
}
