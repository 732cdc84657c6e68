package websocket

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/gobwas/ws"
)

// TestAgainstGobwas holds both halves against github.com/gobwas/ws: what
// either writes the other reads, over all lengths at which the form of a
// frame changes.
func TestAgainstGobwas(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6455, 1))
	for _, n := range []int{0, 1, 2, 3, 4, 7, 8, 124, 125, 126, 127, 1000, 65534, 65535, 65536, 70000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		for _, role := range []Role{Client, Server} {
			for _, fin := range []bool{true, false} {
				name := fmt.Sprintf("%d bytes of a %v, fin %t", n, role, fin)

				wire := (&Encoder{Role: role}).AppendFrame(nil, Binary, fin, data)
				r := bytes.NewReader(wire)
				h, err := ws.ReadHeader(r)
				if err != nil || h.Length != int64(r.Len()) {
					t.Fatalf("%s: they do not read ours: %+v, %v", name, h, err)
				}
				if h.Masked != (role == Client) || h.Fin != fin || h.OpCode != ws.OpBinary || h.Rsv != 0 {
					t.Errorf("%s: they read the head as %+v", name, h)
				}
				payload, _ := io.ReadAll(r)
				if h.Masked {
					ws.Cipher(payload, h.Mask, 0)
				}
				if !bytes.Equal(payload, data) {
					t.Errorf("%s: they read another payload", name)
				}

				theirs := ws.NewFrame(ws.OpBinary, fin, bytes.Clone(data))
				if role == Client {
					theirs = ws.MaskFrameWith(theirs, ws.NewMask())
				}
				wire, err = ws.CompileFrame(theirs)
				if err != nil {
					t.Fatal(err)
				}
				if !fin { // the end of the message
					end := ws.NewFrame(ws.OpContinuation, true, nil)
					if role == Client {
						end = ws.MaskFrame(end)
					}
					wire = append(wire, ws.MustCompileFrame(end)...)
				}
				d := &Decoder{Role: 1 - role}
				d.Feed(wire)
				if m, ok, err := d.Next(); !ok || err != nil || m.Op != Binary || !bytes.Equal(m.Data, data) {
					t.Errorf("%s: we read theirs as %v of %d, %v, %v", name, m.Op, len(m.Data), ok, err)
				}
			}
		}
	}
	for code := Code(0); code < 5000; code++ {
		theirs := ws.StatusCode(code)
		want := ws.CheckCloseFrameData(theirs, "") == nil
		if code >= 1012 && code <= 1014 {
			want = true // registered since, and not known to them
		}
		if got := code.Sendable(); got != want {
			t.Errorf("code %d: sendable is %t; they say %t", code, got, want)
		}
	}
}

// FuzzDecoder feeds any bytes to both sides, whole and byte by byte: the
// outcome is the same. What it accepts, gobwas/ws reads as the same frames.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		"\x81\x05Hello", "\x01\x03Hel\x89\x01p\x80\x02lo", "\x81\x857\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		"\x88\x02\x03\xe8", "\x88\x80\x01\x02\x03\x04", "\x82\x7e\x00\x7e", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "\x81\x02\xe4\xbd",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		if len(wire) == 0 {
			return
		}
		for _, role := range []Role{Client, Server} {
			whole := said(&Decoder{Role: role, MaxMessage: 1 << 16}, wire, len(wire))
			bytewise := said(&Decoder{Role: role, MaxMessage: 1 << 16}, wire, 1)
			if whole != bytewise {
				t.Fatalf("%v: whole: %s\nbyte by byte: %s", role, whole, bytewise)
			}
			if got := theirs(role, wire); got != "" && len(whole) >= len(got) && whole[:len(got)] != got {
				t.Fatalf("%v: we say %s\nthey say %s", role, whole, got)
			}
		}
	})
}

// theirs renders what gobwas/ws makes of the messages of one frame at the
// head of wire, as said does; it stops at all that it does not judge itself.
func theirs(role Role, wire []byte) string {
	r := bytes.NewReader(wire)
	var b bytes.Buffer
	for {
		at := len(wire) - r.Len()
		h, err := ws.ReadHeader(r)
		if err != nil || h.Length > int64(r.Len()) || h.Length > 1<<16 {
			break
		}
		state := ws.StateServerSide
		if role == Client {
			state = ws.StateClientSide
		}
		if ws.CheckHeader(h, state) != nil || h.Masked != (role == Server) || !h.Fin || h.OpCode == ws.OpClose || h.OpCode == ws.OpContinuation {
			break
		}
		if short := ws.HeaderSize(h); len(wire)-r.Len()-at != short {
			break // not the shortest form, which they let pass
		}
		p := make([]byte, h.Length)
		io.ReadFull(r, p)
		if h.Masked {
			ws.Cipher(p, h.Mask, 0)
		}
		if h.OpCode == ws.OpText && !validUTF8(p) {
			break
		}
		if len(p) > 40 {
			fmt.Fprintf(&b, "%v %d bytes; ", Opcode(h.OpCode), len(p))
		} else {
			fmt.Fprintf(&b, "%v %q; ", Opcode(h.OpCode), p)
		}
	}
	return b.String()
}

// validUTF8 is said another way than the Decoder says it.
func validUTF8(p []byte) bool { return string([]rune(string(p))) == string(p) }
