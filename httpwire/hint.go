package httpwire

import "bytes"

// hints are the first bytes of what else may answer on a port that was
// thought to speak HTTP/1.
var hints = [...]struct{ prefix, hint string }{
	{"\x15\x03", tlsHint}, // a TLS alert: what a TLS server says to an HTTP request
	{"\x16\x03", tlsHint}, // a TLS handshake
	{"PRI * HTTP/2", http2Hint},
	{"\x05", "the server speaks SOCKS5 on this port"}, // no authentication that was offered will do
	{"ICY ", "the server speaks the SHOUTcast protocol on this port"},
	{"RTSP/", "the server speaks RTSP on this port"},
	{"SIP/", "the server speaks SIP on this port"},
	{"SSH-", "the server speaks SSH on this port"},
	{"220", "the server speaks FTP or SMTP on this port"},
	{"+OK", "the server speaks POP3 on this port"},
	{"* OK", "the server speaks IMAP on this port"},
	{"RFB ", "the server speaks VNC on this port"},
	{"GET ", echoHint},
	{"POST ", echoHint},
	{"HEAD ", echoHint},
	{"<", "a body without a head: the server speaks HTTP/0.9, or is out of step with its responses"},
}

const (
	tlsHint   = "the server speaks TLS on this port: use https"
	http2Hint = "the server speaks HTTP/2 on this port without being asked"
	echoHint  = "that is a request: the server echoes, or is a client itself"
)

// hint guesses from its first bytes what a reply is that is not HTTP/1.
func hint(b []byte) string {
	for _, h := range hints {
		if bytes.HasPrefix(b, []byte(h.prefix)) {
			return h.hint
		}
	}
	// A frame of HTTP/2: 24 bits of length, then the type; servers begin with
	// SETTINGS (4), or GOAWAY (7) when they do not like what they read.
	if len(b) >= 4 && b[0] == 0 && (b[3] == 4 || b[3] == 7) {
		return http2Hint
	}
	return ""
}
