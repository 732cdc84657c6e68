package webqq

import "testing"

func TestSchemes(t *testing.T) {
	day, plain := &Client{}, &Client{o: Options{Plain: true}}
	for host, want := range map[string]string{
		"ui.ptlogin2.qq.com": "https", "ssl.ptlogin2.qq.com": "https", "ssl.captcha.qq.com": "https", "ptlogin2.qq.com": "https",
		"check.ptlogin2.qq.com": "http", "s.web2.qq.com": "http", "d1.web2.qq.com": "http", "d.web2.qq.com": "http",
		"web.qq.com": "http", "qun.qq.com": "http",
	} {
		if got := day.schemeOf(host); got != want {
			t.Errorf("%s: got %s; want %s", host, got, want)
		}
		if got := plain.schemeOf(host); got != "http" {
			t.Errorf("%s, plain: got %s; want http", host, got)
		}
	}
}
