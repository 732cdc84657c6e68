package emulator

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// This file is the service's side of the protocol's hashes. The client has
// its own: sharing them would let one bug hide behind the other.

// hash33 is the ptqrtoken of a qrsig.
func hash33(s string) int64 { return int64(times33(0, s) & 0x7fffffff) }

// bkn is the token of the qun.qq.com pages for a skey.
func bkn(s string) int64 { return int64(times33(5381, s) & 0x7fffffff) }

// time33 is the auth_token of pt4_auth for a supertoken.
func time33(s string) int64 { return int64(times33(0, s)) }

// times33 wraps at 32 bits. That loses nothing: the callers want 31 or 32.
func times33(h uint32, s string) uint32 {
	for i := range len(s) {
		h = h*33 + uint32(s[i])
	}
	return h
}

// salt is a uin as the eight bytes that salt its password.
func salt(uin int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(uin)) }

// passwordKey is MD5(MD5(password), salt): h2 of the MD5 chain and the TEA key
// of its successor.
func passwordKey(password string, uin int64) [16]byte {
	h1 := md5.Sum([]byte(password))
	return md5.Sum(append(h1[:], salt(uin)...))
}

// md5Chain is the password field that was in use until early 2015.
func md5Chain(password string, uin int64, code string) string {
	key := passwordKey(password, uin)
	p := md5.Sum([]byte(upperHex(key[:]) + strings.ToUpper(code)))
	return upperHex(p[:])
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// checkPassword reports whether p is the password field for this password,
// uin and verify code. Its shape tells which of the two schemes made it:
// 32 hexadecimal digits are the MD5 chain, anything else is RSA and TEA.
func checkPassword(p, password string, uin int64, code string) bool {
	if len(p) == 32 {
		return strings.EqualFold(p, md5Chain(password, uin, code))
	}
	return checkTEA(p, password, uin, code) == nil
}

// checkTEA opens a password field of 2015. The key that opens it is made of
// the password, so opening it is the proof; the salt and the code inside tell
// that it is not an old one. The RSA part stays shut: the private key was
// Tencent's, and what is in it has been proved already.
func checkTEA(p, password string, uin int64, code string) error {
	sealed, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "/", "*", "+", "_", "=").Replace(p))
	if err != nil {
		return err
	}
	key := passwordKey(password, uin)
	plain, err := teaOpen(sealed, key)
	if err != nil {
		return err
	}
	code = strings.ToUpper(code)
	const rsa = 128
	if len(plain) != 2+rsa+8+2+len(code) || plain[0] != 0 || plain[1] != rsa {
		return fmt.Errorf("%d bytes inside; want 00 80, %d bytes of RSA, salt, length and code", len(plain), rsa)
	}
	tail := binary.BigEndian.AppendUint16(salt(uin), uint16(len(code)))
	if !bytes.Equal(plain[2+rsa:], append(tail, code...)) {
		return fmt.Errorf("salt and code are %x; want %x%s", plain[2+rsa:], tail, code)
	}
	return nil
}

const teaDelta = 0x9e3779b9

// teaBlock deciphers one block of 64 bits: TEA with 16 rounds, big endian.
func teaBlock(block uint64, key [16]byte) uint64 {
	y, z := uint32(block>>32), uint32(block)
	a, b := binary.BigEndian.Uint32(key[0:]), binary.BigEndian.Uint32(key[4:])
	c, d := binary.BigEndian.Uint32(key[8:]), binary.BigEndian.Uint32(key[12:])
	var sum uint32 = teaDelta << 4 & 0xffffffff
	for range 16 {
		z -= (y<<4 + c) ^ (y + sum) ^ (y>>5 + d)
		y -= (z<<4 + a) ^ (z + sum) ^ (z>>5 + b)
		sum -= teaDelta
	}
	return uint64(y)<<32 | uint64(z)
}

