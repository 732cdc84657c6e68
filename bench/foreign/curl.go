//go:build linux

package foreign

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/peers"
)

var curl = &Peer{
	Name: "curl",
	Note: "C, curl -Z; from the start of the process",

	program: "curl",
	most:    300, // curl's own bound on --parallel-max
	in:      []string{"get", "download", "upload"},
	why:     "curl -Z has no waiting, no chains and no times to compare",
	command: runCurl,
}

func runCurl(ctx context.Context, job *peers.Job) (*exec.Cmd, reader, error) {
	args := []string{
		"-q", "--silent", "--show-error", "--noproxy", "*", "--fail",
		"--output", "/dev/null", "--write-out", "%{http_code} %{size_download} %{size_upload}\n",
		"--user-agent", peers.Agent, "--header", "Accept:", "--header", "Expect:",
	}
	if job.Conns > 1 {
		args = append(args, "--parallel", "--parallel-max", strconv.Itoa(job.Conns))
	}
	body := ""
	if job.Upload > 0 {
		f, err := os.CreateTemp("", "bench-*.body")
		if err != nil {
			return nil, nil, err
		}
		body = f.Name()
		f.Write(make([]byte, job.Upload))
		if err := f.Close(); err != nil {
			return nil, nil, err
		}
		args = append(args, "--request", job.Method, "--data-binary", "@"+body)
	}
	n := job.Warm + job.N
	cmd := exec.CommandContext(ctx, "curl", append(args, fmt.Sprintf("%s?[1-%d]", job.URL, n))...)
	want := fmt.Appendf(nil, "200 %d %d", max(job.Long, len(job.Want)), job.Upload)
	return cmd, func(out []byte, wall, cpu time.Duration) (load.Sample, error) {
		if body != "" {
			os.Remove(body)
		}
		return readCurl(out, want, n, wall, cpu)
	}, nil
}

// readCurl reads what --write-out wrote.
func readCurl(out, want []byte, n int, wall, cpu time.Duration) (load.Sample, error) {
	lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
	if len(lines) != n {
		return load.Sample{}, fmt.Errorf("curl got %d answers of %d", len(lines), n)
	}
	for _, line := range lines {
		if !bytes.Equal(line, want) {
			return load.Sample{}, fmt.Errorf("curl got %q instead of %q", line, want)
		}
	}
	return load.Sample{Requests: n, Figures: map[string]float64{
		"cpu_us_per_req": float64(cpu.Nanoseconds()) / 1e3 / float64(n),
		"rps":            float64(n) / wall.Seconds(),
	}}, nil
}
