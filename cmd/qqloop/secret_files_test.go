package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qqloop/qqloop/webqq/emulator"
)

// The picture of the code is the owner's alone, whatever stood at its place, and
// is gone when it is of no use any more. So is the session's file the owner's.
func TestSecretFiles(t *testing.T) {
	for _, before := range []string{"nothing", "a file for everybody", "a link to another file"} {
		t.Run(before, func(t *testing.T) {
			t.Parallel() // each waits for the code to be scanned
			dir := t.TempDir()
			picture, other := filepath.Join(dir, "qr.png"), filepath.Join(dir, "other")
			check(t, os.WriteFile(other, []byte("other"), 0o644))
			switch before {
			case "a file for everybody":
				check(t, os.WriteFile(picture, []byte("old"), 0o644))
				check(t, os.Chmod(picture, 0o666))
			case "a link to another file":
				check(t, os.Symlink(other, picture))
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			server, err := emulator.Start(emulator.New(emulator.DefaultScene(), emulator.Options{}), emulator.ServerOptions{OnEvent: func(e emulator.Event) {
				if _, ok := e.(emulator.Login); ok {
					cancel(&signalled{os.Interrupt})
				}
			}})
			check(t, err)
			defer server.Close()
			file := filepath.Join(dir, "qqloop.toml")
			check(t, os.WriteFile(file, fmt.Appendf(nil, "[account]\nlogin = \"qr\"\n[session]\nfile = %q\n[service]\naddress = %q\n",
				filepath.Join(dir, "session"), server.HTTPAddr()), 0o600))
			var shown fs.FileInfo
			stderr := &onText{text: "scan the code with QQ"}
			stderr.found = func() { shown, err = os.Lstat(picture) }
			code := run(ctx, []string{"run", "-c", file, "--qr-png", picture}, strings.NewReader(""), io.Discard, stderr)
			if code != exitInterrupted {
				t.Fatalf("got status %d and\n%s\nwant %d after a login", code, stderr.all.String(), exitInterrupted)
			}
			if err != nil || shown == nil || shown.Mode() != 0o600 {
				t.Errorf("while the code was shown its file was %v, %v; want a file of mode 0600", shown, err)
			}
			if _, err := os.Lstat(picture); !os.IsNotExist(err) {
				t.Errorf("in the end: %v; want the picture removed", err)
			}
			if text, err := os.ReadFile(other); err != nil || string(text) != "other" {
				t.Errorf("the other file has %q, %v; want it as it was", text, err)
			}
			left, err := filepath.Glob(filepath.Join(dir, "*"))
			check(t, err)
			for _, name := range left {
				info, err := os.Stat(name)
				check(t, err)
				if name != other && info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %v; want 0600", name, info.Mode())
				}
			}
		})
	}
}

// Whoever ends the program while it waits for the letters of a captcha leaves no
// picture behind.
func TestCaptchaIsRemovedAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	_, file := captchaService(t, nil)
	stdin, keyboard := io.Pipe()
	defer keyboard.Close() // lets go of the goroutine that reads
	glob := filepath.Join(os.Getenv("TMPDIR"), "*")
	var shown []string
	stderr := &onText{text: "another picture): "}
	stderr.found = func() {
		shown, _ = filepath.Glob(glob)
		for _, name := range shown {
			if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
				t.Errorf("the picture is %v, %v; want a file of mode 0600", info, err)
			}
		}
		cancel(&signalled{os.Interrupt})
	}
	run(ctx, []string{"run", "-c", file}, stdin, io.Discard, stderr)
	if left, err := filepath.Glob(glob); err != nil || len(left) != 0 || len(shown) != 1 {
		t.Errorf("shown %v, left %v, %v; want one picture, and none left", shown, left, err)
	}
}
