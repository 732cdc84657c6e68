package websocket

import (
	"net/http"
	"testing"
)

func TestAccept(t *testing.T) {
	for _, test := range []struct{ key, want string }{
		{"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, // RFC 6455, 1.3
		{"cXFsb29wLTE2LWJ5dGVzIQ==", "VRUUwhIxe+UaythLGXW5CBk/5Qk="},
	} {
		if got := Accept(test.key); got != test.want {
			t.Errorf("%s: got %s; want %s", test.key, got, test.want)
		}
	}
	if got := Key([16]byte([]byte("qqloop-16-bytes!"))); got != "cXFsb29wLTE2LWJ5dGVzIQ==" {
		t.Errorf("got the key %s", got)
	}
}

func headerOf(fields []Field) http.Header {
	h := http.Header{}
	for _, f := range fields {
		h.Add(f.Name, f.Value)
	}
	return h
}

func TestCheckRequest(t *testing.T) {
	const key = "cXFsb29wLTE2LWJ5dGVzIQ=="
	for _, test := range []struct {
		name   string
		method string
		change func(http.Header)
		status int
	}{
		{"ours", "GET", func(http.Header) {}, 0},
		{"a browser's", "GET", func(h http.Header) { h.Set("Connection", "keep-alive, Upgrade"); h.Set("Upgrade", "WebSocket") }, 0},
		{"with an extension offered", "GET", func(h http.Header) { h.Set("Sec-WebSocket-Extensions", "permessage-deflate") }, 0},
		{"POST", "POST", func(http.Header) {}, 405},
		{"no Upgrade", "GET", func(h http.Header) { h.Del("Upgrade") }, 400},
		{"no Connection", "GET", func(h http.Header) { h.Set("Connection", "close") }, 400},
		{"version 8", "GET", func(h http.Header) { h.Set("Sec-WebSocket-Version", "8") }, 426},
		{"no key", "GET", func(h http.Header) { h.Del("Sec-WebSocket-Key") }, 400},
		{"two keys", "GET", func(h http.Header) { h.Add("Sec-WebSocket-Key", key) }, 400},
		{"short key", "GET", func(h http.Header) { h.Set("Sec-WebSocket-Key", "cXFsb29w") }, 400},
		{"key not base64", "GET", func(h http.Header) { h.Set("Sec-WebSocket-Key", "?") }, 400},
	} {
		h := headerOf(Offer(key))
		test.change(h)
		got, err := CheckRequest(test.method, h.Values)
		status := 0
		if e, ok := err.(*HandshakeError); ok {
			status = e.Status
		}
		if status != test.status || status == 0 && got != key {
			t.Errorf("%s: got %q, %v; want status %d", test.name, got, err, test.status)
		}
	}
}

func TestCheckResponse(t *testing.T) {
	const key = "cXFsb29wLTE2LWJ5dGVzIQ=="
	for _, test := range []struct {
		name   string
		status int
		change func(http.Header)
		want   string
	}{
		{"ours", 101, func(http.Header) {}, ""},
		{"another status", 404, func(http.Header) {}, "websocket: opening handshake: status 404; want 101"},
		{"no Upgrade", 101, func(h http.Header) { h.Del("Upgrade") }, `websocket: opening handshake: Upgrade is []; want websocket`},
		{"no Connection", 101, func(h http.Header) { h.Set("Connection", "close") }, `websocket: opening handshake: Connection is ["close"]; want Upgrade`},
		{"wrong Accept", 101, func(h http.Header) { h.Set("Sec-WebSocket-Accept", "x") }, `websocket: opening handshake: Sec-WebSocket-Accept is ["x"]; want "VRUUwhIxe+UaythLGXW5CBk/5Qk="`},
		{"an extension", 101, func(h http.Header) { h.Set("Sec-WebSocket-Extensions", "permessage-deflate") }, `websocket: opening handshake: Sec-Websocket-Extensions "permessage-deflate", which was not offered`},
		{"a protocol", 101, func(h http.Header) { h.Set("Sec-WebSocket-Protocol", "12.x") }, `websocket: opening handshake: Sec-Websocket-Protocol "12.x", which was not offered`},
	} {
		h := headerOf(Agree(key))
		test.change(h)
		got := ""
		if err := CheckResponse(test.status, h.Values, key); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q; want %q", test.name, got, test.want)
		}
	}
}
