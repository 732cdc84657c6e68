package websocket

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// said renders what a Decoder makes of wire, fed in pieces of the given
// sizes, the last one as often as need be.
func said(d *Decoder, wire []byte, sizes ...int) string {
	var b strings.Builder
	for i := 0; len(wire) > 0; i++ {
		n := min(max(1, sizes[min(i, len(sizes)-1)]), len(wire))
		d.Feed(slices.Clone(wire[:n])) // not to be seen through a stale view
		wire = wire[n:]
		for {
			m, ok, err := d.Next()
			if err != nil {
				var e *Error
				if !errors.As(err, &e) {
					return fmt.Sprintf("an error of type %T", err)
				}
				fmt.Fprintf(&b, "error %d %s", e.Code, e.Reason)
				return b.String()
			}
			if !ok {
				break
			}
			fmt.Fprintf(&b, "%v", m.Op)
			if m.Op == Close {
				fmt.Fprintf(&b, " %d", m.Code)
			}
			if len(m.Data) > 40 {
				fmt.Fprintf(&b, " %d bytes; ", len(m.Data))
			} else {
				fmt.Fprintf(&b, " %q; ", m.Data)
			}
		}
	}
	if !d.Between() {
		b.WriteString("within")
	}
	return b.String()
}

// The frames are spelt in hex, blanks left out. Those of section 5.7 are
// among them.
var frames = []struct {
	name string
	role Role
	wire string
	want string
}{
	{"text, 5.7", Client, "81 05 48656c6c6f", `text "Hello"; `},
	{"masked text, 5.7", Server, "81 85 37fa213d 7f9f4d5158", `text "Hello"; `},
	{"fragments, 5.7", Client, "01 03 48656c 80 02 6c6f", `text "Hello"; `},
	{"ping and masked pong, 5.7", Client, "89 05 48656c6c6f", `ping "Hello"; `},
	{"pong, 5.7", Server, "8a 85 37fa213d 7f9f4d5158", `pong "Hello"; `},
	{"binary of 256, 5.7", Client, "82 7e 0100" + strings.Repeat("aa", 256), `binary 256 bytes; `},
	{"binary of 65536, 5.7", Client, "82 7f 0000000000010000" + strings.Repeat("aa", 65536), `binary 65536 bytes; `},
	{"empty text", Client, "81 00", `text ""; `},
	{"empty masked text", Server, "81 80 01020304", `text ""; `},
	{"a ping between fragments", Client, "01 01 61 89 01 70 00 01 62 8a 00 80 01 63", `ping "p"; pong ""; text "abc"; `},
	{"the same, masked", Server, "01 81 00000000 61 89 81 ffffffff 8f 80 81 00000000 62", `ping "p"; text "ab"; `},
	{"empty fragments", Client, "01 00 00 00 80 00", `text ""; `},
	{"two messages", Client, "81 01 61 82 01 00", `text "a"; binary "\x00"; `},
	{"masked, longer than a word", Server, "81 8b 01020304 69676f686e22746b736e67", `text "hello world"; `},
	{"a message not ended", Client, "01 01 61", "within"},
	{"a frame not ended", Client, "81 02 61", "within"},
	{"half a head", Client, "81", "within"},
	{"length 126", Client, "82 7e 007e" + strings.Repeat("00", 126), "binary 126 bytes; "},
	{"a character in two fragments", Client, "01 01 e4 80 02 bda0", `text "你"; `},
	{"close without a code", Client, "88 00", `close 1005 ""; `},
	{"close with a code", Client, "88 02 03e8", `close 1000 ""; `},
	{"close with a reason", Client, "88 05 03f0 627965", `close 1008 "bye"; `},
	{"close with a private code", Client, "88 02 0fa0", `close 4000 ""; `},
	{"what follows a close is not read", Client, "88 00 ffff", `close 1005 ""; `},
	{"close within a message", Client, "01 01 61 88 00", `close 1005 ""; within`},

	{"RSV1", Client, "c1 00", `error 1002 frame with reserved bits 0x40, though no extension was agreed on`},
	{"RSV3", Client, "91 00", `error 1002 frame with reserved bits 0x10, though no extension was agreed on`},
	{"opcode 3", Client, "83 00", `error 1002 frame with opcode 3, which means nothing`},
	{"opcode 11", Client, "8b 00", `error 1002 frame with opcode 11, which means nothing`},
	{"opcode 15", Client, "8f 00", `error 1002 frame with opcode 15, which means nothing`},
	{"ping in fragments", Client, "09 00", `error 1002 ping frame in fragments`},
	{"long ping", Client, "89 7e 007e", `error 1002 ping frame of more than 125 bytes`},
	{"very long close", Client, "88 7f", `error 1002 close frame of more than 125 bytes`},
	{"continuation of nothing", Client, "80 00", `error 1002 continuation of no message`},
	{"continuation after the end", Client, "81 01 61 80 00", `text "a"; error 1002 continuation of no message`},
	{"text within text", Client, "01 01 61 81 01 62", `error 1002 text frame within a message in fragments`},
	{"masked by a server", Client, "81 80 00000000", `error 1002 frame of a server that is masked`},
	{"not masked by a client", Server, "81 00", `error 1002 frame of a client that is not masked`},
	{"length 125 in two bytes", Client, "82 7e 007d", `error 1002 length 125 in 2 bytes, which is not the shortest form`},
	{"length 0 in eight bytes", Client, "82 7f 0000000000000000", `error 1002 length 0 in 8 bytes, which is not the shortest form`},
	{"length 65535 in eight bytes", Client, "82 7f 000000000000ffff", `error 1002 length 65535 in 8 bytes, which is not the shortest form`},
	{"length of 64 bits", Client, "82 7f 8000000000000000", `error 1002 length with the highest bit set`},
	{"close of one byte", Client, "88 01 03", `error 1002 close frame of one byte, which is half a code`},
	{"close 999", Client, "88 02 03e7", `error 1002 close frame with code 999, which must not be sent`},
	{"close 1004", Client, "88 02 03ec", `error 1002 close frame with code 1004, which must not be sent`},
	{"close 1005", Client, "88 02 03ed", `error 1002 close frame with code 1005, which must not be sent`},
	{"close 1006", Client, "88 02 03ee", `error 1002 close frame with code 1006, which must not be sent`},
	{"close 1015", Client, "88 02 03f7", `error 1002 close frame with code 1015, which must not be sent`},
	{"close 2999", Client, "88 02 0bb7", `error 1002 close frame with code 2999, which must not be sent`},
	{"close 5000", Client, "88 02 1388", `error 1002 close frame with code 5000, which must not be sent`},
	{"reason not UTF-8", Client, "88 03 03e8 ff", `error 1007 close frame whose reason is not UTF-8`},
	{"text not UTF-8", Client, "81 01 ff", `error 1007 text that is not UTF-8`},
	{"overlong", Client, "81 02 c080", `error 1007 text that is not UTF-8`},
	{"a surrogate", Client, "81 03 eda080", `error 1007 text that is not UTF-8`},
	{"above U+10FFFF", Client, "81 04 f4908080", `error 1007 text that is not UTF-8`},
	{"a character cut by the end", Client, "81 02 e4bd", `error 1007 text that is not UTF-8`},
	{"cut by the end, in fragments", Client, "01 02 e4bd 80 00", `error 1007 text that is not UTF-8`},
	{"wrong in the first fragment", Client, "01 02 61ff", `error 1007 text that is not UTF-8`},
	{"wrong before the frame ends", Client, "81 05 61eda0", `error 1007 text that is not UTF-8`},
	{"frame too large", Client, "82 7f 0000000000100001", `error 1009 frame of 1048577 bytes; the limit is 1048576`},
	{"message too large", Client, "02 7f 0000000000100000" + strings.Repeat("00", 1<<20) + "80 7f 0000000000100000",
		`error 1009 message of 2097152 bytes or more; the limit is 1500000`},
}

