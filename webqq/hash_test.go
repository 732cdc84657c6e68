package webqq

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTokens(t *testing.T) {
	for _, tt := range []struct {
		in                  string
		hash33, bkn, time33 uint32
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

func TestPasswordMD5(t *testing.T) {
	for _, tt := range []struct {
		password string
		uin      QQ
		code     string
		h2, p    string
	}{
		{"password", 12345678, "!ABC", "8AE55B9947B4E02327257097E1F424B6", "7BE5347209D3BAB38810992A1D706847"},
		{"Secret123!", 1685359365, "!PTH", "2C1EE5EFAC62FBB80AA8FA0284D46F5D", "958AFC0B1C6B74AF50D0317DCE31D3A9"},
		{"p", 10001, "abcd", "FFE6FC1052BE7FB8445C18BD7C0BCABE", "6713C5219B72CBBCE7DA99083870AE59"},
		{"中文密码", 2147483648, "WXYZ", "61B4A8C89EE2F99BD3E7A44E2854FAF1", "69D7981ADFC97722B656490D2D6B8FF1"},
		{"", 4294967295, "!FGL", "C6EE0A7FFA142D1F112CD7B56F3DC4CE", "B218A8B1B182BF5712D09A8BE2667551"},
	} {
		key := passwordKey(tt.password, uinBytes(tt.uin))
		if got := upperHex(key[:]); got != tt.h2 {
			t.Errorf("key of %q: got %s; want %s", tt.password, got, tt.h2)
		}
		if got := passwordMD5(tt.password, uinBytes(tt.uin), tt.code); got != tt.p {
			t.Errorf("passwordMD5(%q): got %s; want %s", tt.password, got, tt.p)
		}
	}
}

func TestListHashes(t *testing.T) {
	long := "5d4c090f4a91cf44083ce8e274345e44e523c21341b41cf135f15b3b8cfc1329"
	for _, tt := range []struct {
		name       string
		uin        QQ
		ptwebqq    string
		p, n, q, o string
	}{
		{"1", 12345678, "5d4c090f4a91cf44083ce8e274345e44", "05450BFF582E5105", "F8A5FCAE", "720E95A2",
			"04560757050F075E05530A055650030C010A0057500E520A060600000053030C415340474259455C115741465A44"},
		{"2", 10001, strings.Repeat("0123456789abcdef", 4), "004500430068005A", "CDCCCBCA", "DB0F6AA0",
			"0101020305040607080850525354545700010202050506070908515253555456000103020405060609095152525555560000030304050706080951535254555641504343475E4354105543435F42"},
		{"3", 1685359365, "ae1c0d9b77f2436685ac4b1e0f9a3d2c5b6a7988f0e1d2c3b4a5968778695a4b", "0421523750C4034E", "A5F5F2AC", "05C2807B",
			"5053095603510051010257040C060503010657560554095003530052055103550D5705540E0A0E0D57065D0457075A005401500301030B020E0B000C04570C5743544A40415A4352185041475641"},
		{"4", 2147483648, "00ff00ff00ff00ff00ff00ff00ff00ff", "00C50043004F004B", "A9FFFFFF", "8CD1C800",
			"0201525104085550040854570407525E0306525E0201525104085550040854574456474B4459465C125446455B4A"},
		{"5", 4294967295, "deadbeefcafebabe0123456789abcdeffedcba9876543210ffffffff00000000", "58BA59BC59B05DB4", "FDAFAAAF", "F9F216EE",
			"505758505B5352545A5452575B555B5307030B0600070F03010F56505A5151545F515D555553000D03040C000A0406025F5352545F525F500702090504020904495744414E5A465619514B445840"},
		{"6", 3497303033, "a", "6195003700D400B2", "FFFFFFFF", "D0749BF9", "5244584440475C42571356464B5841"},
		{"7", 912536370, long, "097359275E7C5D79", "CF9A9E99", "5861343F",
			"0C550656030F0351045808035655020707080A52570D56040403030D04570107530605035A03030607075103015A57030606500202520A530A5655550204020041534640415C4554195440475C44"},
		{"8 empty ptwebqq", 12345678, "", "004500FF002E0005", "", "", ""},
		{"9", 12345678, long, "094559FF5E2E5D05", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, h := range []struct {
				name string
				hash listHash
				want string
			}{{"P", hashP, tt.p}, {"N", hashN, tt.n}, {"Q", hashQ, tt.q}, {"O", hashO, tt.o}} {
				if got := h.hash(tt.uin, tt.ptwebqq); h.want != "" && got != h.want {
					t.Errorf("hash %s: got %s; want %s", h.name, got, h.want)
				}
			}
		})
	}
}

// No cookie, however odd, may stop a login with a panic.
func TestListHashesTakeAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uin := QQ(rapid.Uint64().Draw(t, "uin"))
		cookie := rapid.String().Draw(t, "ptwebqq")
		for name, h := range map[string]listHash{"P": hashP, "N": hashN, "Q": hashQ, "O": hashO} {
			if got := h(uin, cookie); got == "" && !(name == "N" && cookie == "") {
				t.Fatalf("hash %s of %q: got %q; want hex digits", name, cookie, got)
			}
		}
	})
}
