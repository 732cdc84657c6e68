package webqq

import (
	"errors"
	"slices"
	"testing"
)

func TestPtui(t *testing.T) {
	for _, tt := range []struct {
		name, in, call string
		args           []string
	}{
		{"waiting", `ptuiCB('66','0','','0','二维码未失效。(3023857384)', '');`, "ptuiCB",
			[]string{"66", "0", "", "0", "二维码未失效。(3023857384)", ""}},
		{"check", `ptui_checkVC('0','!PTH','\x00\x00\x00\x00\x64\x74\x8b\x05');`, "ptui_checkVC",
			[]string{"0", "!PTH", "\x00\x00\x00\x00\x64\x74\x8b\x05"}},
		{"double quotes and blanks", " f ( \"a\" ,\n'b' ) ", "f", []string{"a", "b"}},
		{"escapes", `f('\'\\\n\r\t\u4f60\x4\q')`, "f", []string{"'\\\n\r\t你x4q"}},
		{"no arguments", `f()`, "f", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parsePtui([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got.name != tt.call || !slices.Equal(got.args, tt.args) {
				t.Errorf("got %s %q; want %s %q", got.name, got.args, tt.call, tt.args)
			}
		})
	}
	for _, in := range []string{"", "f", "(", "f(", "f('", "f('a'", "f('a' 'b')", "f('a',)", "f(1)", `f('a\`, "<html>"} {
		if got, err := parsePtui([]byte(in)); err == nil {
			t.Errorf("parsePtui(%q): got %v; want an error", in, got)
		}
	}
}

func FuzzPtui(f *testing.F) {
	f.Add([]byte(`ptuiCB('0','0','http://ptlogin2.web2.qq.com/check_sig?a=1','0','登录成功！', '小明');`))
	f.Add([]byte(`ptui_checkVC('1','kd83jHs','\x00\x00\x00\x00\x64\x74\x8b\x05','s','0');`))
	f.Add([]byte(`ptui_auth_CB("1", "a\u00`))
	f.Fuzz(func(t *testing.T, text []byte) {
		call, err := parsePtui(text)
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Fatalf("got a %T; want a *FormatError", err)
			}
			return
		}
		size := len(call.name)
		for _, a := range call.args {
			size += len(a)
		}
		if size > len(text) {
			t.Fatalf("got %d bytes out of %d", size, len(text))
		}
		if _, err := decodeCheck(call); err == nil && len(call.args) < 3 {
			t.Fatal("a check without a salt was accepted")
		}
	})
}
