package onebot

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// Sign returns the X-Signature of a report that is sent by HTTP POST: "sha1="
// and, in lower case, the HMAC-SHA1 of the body's bytes as they go out.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return "sha1=" + hex.EncodeToString(mac.Sum(nil))
}

// Verify reports whether signature is that of body, in a time that does not
// tell how much of it is right. It is to be asked before the body is parsed.
func Verify(secret string, body []byte, signature string) bool {
	digits, ok := strings.CutPrefix(signature, "sha1=")
	if !ok {
		return false
	}
	got, err := hex.DecodeString(digits)
	if err != nil {
		return false
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}
