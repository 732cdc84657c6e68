package digest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
)

// An algorithm is a hash and what is done with it.
type algorithm struct {
	name string
	rank int  // the stronger, the higher
	sess bool // the password's hash is mixed with the nonces
	sum  func(string) string
}

// algorithms are those of RFC 7616 section 6.1. With and without -sess are
// equally strong against who listens.
var algorithms = []algorithm{
	{"MD5", 1, false, sumMD5},
	{"MD5-sess", 1, true, sumMD5},
	{"SHA-256", 2, false, sumSHA256},
	{"SHA-256-sess", 2, true, sumSHA256},
	{"SHA-512-256", 3, false, sumSHA512256},
	{"SHA-512-256-sess", 3, true, sumSHA512256},
}

// algorithmOf returns the algorithm of that name, or nil. "" is MD5.
func algorithmOf(name string) *algorithm {
	if name == "" {
		return &algorithms[0]
	}
	for i := range algorithms {
		if a := &algorithms[i]; strings.EqualFold(a.name, name) {
			return a
		}
	}
	return nil
}

func sumMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func sumSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func sumSHA512256(s string) string {
	sum := sha512.Sum512_256([]byte(s))
	return hex.EncodeToString(sum[:])
}
