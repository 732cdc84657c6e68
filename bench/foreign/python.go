//go:build linux

package foreign

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/peers"
)

var tornado = &Peer{
	Name:    "tornado",
	Note:    "Python, SimpleAsyncHTTPClient, which opens a connection for each request; a fifth of the requests",
	module:  "tornado",
	most:    1000,
	in:      []string{"get", "chain", "park"},
	why:     "it stands for the article's client, in what that did",
	command: script(tornadoScript, "tornado", "simple"),
}

var tornadoCurl = &Peer{
	Name:    "tornado-curl",
	Note:    "Python over libcurl, CurlAsyncHTTPClient; a fifth of the requests",
	module:  "pycurl",
	most:    1000,
	in:      []string{"get", "chain", "park"},
	why:     "it stands for the article's client, in what that did",
	command: script(tornadoScript, "pycurl", "curl"),
}

var urllib = &Peer{
	Name:    "urllib",
	Note:    "Python, urllib.request, which blocks and opens a connection for each request; a fifth of the requests",
	module:  "urllib.request",
	in:      []string{"chain"},
	why:     "it has one request at a time",
	command: script(urllibScript, "urllib.request", ""),
}

//go:embed tornado.py
var tornadoScript string

//go:embed urllib.py
var urllibScript string

// script returns a command that runs text in Python.
func script(text, module, mode string) func(context.Context, *peers.Job) (*exec.Cmd, reader, error) {
	return func(ctx context.Context, job *peers.Job) (*exec.Cmd, reader, error) {
		interpreter, err := python(module)
		if err != nil {
			return nil, nil, err
		}
		few := *job
		few.N /= 5
		few.Warm = max(few.Warm/5, 1)
		args, err := json.Marshal(&few)
		if err != nil {
			return nil, nil, err
		}
		return exec.CommandContext(ctx, interpreter, "-c", text, string(args), mode), readJSON, nil
	}
}

func readJSON(out []byte, _, _ time.Duration) (load.Sample, error) {
	var s load.Sample
	if err := json.Unmarshal(bytes.TrimSpace(out), &s); err != nil {
		return s, fmt.Errorf("its output cannot be read: %w: %.200q", err, out)
	}
	if s.Error != "" {
		return s, errors.New(s.Error)
	}
	return s, nil
}

// python returns an interpreter that has the module: the one in PATH, or
// Debian's, whose packages that one may not see.
func python(module string) (string, error) {
	look, _ := interpreters.LoadOrStore(module, sync.OnceValues(func() (string, error) {
		for _, name := range []string{"python3", "/usr/bin/python3"} {
			ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
			err := exec.CommandContext(ctx, name, "-c", "import "+module).Run()
			stop()
			if err == nil {
				return name, nil
			}
		}
		return "", fmt.Errorf("no python3 here has the module %s", module)
	}))
	return look.(func() (string, error))()
}

// interpreters holds what python has found out, by module: starting Python is
// slow.
var interpreters sync.Map