// teaOpen undoes QQ's chaining of TEA blocks and takes the padding off: a byte
// whose low three bits count the extra padding, two bytes more, and seven
// zeros at the end, which are the only check there is.
func teaOpen(sealed []byte, key [16]byte) ([]byte, error) {
	if len(sealed) < 16 || len(sealed)%8 != 0 {
		return nil, fmt.Errorf("%d bytes of TEA; want a multiple of 8, 16 at least", len(sealed))
	}
	plain := make([]byte, 0, len(sealed))
	var t, last uint64
	for at := 0; at < len(sealed); at += 8 {
		c := binary.BigEndian.Uint64(sealed[at:])
		t = teaBlock(c^t, key)
		plain = binary.BigEndian.AppendUint64(plain, t^last)
		last = c
	}
	start, end := 1+int(plain[0]&7)+2, len(plain)-7
	if start > end || !bytes.Equal(plain[end:], make([]byte, 7)) {
		return nil, fmt.Errorf("the block ends in %x; want seven zeros", plain[end:])
	}
	return plain[start:end], nil
}

// hashP is the contact-list hash from 2014 to the end.
func hashP(uin int64, ptwebqq string) string {
	var n [4]byte
	for i := range len(ptwebqq) {
		n[i%4] ^= ptwebqq[i]
	}
	v := binary.BigEndian.AppendUint32(nil, uint32(uin))
	out := make([]byte, 0, 8)
	for i := range n {
		out = append(out, n[i], v[i]^"ECOK"[i])
	}
	return upperHex(out)
}

// hashO is the variant of July 2013.
func hashO(uin int64, ptwebqq string) string {
	a := []byte(ptwebqq + "password error")
	u := strconv.FormatInt(uin, 10)
	for i := range a {
		a[i] ^= u[i%len(u)]
	}
	return upperHex(a)
}

// hashN followed hashO within weeks. It is not defined for an empty ptwebqq.
func hashN(uin int64, ptwebqq string) string {
	if ptwebqq == "" {
		return ""
	}
	at := func(i int) uint32 {
		if i < 0 || i >= len(ptwebqq) {
			return 0
		}
		return uint32(ptwebqq[i])
	}
	b, k := 0, uint32(0xffffffff)
	for _, digit := range strconv.FormatInt(uin, 10) {
		b = (b + int(digit-'0')) % len(ptwebqq)
		g := 4 + b - len(ptwebqq)
		var f uint32
		for h := range 4 {
			i := b + h
			if g > 0 && h >= g {
				i = h - g // the wrap of the original script, off as it is
			}
			f = f<<8 | at(i)
		}
		k ^= f
	}
	return fmt.Sprintf("%08X", k)
}

// hashQ sorts the letters of ptwebqq and folds each move into the uin. It was
// in use from October 2013 until hashP came, and is not defined for an empty
// ptwebqq.
func hashQ(uin int64, ptwebqq string) string {
	if ptwebqq == "" {
		return ""
	}
	r := binary.BigEndian.AppendUint32(nil, uint32(uin))
	a := []byte(ptwebqq)
	type span struct{ s, e int }
	stack := []span{{0, len(a) - 1}}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		s, e := top.s, top.e
		if s >= e || s < 0 || e >= len(a) {
			continue
		}
		if s+1 == e {
			if a[s] > a[e] {
				a[s], a[e] = a[e], a[s]
			}
			continue
		}
		f := a[s]
		for s < e {
			for s < e && a[e] >= f {
				e--
				r[0] += 3
			}
			if s < e {
				a[s] = a[e]
				s++
				r[1] = r[1]*13 + 43
			}
			for s < e && a[s] <= f {
				s++
				r[2] -= 3
			}
			if s < e {
				a[e] = a[s]
				e--
				r[3] = r[0] ^ r[1] ^ r[2] ^ (r[3] + 1)
			}
		}
		a[s] = f
		stack = append(stack, span{top.s, s - 1}, span{s + 1, top.e})
	}
	return upperHex(r)
}

// checkHash reports whether hash is one that the service took. SmartQQ knew P
// alone; of the classic service's four no client knew which one was due, so
// that any of them will do.
func checkHash(hash string, uin int64, ptwebqq string, era Era) bool {
	if hash == hashP(uin, ptwebqq) {
		return true
	}
	if era != WebQQ || hash == "" {
		return false
	}
	return hash == hashO(uin, ptwebqq) || hash == hashN(uin, ptwebqq) || hash == hashQ(uin, ptwebqq)
}
