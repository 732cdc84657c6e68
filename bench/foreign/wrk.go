//go:build linux

package foreign

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/bench/peers"
)

var wrk = &Peer{
	Name: "wrk",
	Note: "C; one thread, a second long; from the start of the process, connecting included; it looks at the status only, and checks no certificate",

	program: "wrk",
	in:      []string{"get", "get-tls", "post"},
	why:     "it sends one request again and again, and knows no deadlines and no waiting",
	command: runWrk,
}

func runWrk(ctx context.Context, job *peers.Job) (*exec.Cmd, reader, error) {
	args := []string{"-t1", "-c" + strconv.Itoa(job.Conns), "-d1s", "--latency", "-H", "User-Agent: " + peers.Agent}
	if job.Conns > 1000 {
		args[2] = "-d3s" // connecting alone takes one
	}
	script := ""
	if job.Upload > 0 {
		f, err := os.CreateTemp("", "bench-*.lua")
		if err != nil {
			return nil, nil, err
		}
		script = f.Name()
		fmt.Fprintf(f, "wrk.method = %q\nwrk.body = string.rep(\"x\", %d)\n", job.Method, job.Upload)
		if err := f.Close(); err != nil {
			return nil, nil, err
		}
		args = append(args, "-s", script)
	}
	cmd := exec.CommandContext(ctx, "wrk", append(args, job.URL)...)
	return cmd, func(out []byte, _, cpu time.Duration) (load.Sample, error) {
		if script != "" {
			os.Remove(script)
		}
		return readWrk(string(out), cpu)
	}, nil
}

var (
	wrkCount = regexp.MustCompile(`(?m)^\s+(\d+) requests in `)
	wrkRate  = regexp.MustCompile(`(?m)^Requests/sec:\s+([\d.]+)`)
	wrkTime  = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([\d.]+)(us|ms|s)\b`)
	wrkBad   = regexp.MustCompile(`(?m)^\s+(Socket errors|Non-2xx).*$`)
)

// readWrk reads what wrk prints.
func readWrk(out string, cpu time.Duration) (load.Sample, error) {
	if bad := wrkBad.FindString(out); bad != "" {
		return load.Sample{}, fmt.Errorf("wrk says: %s", strings.TrimSpace(bad))
	}
	count, rate := wrkCount.FindStringSubmatch(out), wrkRate.FindStringSubmatch(out)
	if count == nil || rate == nil {
		return load.Sample{}, fmt.Errorf("wrk says something else: %.200q", out)
	}
	n, _ := strconv.Atoi(count[1])
	rps, _ := strconv.ParseFloat(rate[1], 64)
	if n == 0 {
		return load.Sample{}, fmt.Errorf("wrk got no answer: %.200q", out)
	}
	s := load.Sample{Requests: n, Figures: map[string]float64{
		"cpu_us_per_req": float64(cpu.Nanoseconds()) / 1e3 / float64(n),
		"rps":            rps,
	}}
	for _, m := range wrkTime.FindAllStringSubmatch(out, -1) {
		v, _ := strconv.ParseFloat(m[2], 64)
		s.Figures["p"+m[1]+"_us"] = v * map[string]float64{"us": 1, "ms": 1e3, "s": 1e6}[m[3]]
	}
	return s, nil
}
