package tlsconn

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// record is one as it is on the wire. What it holds does not matter.
func record(kind byte, length int) []byte {
	b := []byte{kind, 3, 3, 0, 0}
	binary.BigEndian.PutUint16(b[3:], uint16(length))
	for i := range length {
		b = append(b, byte(i*7))
	}
	return b
}

// lengths are those of records, the last of which may be cut off.
func lengths(b []byte) (all []int) {
	for len(b) >= headerSize {
		n := int(binary.BigEndian.Uint16(b[3:]))
		all = append(all, n)
		b = b[min(headerSize+n, len(b)):]
	}
	return all
}

// passed feeds parts to a new records, which has so much room, and returns what
// comes out of it, and how much of that in each portion.
func passed(room int, parts ...[]byte) (out []byte, portions []int) {
	var r records
	p := make([]byte, room)
	for _, fed := range parts {
		for len(fed) > 0 {
			wrote, read := r.pass(p, fed)
			fed = fed[read:]
			out = append(out, p[:wrote]...)
			portions = append(portions, wrote)
		}
	}
	return out, portions
}

func TestRecordsAreDivided(t *testing.T) {
	const alert, data, change = 21, 23, 20
	for _, c := range []struct {
		name string
		in   [][]byte
		want []int // lengths
	}{
		{"small ones stay", [][]byte{record(handshakeType, 512), record(handshakeType, 1), record(handshakeType, 0)}, []int{512, 1, 0}},
		{"halves", [][]byte{record(handshakeType, 513)}, []int{257, 256}},
		{"quarters, as a ServerHello with X25519MLKEM768", [][]byte{record(handshakeType, 1210)}, []int{303, 303, 303, 301}},
		{"the largest", [][]byte{record(handshakeType, 1<<14)}, slices.Repeat([]int{512}, 32)},
		{"too large: crypto/tls is to say so", [][]byte{record(handshakeType, 1<<14+1)}, []int{1<<14 + 1}},
		{"what may be encrypted stays", [][]byte{record(handshakeType, 600), record(change, 1), record(handshakeType, 600)}, []int{300, 300, 1, 600}},
		{"after data, too", [][]byte{record(data, 600), record(handshakeType, 600)}, []int{600, 600}},
		{"and after an alert", [][]byte{record(alert, 2), record(handshakeType, 600)}, []int{2, 600}},
	} {
		out, _ := passed(1<<10, bytes.Join(c.in, nil))
		if got := lengths(out); !slices.Equal(got, c.want) {
			t.Errorf("%s: got records of %d; want %d", c.name, got, c.want)
		}
	}
}

// A header that comes in parts has been passed on in part: its record stays.
func TestRecordsWithPartOfAHeader(t *testing.T) {
	in := slices.Concat(record(handshakeType, 1000), record(handshakeType, 1000))
	for at := range headerSize + 1 {
		out, _ := passed(2<<10, in[:at], in[at:])
		want := []int{1000, 500, 500}
		if at == 0 || at == headerSize {
			want = []int{500, 500, 500, 500}
		}
		if got := lengths(out); !slices.Equal(got, want) {
			t.Errorf("%d bytes of the header first: got records of %d; want %d", at, got, want)
		}
	}
}

// FuzzRecords: whatever comes, and in whatever parts, the same is said; and no
// portion goes beyond the end of a record.
func FuzzRecords(f *testing.F) {
	hello := slices.Concat(record(handshakeType, 1210), record(20, 1), record(23, 40), record(23, 700))
	f.Add(hello, uint16(0), uint16(0))
	f.Add(hello, uint16(6), uint16(600))
	f.Add(hello, uint16(4000), uint16(571))
	f.Add(hello[:700], uint16(4000), uint16(571))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), uint16(2), uint16(571))
	f.Add(slices.Concat(record(handshakeType, 600), record(handshakeType, 600)), uint16(604), uint16(15))
	f.Fuzz(func(t *testing.T, in []byte, feed, room uint16) {
		parts := slices.Collect(slices.Chunk(in, 1+int(feed)))
		out, portions := passed(headerSize+int(room)%4096, parts...)
		if got, want := said(out), said(in); got != want {
			same := 0
			for same < min(len(got), len(want)) && got[same] == want[same] {
				same++
			}
			t.Errorf("of %d bytes, where %d were wanted, the first %d are right", len(got), len(want), same)
		}
		at, ends := 0, ends(out)
		for _, n := range portions {
			if n == 0 {
				t.Fatal("a portion is empty")
			}
			if i, _ := slices.BinarySearch(ends, at+1); i < len(ends) && at+n > ends[i] {
				t.Errorf("a portion of %d bytes at %d goes beyond the record's end at %d", n, at, ends[i])
			}
			at += n
		}
	})
}

