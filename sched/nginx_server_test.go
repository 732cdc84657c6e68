package sched_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/internal/freeaddr"
)

// startNginx starts a server that ends with the test, and returns where it
// listens. conf is what stands in its http block; ADDR in it is where to listen,
// DIR a directory of its own.
func startNginx(t testing.TB, conf string) (at string) {
	t.Helper()
	return newNginx(t, "access_log off;\n"+conf).at
}

// newNginx is startNginx for those who want more: its directory, its end.
func newNginx(t testing.TB, conf string) *peer {
	t.Helper()
	at, dir := freeaddr.Get(t), t.TempDir()
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		conf = kind + "_temp_path DIR/" + kind + ";\n" + conf
	}
	conf = strings.NewReplacer("ADDR", at, "DIR", dir).Replace(`
daemon off;
master_process off;
pid DIR/pid;
error_log DIR/error.log;
events { worker_connections 4096; }
http {
	` + conf + `
}
`)
	file, log := filepath.Join(dir, "nginx.conf"), filepath.Join(dir, "error.log")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, _ := os.ReadFile(log); t.Failed() {
			t.Logf("nginx's log:\n%s", text)
		}
	})
	return startPeer(t, at, dir, "/usr/sbin/nginx", "-c", file, "-p", dir, "-e", log)
}
