package emulator

import "fmt"

// Hosts lists the names of the service: what a client's resolver must lead to
// the emulator. All of them are one server.
func Hosts() []string {
	names := []string{
		"ui.ptlogin2.qq.com", "xui.ptlogin2.qq.com", "check.ptlogin2.qq.com", "ssl.ptlogin2.qq.com", "ptlogin2.qq.com",
		"captcha.qq.com", "ssl.captcha.qq.com", "ptlogin4.web2.qq.com", "ptlogin2.web2.qq.com",
		"s.web2.qq.com", "d.web2.qq.com", "d1.web2.qq.com", "cgi.web2.qq.com", "up.web2.qq.com", "web2.qq.com",
		"web.qq.com", "w.qq.com", "smart.qq.com", "file1.web.qq.com", "weboffline.ftn.qq.com",
		"qun.qq.com", "qinfo.clt.qq.com", "pinghot.qq.com",
	}
	for i := range 11 {
		if i < 10 {
			names = append(names, fmt.Sprintf("face%d.web.qq.com", i))
		}
		if i > 0 {
			names = append(names, fmt.Sprintf("face%d.qun.qq.com", i))
		}
	}
	return names
}
