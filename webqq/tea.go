package webqq

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"
)

// passwordTEA is the password field of 2015 (pt_tea=1): the service's RSA key
// seals MD5(password), and Tencent's TEA, keyed with what only the two sides
// know, wraps that with the salt and the verify code. random fills a slice.
func passwordTEA(password string, salt [8]byte, code string, random func([]byte)) string {
	h1 := md5.Sum([]byte(password))
	key := passwordKey(password, salt)
	sealed := sealRSA(h1[:], random)
	code = strings.ToUpper(code)

	plain := binary.BigEndian.AppendUint16(nil, uint16(len(sealed)))
	plain = append(plain, sealed...)
	plain = append(plain, salt[:]...)
	plain = binary.BigEndian.AppendUint16(plain, uint16(len(code)))
	plain = append(plain, code...)
	return tea64.EncodeToString(sealTEA(plain, key, random))
}

// tea64 is base64 with the letters that need no escaping in a query.
var tea64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-").WithPadding('_')

// loginModulus is the login page's RSA key; its exponent is 3.
const loginModulus = "F20CE00BAE5361F8FA3AE9CEFA495362FF7DA1BA628F64A347F0A8C012BF0B254A30CD92ABFFE7A6" +
	"EE0DC424CB6166F8819EFA5BCCB20EDFB4AD02E412CCF579B1CA711D55B8B0B3AEB60153D5E0693A2A86F3167D7847A0CB8B0" +
	"0004716A9095D9BADC977CBB804DBDCBA6029A9710869A453F27DFDDF83C016D928B3CBF4C7"

// sealRSA encrypts msg as RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.1). The
// standard library would draw its own randomness, and then no transcript of a
// login could be played twice.
func sealRSA(msg []byte, random func([]byte)) []byte {
	n, _ := new(big.Int).SetString(loginModulus, 16)
	block := make([]byte, (n.BitLen()+7)/8)
	block[1] = 2
	pad := block[2 : len(block)-len(msg)-1]
	random(pad)
	for i := range pad {
		for pad[i] == 0 {
			random(pad[i : i+1])
		}
	}
	copy(block[len(block)-len(msg):], msg)
	c := new(big.Int).Exp(new(big.Int).SetBytes(block), big.NewInt(3), n)
	return c.FillBytes(block)
}

// teaBlock runs the sixteen rounds of TEA over b, big-endian.
func teaBlock(b [8]byte, key [16]byte) [8]byte {
	y, z := binary.BigEndian.Uint32(b[:4]), binary.BigEndian.Uint32(b[4:])
	k := teaKey(key)
	var sum uint32
	for range 16 {
		sum += teaDelta
		y += (z<<4 + k[0]) ^ (z + sum) ^ (z>>5 + k[1])
		z += (y<<4 + k[2]) ^ (y + sum) ^ (y>>5 + k[3])
	}
	binary.BigEndian.PutUint32(b[:4], y)
	binary.BigEndian.PutUint32(b[4:], z)
	return b
}

const teaDelta = 0x9E3779B9

func teaKey(key [16]byte) (k [4]uint32) {
	for i := range k {
		k[i] = binary.BigEndian.Uint32(key[4*i:])
	}
	return k
}

// sealTEA is Tencent's chaining of TEA: random bytes in front, so that equal
// texts differ; seven zeros behind, by which the reader knows that the key was
// right; and each block mixed with the one before, on both sides of the cipher.
func sealTEA(data []byte, key [16]byte, random func([]byte)) []byte {
	n := (8 - (len(data)+10)%8) % 8
	buf := make([]byte, 1+n+2+len(data)+7)
	random(buf[:3+n])
	buf[0] = buf[0]&^7 | byte(n)
	copy(buf[3+n:], data)

	var lastMixed, lastOut [8]byte
	for i := 0; i < len(buf); i += 8 {
		mixed := xor8([8]byte(buf[i:]), lastOut)
		out := xor8(teaBlock(mixed, key), lastMixed)
		copy(buf[i:], out[:])
		lastMixed, lastOut = mixed, out
	}
	return buf
}

func xor8(a, b [8]byte) [8]byte {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}
