package webqq

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// hash33 is the page's hash of qrsig (ptqrtoken) and ptcz (pt4_ptcz).
func hash33(s string) uint32 { return djb(0, s) & 0x7fffffff }

// bkn is hash33 from another start; g_tk in other services. Its argument is
// the cookie skey.
func bkn(skey string) uint32 { return djb(5381, skey) & 0x7fffffff }

// time33 is hash33 with all its 32 bits: auth_token, pt4_hkey.
func time33(s string) uint32 { return djb(0, s) }

// djb is Bernstein's hash. That uint32 wraps changes nothing: only the low
// bits are ever looked at.
func djb(h uint32, s string) uint32 {
	for i := range len(s) {
		h = h*33 + uint32(s[i])
	}
	return h
}

// uinBytes is what ptui_checkVC has as its third argument, and the salt of
// the password: the number in eight bytes.
func uinBytes(uin QQ) (b [8]byte) {
	binary.BigEndian.PutUint64(b[:], uint64(uin))
	return b
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// passwordKey is MD5(MD5(password) ‖ salt): the h2 of the MD5 chain, and the
// TEA key of its successor.
func passwordKey(password string, salt [8]byte) [16]byte {
	h1 := md5.Sum([]byte(password))
	return md5.Sum(append(h1[:], salt[:]...))
}

// passwordMD5 is the password field until early 2015.
func passwordMD5(password string, salt [8]byte, code string) string {
	key := passwordKey(password, salt)
	p := md5.Sum([]byte(upperHex(key[:]) + strings.ToUpper(code)))
	return upperHex(p[:])
}

// A listHash signs the requests for the contact lists. The service changed it
// five times in a year and then never again; a client that is told "hash
// wrong" (retcode 50) tries the next.
type listHash func(uin QQ, ptwebqq string) string

// hashP is the one that stayed, from 2014 to the end.
func hashP(uin QQ, ptwebqq string) string {
	var n [4]byte
	for i := range len(ptwebqq) {
		n[i%4] ^= ptwebqq[i]
	}
	b := uinBytes(uin)
	v := [4]byte{b[4] ^ 'E', b[5] ^ 'C', b[6] ^ 'O', b[7] ^ 'K'}
	return upperHex([]byte{n[0], v[0], n[1], v[1], n[2], v[2], n[3], v[3]})
}

// hashO is of July 2013, and again of June 2014.
func hashO(uin QQ, ptwebqq string) string {
	a := []byte(ptwebqq + "password error")
	u := strconv.FormatUint(uint64(uin), 10)
	for i := range a {
		a[i] ^= u[i%len(u)]
	}
	return upperHex(a)
}

// hashN is of July 2013. Where the four letters run past the end the original
// reads back from the front, a quirk that the service checked.
func hashN(uin QQ, ptwebqq string) string {
	n := len(ptwebqq)
	if n == 0 {
		return ""
	}
	at := func(i int) uint32 {
		if i < 0 || i >= n {
			return 0
		}
		return uint32(ptwebqq[i])
	}
	k, b := uint32(0xffffffff), 0
	for _, d := range strconv.FormatUint(uint64(uin), 10) {
		b = (b + int(d-'0')) % n
		g := 4 + b - n
		var f uint32
		for h := range 4 {
			if g <= 0 || h < g {
				f = f<<8 | at(b+h)
			} else {
				f = f<<8 | at(h-g)
			}
		}
		k ^= f
	}
	return fmt.Sprintf("%08X", k)
}

// hashQ is of October 2013: a quicksort of the cookie's letters that counts
// its own steps.
func hashQ(uin QQ, ptwebqq string) string {
	b := uinBytes(uin)
	r := [4]byte(b[4:])
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
		lo, hi, f := s, e, a[s]
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
		stack = append(stack, span{lo, s - 1}, span{s + 1, hi})
	}
	return upperHex(r[:])
}
