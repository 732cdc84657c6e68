package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/internal/freeaddr"
)

// compareFiles lie in the directory of every run.
var compareFiles = map[string]string{
	"lines":     "one\r\ntwo\n",
	"nothing":   "",
	"binary":    "a\x00b\xff\n",
	"page.html": "<p>\n",
	"urls":      "# two\n\n$URL\n",
	"fields":    "X-One: 1\nX-Two: 2\n",
	"part":      hundred[:40],
	"all":       hundred,
	"format":    "%{http_code}\\n",
	"jar":       "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tfrom\tjar\n127.0.0.1\tFALSE\t/other\tFALSE\t0\tnot\there\n",
}

// compareTLS is what a TLS server and its clients need.
type compareTLS struct {
	config *tls.Config
	pem    map[string]string // by file: ca.pem, client.pem, client.key, both.pem, and other.pem, of an authority that has signed nothing here
}

func newCompareTLS(t *testing.T) *compareTLS {
	t.Helper()
	dir := t.TempDir()
	config, err := originTLS(dir)
	check(t, err)
	c := &compareTLS{config: config, pem: map[string]string{}}
	left, err := os.ReadDir(dir)
	check(t, err)
	for _, f := range left {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		check(t, err)
		c.pem[f.Name()] = string(text)
	}
	other, err := (*issuer)(nil).issue(&x509.Certificate{Subject: pkix.Name{CommonName: "somebody else"}, IsCA: true, BasicConstraintsValid: true})
	check(t, err)
	c.pem["other.pem"] = string(other.certPEM())
	return c
}

// nginxAt is the beginning of an nginx's URLs, and the path of its socket.
type nginxAt struct{ url, path string }

// startNginx starts one that serves a few files, plain. Where it is not
// installed, it is nowhere.
func startNginx(t *testing.T) nginxAt {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Log("nginx is not installed: its lines are skipped")
			return nginxAt{}
		}
	}
	addr, dir := freeaddr.Get(t), t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "d"), 0o777))
	for name, text := range map[string]string{
		"all": hundred, "text.txt": strings.Repeat("all work and no play\n", 200), "d/index.html": "<p>\n",
		"nginx.conf": "daemon off; master_process off; pid " + dir + "/pid; error_log stderr crit; events {}\n" +
			"http { access_log off; types { text/plain txt; text/html html; } default_type application/octet-stream;\n" +
			"client_body_temp_path " + dir + "/b; proxy_temp_path " + dir + "/p; fastcgi_temp_path " + dir + "/f; uwsgi_temp_path " + dir + "/u; scgi_temp_path " + dir + "/s;\n" +
			"gzip on; gzip_types text/plain; gzip_min_length 1; gzip_http_version 1.0;\n" +
			"server { listen " + addr + "; listen unix:" + dir + "/socket; root " + dir + "; absolute_redirect off; } }\n",
	} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	cmd := exec.Command(nginx, "-c", dir+"/nginx.conf", "-p", dir, "-e", "stderr")
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return nginxAt{"http://" + addr, dir + "/socket"}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not answer: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
