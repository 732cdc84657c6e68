package websocket

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
)

// A Field is one field of a head.
type Field struct{ Name, Value string }

// Values returns all values of the field name, which is spelt canonically:
// the method Values of an http.Header, or slices.Collect of that of an
// httpwire.Header.
type Values func(name string) []string

// Key returns a Sec-WebSocket-Key: 16 random bytes in base64 (section 4.1).
func Key(nonce [16]byte) string { return base64.StdEncoding.EncodeToString(nonce[:]) }

// Accept returns the Sec-WebSocket-Accept that answers key (section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Offer returns the fields with which a client's GET asks for a WebSocket.
func Offer(key string) []Field {
	return []Field{
		{"Connection", "Upgrade"},
		{"Upgrade", "websocket"},
		{"Sec-WebSocket-Version", "13"},
		{"Sec-WebSocket-Key", key},
	}
}

// Agree returns the fields of the 101 with which a server agrees.
func Agree(key string) []Field {
	return []Field{
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Sec-WebSocket-Accept", Accept(key)},
	}
}

// A HandshakeError says why there is no WebSocket.
type HandshakeError struct {
	Status int    // that a server should answer; of a response, the one it has
	Reason string // "Upgrade is \"h2c\"; want websocket"
}

// Error reads like a sentence.
func (e *HandshakeError) Error() string { return "websocket: opening handshake: " + e.Reason }

// CheckRequest reads a client's opening handshake (section 4.2.1) and returns
// its key. The error is a *HandshakeError; to a status 426 belongs a field
// "Sec-WebSocket-Version: 13".
func CheckRequest(method string, values Values) (key string, err error) {
	if method != "GET" {
		return "", &HandshakeError{405, fmt.Sprintf("method %s; want GET", method)}
	}
	if err := checkUpgrade(400, values); err != nil {
		return "", err
	}
	if v := values("Sec-Websocket-Version"); len(v) != 1 || strings.TrimSpace(v[0]) != "13" {
		return "", &HandshakeError{426, fmt.Sprintf("Sec-WebSocket-Version is %q; want 13", v)}
	}
	v := values("Sec-Websocket-Key")
	if len(v) != 1 {
		return "", &HandshakeError{400, fmt.Sprintf("%d fields Sec-WebSocket-Key; want one", len(v))}
	}
	key = strings.TrimSpace(v[0])
	if nonce, err := base64.StdEncoding.DecodeString(key); err != nil || len(nonce) != 16 {
		return "", &HandshakeError{400, fmt.Sprintf("Sec-WebSocket-Key %q is not 16 bytes in base64", key)}
	}
	return key, nil
}

// CheckResponse reads a server's answer to Offer(key) (section 4.1). The
// error is a *HandshakeError.
func CheckResponse(status int, values Values, key string) error {
	if status != 101 {
		return &HandshakeError{status, fmt.Sprintf("status %d; want 101", status)}
	}
	if err := checkUpgrade(status, values); err != nil {
		return err
	}
	if v := values("Sec-Websocket-Accept"); len(v) != 1 || strings.TrimSpace(v[0]) != Accept(key) {
		return &HandshakeError{status, fmt.Sprintf("Sec-WebSocket-Accept is %q; want %q", v, Accept(key))}
	}
	for _, name := range []string{"Sec-Websocket-Extensions", "Sec-Websocket-Protocol"} {
		for _, v := range values(name) {
			if strings.TrimSpace(v) != "" {
				return &HandshakeError{status, fmt.Sprintf("%s %q, which was not offered", name, v)}
			}
		}
	}
	return nil
}

func checkUpgrade(status int, values Values) error {
	if !hasToken(values("Upgrade"), "websocket") {
		return &HandshakeError{status, fmt.Sprintf("Upgrade is %q; want websocket", values("Upgrade"))}
	}
	if !hasToken(values("Connection"), "upgrade") {
		return &HandshakeError{status, fmt.Sprintf("Connection is %q; want Upgrade", values("Connection"))}
	}
	return nil
}

// hasToken reports whether want, in lower case, is in the lists.
func hasToken(lists []string, want string) bool {
	for _, list := range lists {
		for token := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(token), want) {
				return true
			}
		}
	}
	return false
}
