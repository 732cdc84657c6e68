package emulator

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the emulator shows on its TLS port is good for a client that is not Go's,
// in both versions and for every host of the service: openssl verifies the chain
// and the name. It is not good for whoever trusts another root, nor under
// another name.
func TestOpenSSLVerifies(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl to verify with:", err)
	}
	u := newUser(t, Options{})
	stranger, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours.pem"), filepath.Join(dir, "theirs.pem")
	for file, pem := range map[string][]byte{ours: u.server.CA(), theirs: stranger.PEM()} {
		if err := os.WriteFile(file, pem, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(root, told, wanted, version string) (string, bool) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, path, "s_client", "-connect", u.server.HTTPSAddr(), version,
			"-servername", told, "-verify_hostname", wanted, "-CAfile", root, "-no-CApath", "-no-CAstore", "-verify_return_error").CombinedOutput()
		return string(out), err == nil && strings.Contains(string(out), "Verify return code: 0 (ok)")
	}
	for i, host := range Hosts() {
		version := []string{"-tls1_2", "-tls1_3"}[i%2]
		if out, ok := verify(ours, host, host, version); !ok {
			t.Errorf("%s %s: openssl does not verify it:\n%s", host, version, out)
		}
	}
	if out, ok := verify(theirs, "w.qq.com", "w.qq.com", "-tls1_3"); ok {
		t.Errorf("openssl takes it for another authority's:\n%s", out)
	}
	if out, ok := verify(ours, "w.qq.com", "example.com", "-tls1_3"); ok || !strings.Contains(strings.ToLower(out), "hostname mismatch") {
		t.Errorf("openssl takes it for another host's:\n%s", out)
	}
}
