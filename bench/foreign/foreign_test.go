//go:build linux

package foreign

import (
	"strings"
	"testing"
	"time"
)

const wrkText = `Running 1s test @ http://127.0.0.1:1/small
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.12ms    1.50ms  30.12ms   92.11%
    Req/Sec    30.79k     2.10k   33.00k    80.00%
  Latency Distribution
     50%    1.90ms
     75%    2.40ms
     90%  980.00us
     99%    1.02s
  33813 requests in 1.10s, 9.12MB read
Requests/sec:  30755.37
Transfer/sec:      8.29MB
`

func TestReadWrk(t *testing.T) {
	s, err := readWrk(wrkText, 338130*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"cpu_us_per_req": 10, "rps": 30755.37, "p50_us": 1900, "p99_us": 1.02e6} {
		if got := s.Figures[name]; got != want {
			t.Errorf("%s: got %v; want %v", name, got, want)
		}
	}
	for _, bad := range []string{
		wrkText + "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
		wrkText + "  Non-2xx or 3xx responses: 12\n",
		strings.Replace(wrkText, "33813", "0", 1),
		"unable to connect to 127.0.0.1:1 Connection refused\n",
	} {
		if s, err := readWrk(bad, time.Second); err == nil {
			t.Errorf("%q: got %+v", bad, s)
		}
	}
}

func TestReadCurl(t *testing.T) {
	want := []byte("200 117 0")
	s, err := readCurl([]byte("200 117 0\n200 117 0\n"), want, 2, time.Second, time.Millisecond)
	if err != nil || s.Requests != 2 || s.Figures["cpu_us_per_req"] != 500 || s.Figures["rps"] != 2 {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, bad := range []string{"", "200 117 0\n", "200 117 0\n404 117 0\n", "200 117 0\n200 116 0\n"} {
		if s, err := readCurl([]byte(bad), want, 2, time.Second, time.Millisecond); err == nil {
			t.Errorf("%q: got %+v", bad, s)
		}
	}
}

func TestReadJSON(t *testing.T) {
	s, err := readJSON([]byte(`{"requests": 2, "figures": {"rps": 3.5}}`+"\n"), 0, 0)
	if err != nil || s.Requests != 2 || s.Figures["rps"] != 3.5 {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, bad := range []string{"", "Traceback", `{"error": "an answer was lost"}`} {
		if s, err := readJSON([]byte(bad), 0, 0); err == nil {
			t.Errorf("%q: got %+v", bad, s)
		}
	}
}
