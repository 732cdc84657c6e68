package emulator

import (
	"net/http"
	"strings"
)

// outerPage is w.qq.com's own, of which one client took the address of the
// login page, to put a digit behind it.
func (s *Service) outerPage(*call) *Reply {
	return reply(http.StatusOK, typeHTML, []byte(`<!DOCTYPE html>
<html><head><title>SmartQQ</title></head><body><iframe id="login_frame"></iframe><script type="text/javascript">
document.getElementById("login_frame").src = "https://ui.ptlogin2.qq.com/cgi-bin/login?daid=164&target=self&style=16&mibao_css=m_webqq&appid=`+smartAppID+`&enable_qlogin=0&no_verifyimg=1&s_url=http%3A%2F%2Fw.qq.com%2Fproxy.html&f_url=loginerroralert&strong_login=1&login_state=10&t=";
</script></body></html>
`))
}

// loginPage holds what clients scrape: aid in exactly this spelling, the
// login_sig, the version in digits, the style sheet's name.
func (s *Service) loginPage(c *call) *Reply {
	aid, sig := smartAppID, s.draw(tokenText, 64)
	if c.field("appid") == classicAppID {
		aid = classicAppID
	}
	r := reply(http.StatusOK, typeHTML, []byte(`<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>QQ</title>
<script type="text/javascript">
var g_appid =encodeURIComponent("`+aid+`");
var g_login_sig=encodeURIComponent("`+sig+`");
var g_pt_version=encodeURIComponent("10141");
var g_mibao_css=encodeURIComponent("m_webqq");
</script></head>
<body><form id="loginform" action="login">
<input type="hidden" name="aid" value="`+aid+`" />
<input type="hidden" name="daid" value="164" />
</form></body></html>
`))
	if strings.HasSuffix(c.req.Path, "xlogin") {
		r.setCookie("pt_login_sig", sig, "ptlogin2.qq.com")
	}
	return r
}

// emptyPage is what nobody looked at but the browser.
func (s *Service) emptyPage(*call) *Reply {
	return reply(http.StatusOK, typeHTML, []byte("<!DOCTYPE html>\n<html><head><title>WebQQ</title></head><body></body></html>\n"))
}

// msgTip is the heartbeat of the classic page. Nobody read its answer.
func (s *Service) msgTip(*call) *Reply { return reply(http.StatusOK, typeJSON, []byte("{}")) }

// nginxPage is what stood before the service said when it could not.
func nginxPage(title string) []byte {
	return []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body bgcolor=\"white\">\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}
