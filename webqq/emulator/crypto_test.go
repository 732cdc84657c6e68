package emulator

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	for _, tt := range []struct {
		in                  string
		hash33, bkn, time33 int64
	}{
		{"", 0, 5381, 0},
		{"a", 97, 177670, 97},
		{"hJ9GvNx*oIvLjP5I5dQ19KPa", 362182298, 1893673631, 362182298},
		{"qrsig-demo-0123456789", 680601650, 135123543, 2828085298},
		{"ZtQZDP1N*7oMm-kq0cXyPq7xrvKfXy8b0aZbYcXdWeVfUgThSiRjQkPlOmNn", 1056403700, 1661301625, 1056403700},
		{"@AbCdEfGh1", 457966101, 1358553434, 457966101},
	} {
		if got := hash33(tt.in); got != tt.hash33 {
			t.Errorf("hash33(%q): got %d; want %d", tt.in, got, tt.hash33)
		}
		if got := bkn(tt.in); got != tt.bkn {
			t.Errorf("bkn(%q): got %d; want %d", tt.in, got, tt.bkn)
		}
		if got := time33(tt.in); got != tt.time33 {
			t.Errorf("time33(%q): got %d; want %d", tt.in, got, tt.time33)
		}
	}
}

func TestMD5Chain(t *testing.T) {
	for _, tt := range []struct {
		password string
		uin      int64
		code     string
		h2, p    string
	}{
		{"password", 12345678, "!ABC", "8AE55B9947B4E02327257097E1F424B6", "7BE5347209D3BAB38810992A1D706847"},
		{"Secret123!", 1685359365, "!PTH", "2C1EE5EFAC62FBB80AA8FA0284D46F5D", "958AFC0B1C6B74AF50D0317DCE31D3A9"},
		{"p", 10001, "abcd", "FFE6FC1052BE7FB8445C18BD7C0BCABE", "6713C5219B72CBBCE7DA99083870AE59"},
		{"中文密码", 2147483648, "WXYZ", "61B4A8C89EE2F99BD3E7A44E2854FAF1", "69D7981ADFC97722B656490D2D6B8FF1"},
		{"", 4294967295, "!FGL", "C6EE0A7FFA142D1F112CD7B56F3DC4CE", "B218A8B1B182BF5712D09A8BE2667551"},
	} {
		key := passwordKey(tt.password, tt.uin)
		if got := upperHex(key[:]); got != tt.h2 {
			t.Errorf("h2 of %q: got %s; want %s", tt.password, got, tt.h2)
		}
		if got := md5Chain(tt.password, tt.uin, tt.code); got != tt.p {
			t.Errorf("p of %q: got %s; want %s", tt.password, got, tt.p)
		}
		if !checkPassword(strings.ToLower(tt.p), tt.password, tt.uin, strings.ToLower(tt.code)) {
			t.Errorf("p of %q in small letters: refused", tt.password)
		}
		if checkPassword(tt.p, tt.password+"x", tt.uin, tt.code) {
			t.Errorf("p of %q: taken for another password", tt.password)
		}
	}
}

// The output of Tencent's own script for the second password above.
const realTEA = "yNwuYw8JzygfPpMcUQ4Z6Vmj9JKn8rrchscE9iOTmR2WhSQiAA3dGL7w6l9NnSeW9yrZcCeumu60979SL5pSCL5Wf-Udm*KUxn2ZCPzVLlQRDGu5a4hzemaMlqBdCOliFYMHyvfS*0uheJBnDKHSMNUq9UTINcdF6ccAsEmHDjSQ6ElRTaws9TXe4mR5ZiGSVho52oiv2zaKQbFPnFoVFw__"

func TestTEAOfTheRealScript(t *testing.T) {
	const password, uin, code = "Secret123!", 1685359365, "!PTH"
	if err := checkTEA(realTEA, password, uin, code); err != nil {
		t.Fatalf("got %v; want it opened", err)
	}
	for name, ok := range map[string]bool{
		"as it is":       checkPassword(realTEA, password, uin, "!pth"),
		"wrong password": !checkPassword(realTEA, "secret123!", uin, code),
		"wrong code":     !checkPassword(realTEA, password, uin, "!PTI"),
		"wrong uin":      !checkPassword(realTEA, password, uin+1, code),
		"cut":            !checkPassword(realTEA[:180], password, uin, code),
		"no base64":      !checkPassword("?"+realTEA[1:], password, uin, code),
		"empty":          !checkPassword("", password, uin, code),
	} {
		if !ok {
			t.Errorf("%s: got the wrong answer", name)
		}
	}
}

func TestTEA(t *testing.T) {
	var zero [16]byte
	if got := teaBlock(0xa889f798182d8083, zero); got != 0 {
		t.Errorf("block: got %016x; want zeros", got)
	}
	secret, _ := hex.DecodeString("2C1EE5EFAC62FBB80AA8FA0284D46F5D")
	for _, tt := range []struct {
		name, sealed, want string
		key                [16]byte
	}{
		{"hello world", "da04511c34915c8d160d02c7571cb0a50fb250291144f56f", "hello world", [16]byte(secret)},
		{"nothing", "928d50434e647dcda36fef4af6936b4a", "", zero},
	} {
		sealed, _ := hex.DecodeString(tt.sealed)
		got, err := teaOpen(sealed, tt.key)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := teaOpen(sealed, tt.key); err == nil {
			t.Errorf("%s with its last bit turned: got it opened", tt.name)
		}
	}
}