// said is what records say, however they are divided: of the handshake in the
// clear only that which is in it and, where that changes, the version; but of
// empty and of oversized records all, as of those that may be encrypted.
func said(b []byte) string {
	var s strings.Builder
	var version []byte // of the record before, if it was one that can be divided
	for len(b) >= headerSize && b[0] == handshakeType {
		n := int(binary.BigEndian.Uint16(b[3:]))
		switch {
		case n == 0 || n > maxFragment:
			s.Write(b[:headerSize])
			version = nil
		case !bytes.Equal(version, b[1:3]):
			s.Write(b[:3])
			version = b[1:3]
		}
		end := min(headerSize+n, len(b))
		s.Write(b[headerSize:end])
		b = b[end:]
	}
	s.Write(b)
	return s.String()
}

// ends are the places where records end.
func ends(b []byte) (at []int) {
	end := 0
	for _, n := range lengths(b) {
		end += headerSize + n
		at = append(at, end)
	}
	return at
}

// Read returns bytes or an error, never both: crypto/tls would look for an
// alert behind the last record, but it has not been given any of it.
func TestReadReturnsBytesOrError(t *testing.T) {
	for _, version := range versions {
		for at := 1; ; at++ { // bytes of the alert come with the data
			server, client := configs(t, version)
			c, s := pair(t, server, client)
			s.sent()
			io.WriteString(s, "hello")
			data := s.sent()
			s.CloseWrite()
			alert := s.sent()
			if at == len(alert) {
				break
			}
			c.Feed(append(data, alert[:at]...))
			buf := make([]byte, 100)
			if n, err := c.Read(buf); string(buf[:n]) != "hello" || err != nil {
				t.Errorf("%d bytes of the alert: got %q and %v; want hello", at, buf[:n], err)
			}
			if n, err := c.Read(buf); n != 0 || err != ErrWouldBlock {
				t.Errorf("%d bytes of the alert: got %d and %v; want 0 and %v", at, n, err, ErrWouldBlock)
			}
			c.Feed(alert[at:])
			if n, err := c.Read(buf); n != 0 || err != io.EOF {
				t.Errorf("%d bytes of the alert: got %d and %v; want 0 and EOF", at, n, err)
			}
		}
	}
}

// A connection that has had a large body keeps the memory for one record.
func TestMemoryAfterLargeBody(t *testing.T) {
	const many, bound = 100, 42 << 10 // 18 to 32 are the buffer; it would be 48, and all of it 52
	server, client := configs(t, tls.VersionTLS13)
	client.ClientSessionCache = nil
	pair(t, server, client) // the first makes what all share
	body, buf := make([]byte, 256<<10), make([]byte, 64<<10)
	conns := make([]*Conn, many)
	before := inUse()
	for i := range conns {
		c, s := pair(t, server, client)
		s.sent()
		s.Write(body)
		got := 0
		for fed := range slices.Chunk(s.sent(), 64<<10) {
			c.Feed(fed)
			got += drain(t, c, buf)
		}
		if got != len(body) {
			t.Fatalf("got %d bytes; want %d", got, len(body))
		}
		conns[i] = c
	}
	each := (inUse() - before) / many
	t.Logf("%d bytes of Go memory for each of %d connections that had a body of %d", each, many, len(body))
	if each > bound {
		t.Errorf("got %d bytes each; want at most %d", each, bound)
	}
	runtime.KeepAlive(conns)
}
