package webqq

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// unteaBlock undoes teaBlock.
func unteaBlock(b [8]byte, key [16]byte) [8]byte {
	y, z := binary.BigEndian.Uint32(b[:4]), binary.BigEndian.Uint32(b[4:])
	k := teaKey(key)
	sum := uint32(teaDelta << 4 & 0xffffffff)
	for range 16 {
		z -= (y<<4 + k[2]) ^ (y + sum) ^ (y>>5 + k[3])
		y -= (z<<4 + k[0]) ^ (z + sum) ^ (z>>5 + k[1])
		sum -= teaDelta
	}
	binary.BigEndian.PutUint32(b[:4], y)
	binary.BigEndian.PutUint32(b[4:], z)
	return b
}

var errTEA = errors.New("webqq: not a TEA text, or another key")

// openTEA undoes sealTEA.
func openTEA(sealed []byte, key [16]byte) ([]byte, error) {
	if len(sealed) < 16 || len(sealed)%8 != 0 {
		return nil, errTEA
	}
	plain := make([]byte, len(sealed))
	var lastMixed, lastIn [8]byte
	for i := 0; i < len(sealed); i += 8 {
		in := [8]byte(sealed[i:])
		mixed := unteaBlock(xor8(in, lastMixed), key)
		b := xor8(mixed, lastIn)
		copy(plain[i:], b[:])
		lastMixed, lastIn = mixed, in
	}
	from, to := 3+int(plain[0]&7), len(plain)-7
	if from > to || [7]byte(plain[to:]) != [7]byte{} {
		return nil, errTEA
	}
	return plain[from:to], nil
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zeros(b []byte) { clear(b) }

func TestTEAVectors(t *testing.T) {
	if got := teaBlock([8]byte{}, [16]byte{}); hex.EncodeToString(got[:]) != "a889f798182d8083" {
		t.Errorf("a block of zeros: got %x; want a889f798182d8083", got)
	}
	key := [16]byte(unhex(t, "2C1EE5EFAC62FBB80AA8FA0284D46F5D"))
	if got := hex.EncodeToString(sealTEA([]byte("hello world"), key, zeros)); got != "da04511c34915c8d160d02c7571cb0a50fb250291144f56f" {
		t.Errorf("hello world: got %s; want da04511c34915c8d160d02c7571cb0a50fb250291144f56f", got)
	}
	if got := hex.EncodeToString(sealTEA(nil, [16]byte{}, zeros)); got != "928d50434e647dcda36fef4af6936b4a" {
		t.Errorf("nothing: got %s; want 928d50434e647dcda36fef4af6936b4a", got)
	}
}

// A password field that Tencent's own script made opens with our key, and ours
// has the same shape.
func TestPasswordTEA(t *testing.T) {
	salt := uinBytes(1685359365)
	key := passwordKey("Secret123!", salt)
	const theirs = "yNwuYw8JzygfPpMcUQ4Z6Vmj9JKn8rrchscE9iOTmR2WhSQiAA3dGL7w6l9NnSeW9yrZcCeumu60979SL5pSCL5Wf-Udm*KUxn2ZCPzVLlQRDGu5a4hzemaMlqBdCOliFYMHyvfS*0uheJBnDKHSMNUq9UTINcdF6ccAsEmHDjSQ6ElRTaws9TXe4mR5ZiGSVho52oiv2zaKQbFPnFoVFw__"
	ours := passwordTEA("Secret123!", salt, "!pth", func(b []byte) {
		for i := range b {
			b[i] = byte(i*7 + 1)
		}
	})
	for name, p := range map[string]string{"theirs": theirs, "ours": ours} {
		sealed, err := tea64.DecodeString(p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plain, err := openTEA(sealed, key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(p) != 216 || len(plain) != 144 {
			t.Errorf("%s: got %d characters of %d bytes; want 216 of 144", name, len(p), len(plain))
		}
		if got := hex.EncodeToString(plain[:2]) + " " + hex.EncodeToString(plain[130:]); got != "0080 0000000064748b05000421505448" {
			t.Errorf("%s: got %s; want 0080 and salt, length and code", name, got)
		}
	}
	if strings.ContainsAny(ours, "+/=") {
		t.Errorf("got %q; want no letters that a query would change", ours)
	}
	if _, err := base64.StdEncoding.DecodeString(ours); err == nil && strings.ContainsAny(ours, "*-_") {
		t.Errorf("got standard base64; want Tencent's letters")
	}
}

func TestTEARoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		key := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))
		pad := rapid.Byte().Draw(t, "pad")
		sealed := sealTEA(data, key, func(b []byte) {
			for i := range b {
				b[i] = pad
			}
		})
		got, err := openTEA(sealed, key)
		if err != nil || string(got) != string(data) {
			t.Fatalf("got %x, %v; want %x", got, err, data)
		}
		key[0] ^= 1
		if got, err := openTEA(sealed, key); err == nil {
			t.Fatalf("another key opened it: %x", got)
		}
	})
}