// sealTEA is what a client does; the tests that log in need it.
func sealTEA(password string, uin int64, code string) string {
	key := passwordKey(password, uin)
	code = strings.ToUpper(code)
	data := append([]byte{0, 0x80}, make([]byte, 128)...)
	data = append(data, salt(uin)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(code)))
	data = append(data, code...)
	n := (8 - (len(data)+10)%8) % 8
	plain := append([]byte{byte(n)}, make([]byte, n+2)...)
	plain = append(append(plain, data...), make([]byte, 7)...)
	var sealed []byte
	var t, c uint64
	for at := 0; at < len(plain); at += 8 {
		next := binary.BigEndian.Uint64(plain[at:]) ^ c
		c = teaSeal(next, key) ^ t
		t = next
		sealed = binary.BigEndian.AppendUint64(sealed, c)
	}
	return strings.NewReplacer("/", "-", "+", "*", "=", "_").Replace(base64.StdEncoding.EncodeToString(sealed))
}

func teaSeal(block uint64, key [16]byte) uint64 {
	y, z := uint32(block>>32), uint32(block)
	var k [4]uint32
	for i := range k {
		k[i] = binary.BigEndian.Uint32(key[4*i:])
	}
	var sum uint32
	for range 16 {
		sum += teaDelta
		y += (z<<4 + k[0]) ^ (z + sum) ^ (z>>5 + k[1])
		z += (y<<4 + k[2]) ^ (y + sum) ^ (y>>5 + k[3])
	}
	return uint64(y)<<32 | uint64(z)
}

func TestHashes(t *testing.T) {
	const long7 = "5d4c090f4a91cf44083ce8e274345e44e523c21341b41cf135f15b3b8cfc1329"
	for i, tt := range []struct {
		uin        int64
		ptwebqq    string
		p, n, q, o string
	}{
		{12345678, "5d4c090f4a91cf44083ce8e274345e44", "05450BFF582E5105", "F8A5FCAE", "720E95A2", "04560757050F075E05530A055650030C010A0057500E520A060600000053030C415340474259455C115741465A44"},
		{10001, strings.Repeat("0123456789abcdef", 4), "004500430068005A", "CDCCCBCA", "DB0F6AA0", "0101020305040607080850525354545700010202050506070908515253555456000103020405060609095152525555560000030304050706080951535254555641504343475E4354105543435F42"},
		{1685359365, "ae1c0d9b77f2436685ac4b1e0f9a3d2c5b6a7988f0e1d2c3b4a5968778695a4b", "0421523750C4034E", "A5F5F2AC", "05C2807B", "5053095603510051010257040C060503010657560554095003530052055103550D5705540E0A0E0D57065D0457075A005401500301030B020E0B000C04570C5743544A40415A4352185041475641"},
		{2147483648, "00ff00ff00ff00ff00ff00ff00ff00ff", "00C50043004F004B", "A9FFFFFF", "8CD1C800", "0201525104085550040854570407525E0306525E0201525104085550040854574456474B4459465C125446455B4A"},
		{4294967295, "deadbeefcafebabe0123456789abcdeffedcba9876543210ffffffff00000000", "58BA59BC59B05DB4", "FDAFAAAF", "F9F216EE", "505758505B5352545A5452575B555B5307030B0600070F03010F56505A5151545F515D555553000D03040C000A0406025F5352545F525F500702090504020904495744414E5A465619514B445840"},
		{3497303033, "a", "6195003700D400B2", "FFFFFFFF", "D0749BF9", "5244584440475C42571356464B5841"},
		{912536370, long7, "097359275E7C5D79", "CF9A9E99", "5861343F", "0C550656030F0351045808035655020707080A52570D56040403030D04570107530605035A03030607075103015A57030606500202520A530A5655550204020041534640415C4554195440475C44"},
		{12345678, "", "004500FF002E0005", "", "", ""},
		{12345678, long7, "094559FF5E2E5D05", "", "", ""},
	} {
		for _, h := range []struct {
			name, want string
			hash       func(int64, string) string
		}{{"P", tt.p, hashP}, {"N", tt.n, hashN}, {"Q", tt.q, hashQ}, {"O", tt.o, hashO}} {
			if h.want == "" {
				continue
			}
			if got := h.hash(tt.uin, tt.ptwebqq); got != h.want {
				t.Errorf("hash %s of vector %d: got %s; want %s", h.name, i+1, got, h.want)
			}
			if !checkHash(h.want, tt.uin, tt.ptwebqq, WebQQ) {
				t.Errorf("hash %s of vector %d: the classic service refused it", h.name, i+1)
			}
			if got, want := checkHash(h.want, tt.uin, tt.ptwebqq, SmartQQ), h.name == "P"; got != want {
				t.Errorf("hash %s of vector %d in SmartQQ: got %t; want %t", h.name, i+1, got, want)
			}
		}
	}
	if checkHash("", 12345678, "", WebQQ) {
		t.Error("an empty hash was taken")
	}
}