func TestDecoder(t *testing.T) {
	for _, test := range frames {
		wire, err := hex.DecodeString(strings.ReplaceAll(test.wire, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		decoder := func() *Decoder { return &Decoder{Role: test.role, MaxMessage: 1_500_000, MaxFrame: 1 << 20} }
		if got := said(decoder(), wire, len(wire)); got != test.want {
			t.Errorf("%s: got %s\nwant %s", test.name, got, test.want)
		}
		if len(wire) > 1000 {
			continue
		}
		for cut := 1; cut < len(wire); cut++ {
			if got := said(decoder(), wire, cut, len(wire)); got != test.want {
				t.Errorf("%s, cut at %d: got %s\nwant %s", test.name, cut, got, test.want)
			}
		}
		if got := said(decoder(), wire, 1); got != test.want {
			t.Errorf("%s, byte by byte: got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// An error is final, and what is fed behind it is not looked at.
func TestDecoderFails(t *testing.T) {
	d := &Decoder{}
	d.Feed([]byte{0xff})
	_, _, first := d.Next()
	d.Feed([]byte("\x81\x00"))
	if _, ok, again := d.Next(); ok || first == nil || again != first {
		t.Errorf("got %v, %v after %v; want the same error again", ok, again, first)
	}
}

// A header that announces much costs nothing until it comes.
func TestDecoderBuffersWhatCame(t *testing.T) {
	d := &Decoder{}
	d.Feed([]byte("\x82\x7f\x00\x00\x00\x00\x03\xff\xff\xffab"))
	d.Next()
	if cap(d.buf) > 64 {
		t.Errorf("the buffer has room for %d bytes; 2 have come", cap(d.buf))
	}
	big := (&Encoder{Role: Server}).Append(nil, Binary, make([]byte, 1<<20))
	d = &Decoder{}
	d.Feed(big[:100])
	d.Next()
	d.Feed(big[100:])
	if m, ok, err := d.Next(); !ok || err != nil || len(m.Data) != 1<<20 {
		t.Fatalf("got %d bytes, %v, %v", len(m.Data), ok, err)
	}
	d.Next()
	if cap(d.buf) > keptBuffer {
		t.Errorf("a decoder that waits holds %d bytes; want %d at most", cap(d.buf), keptBuffer)
	}
}

// What is sent arrives, whatever its length, its fragments and its role.
func TestEncoderToDecoder(t *testing.T) {
	for _, role := range []Role{Client, Server} {
		e := &Encoder{Role: role}
		d := &Decoder{Role: 1 - role}
		for _, n := range []int{0, 1, 7, 8, 9, 125, 126, 127, 4095, 65535, 65536, 100_000} {
			data := bytes.Repeat([]byte("qqloop, "), n/8+1)[:n]
			whole := e.Append(nil, Text, data)
			pieces := e.AppendFrame(nil, Text, false, data[:n/3])
			pieces = e.Append(pieces, Ping, []byte("still there?"))
			pieces = e.AppendFrame(pieces, Continuation, false, data[n/3:n/2])
			pieces = e.AppendFrame(pieces, Continuation, true, data[n/2:])
			for _, wire := range [][]byte{whole, pieces} {
				d.Feed(wire)
				m, ok, err := d.Next()
				if ok && m.Op == Ping {
					m, ok, err = d.Next()
				}
				if !ok || err != nil || m.Op != Text || !bytes.Equal(m.Data, data) {
					t.Errorf("%v, %d bytes: got %v of %d, %v, %v", role, n, m.Op, len(m.Data), ok, err)
				}
				if _, ok, err := d.Next(); ok || err != nil || !d.Between() {
					t.Errorf("%v, %d bytes: got more: %v, %v", role, n, ok, err)
				}
			}
		}
	}
}

// Every length up to three words, at every place of the key.
func TestMask(t *testing.T) {
	key := [4]byte{1, 0x20, 0x83, 0xff}
	for n := range 25 {
		for cut := range n + 1 {
			src := bytes.Repeat([]byte{0x5a}, n)
			got := make([]byte, n)
			k := maskKey(0xff832001).xor(got[:cut], src[:cut])
			k.xor(got[cut:], src[cut:])
			for i, b := range got {
				if b != src[i]^key[i%4] {
					t.Fatalf("%d bytes, cut at %d: byte %d is %#x; want %#x", n, cut, i, b, src[i]^key[i%4])
				}
			}
		}
	}
}

// Small messages cost no allocation, either way.
func TestAllocations(t *testing.T) {
	client, server := &Encoder{}, &Encoder{Role: Server}
	atServer, atClient := &Decoder{Role: Server}, &Decoder{}
	text := []byte("ping")
	var wire []byte
	pass := func() {
		wire = client.Append(wire[:0], Text, text)
		atServer.Feed(wire)
		m, ok, _ := atServer.Next()
		wire = server.Append(wire[:0], m.Op, m.Data)
		atServer.Next()
		atClient.Feed(wire)
		if _, got, _ := atClient.Next(); !ok || !got {
			t.Fatal("the message was lost")
		}
		atClient.Next()
	}
	if n := testing.AllocsPerRun(100, pass); n != 0 {
		t.Errorf("a message there and back costs %v allocations; want none", n)
	}
}

func TestAppendClose(t *testing.T) {
	for _, test := range []struct {
		code   Code
		reason string
		want   string
	}{
		{NoStatus, "not said", `close 1005 ""; `},
		{NormalClosure, "", `close 1000 ""; `},
		{PolicyViolation, "令牌不对", `close 1008 "令牌不对"; `},
		{4000, strings.Repeat("长", 60), `close 4000 123 bytes; `},
		{4000, "x" + strings.Repeat("长", 60), `close 4000 121 bytes; `},
	} {
		wire := (&Encoder{}).AppendClose(nil, test.code, test.reason)
		if got := said(&Decoder{Role: Server}, wire, len(wire)); got != test.want {
			t.Errorf("%d %q: got %s; want %s", test.code, test.reason, got, test.want)
		}
	}
}

func TestEncoderRefuses(t *testing.T) {
	e := &Encoder{}
	for name, call := range map[string]func(){
		"a long ping":        func() { e.Append(nil, Ping, make([]byte, 126)) },
		"half a ping":        func() { e.AppendFrame(nil, Ping, false, nil) },
		"a continuation":     func() { e.Append(nil, Continuation, nil) },
		"close 1006":         func() { e.AppendClose(nil, 1006, "") },
		"Feed before it may": func() { d := &Decoder{}; d.Feed([]byte{1}); d.Feed([]byte{2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}
