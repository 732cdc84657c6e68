package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/bench/result"
)

// A tongue holds the words of the summary. English and Chinese say the same.
type tongue struct {
	lines  map[string]string // by headline.key
	head   string            // of the first column
	others string            // of the last column
	foot   func(m result.Machine, rounds int) string
	lost   func(lost, compared int) string
}

// A headline is a line of the summary: one figure, at about so many
// connections (0: as many as were tried).
type headline struct {
	key      string
	scenario string
	figure   string
	conns    int
}

var headlines = []headline{
	{"cpu64", "get", "cpu_us_per_req", 64},
	{"cpu1000", "get", "cpu_us_per_req", 1000},
	{"cpu10000", "get", "cpu_us_per_req", 10000},
	{"cputls", "get-tls", "cpu_us_per_req", 64},
	{"park", "park", "bytes_per_waiting", 0},
	{"goroutines", "park", "goroutines", 0},
	{"idletls", "idle-tls", "bytes_per_waiting", 0},
	{"allocs", "get", "allocs_per_req", 64},
	{"syscalls", "get", "syscalls_per_req", 64},
	{"p99", "open-loop", "p99_us", 0},
}

// columns are the peers that the summary names. Of the others, the best that is
// better than we are stands in a last column, so that nobody is kept out.
var columns = []string{result.Subject, floor, "nethttp", "fasthttp"}

// summary returns the table that the READMEs show.
func summary(f *result.File, t tongue) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |", t.head)
	for _, name := range columns {
		fmt.Fprintf(&b, " %s |", peerOf(name).shown)
	}
	fmt.Fprintf(&b, " %s |\n| --- |%s\n", t.others, strings.Repeat(" ---: |", len(columns)+1))
	for _, h := range headlines {
		b.WriteString(h.line(f, t))
	}
	b.WriteString("\n" + t.foot(f.Machine, rounds(f)))
	if all, compared := losses(f); compared > 0 {
		b.WriteString(t.lost(len(all), compared))
	}
	return strings.TrimRight(b.String(), " \n") + "\n"
}

// line returns the line of h, or "" if we have no such figure.
func (h headline) line(f *result.File, t tongue) string {
	keep := has(h.scenario, h.figure)
	tried := connsIn(f.Rows, func(r *result.Row) bool { return keep(r) && r.Peer == result.Subject && r.Variant == "" })
	if len(tried) == 0 {
		return ""
	}
	conns := h.conns
	if conns == 0 {
		conns = tried[len(tried)-1]
	}
	if !slices.Contains(tried, conns) {
		return ""
	}
	k := kindOf(h.figure)
	cells := []string{strings.ReplaceAll(t.lines[h.key], "N", thousands(int64(conns)))}
	best, _ := bestOf(f, h.scenario, "", k, conns)
	show := func(who entry) string {
		r := f.Row(h.scenario, who.variant, who.peer, conns)
		if r == nil || !keep(r) {
			return "–"
		}
		text := quantity(k, r.Figures[h.figure].Median)
		if r.Figures[h.figure].Median == best && who.peer != floor {
			text = "**" + text + "**"
		}
		return text
	}
	for _, name := range columns {
		cells = append(cells, show(entry{name, ""}))
	}
	ours := f.Row(h.scenario, "", result.Subject, conns).Figures[h.figure].Median
	other := "–"
	for _, e := range entries(f.Rows, keep) {
		r := f.Row(h.scenario, e.variant, e.peer, conns)
		if r == nil || !keep(r) || slices.Contains(columns, e.peer) {
			continue
		}
		if v := r.Figures[h.figure].Median; better(k, v, ours) {
			ours, other = v, e.String()+": "+show(e)
		}
	}
	return "| " + strings.Join(append(cells, other), " | ") + " |\n"
}

var english = tongue{
	head:   "",
	others: "better than us",
	lines: map[string]string{
		"cpu64":      "CPU per GET, N connections, µs",
		"cpu1000":    "CPU per GET, N connections, µs",
		"cpu10000":   "CPU per GET, N connections, µs",
		"cputls":     "CPU per GET over TLS, N connections, µs",
		"park":       "Go memory for each of N waiting requests",
		"goroutines": "Goroutines for N waiting requests",
		"idletls":    "Go memory for each of N idle TLS connections",
		"allocs":     "Allocations per GET, N connections",
		"syscalls":   "System calls per GET, N connections",
		"p99":        "99 of 100 answers at a fixed rate, N connections, µs",
	},
	foot: func(m result.Machine, rounds int) string {
		of := fmt.Sprintf("Medians of %d rounds or fewer", rounds)
		if rounds == 1 {
			of = "One round"
		}
		return fmt.Sprintf("%s on %s, %d cores, %s, %s, commit %s, %s. "+
			"The floor is the smallest epoll loop that reads a length, the limit in Go. ",
			of, m.CPU, m.Cores, m.Kernel, m.Go, m.Commit, m.Started.UTC().Format("2006-01-02"))
	},
	lost: func(lost, compared int) string {
		if lost == 0 {
			return fmt.Sprintf("No rival is better in any of %d comparisons. ", compared)
		}
		return fmt.Sprintf("A rival is better in %d of %d comparisons. ", lost, compared)
	},
}

var chinese = tongue{
	head:   "",
	others: "比我们好的",
	lines: map[string]string{
		"cpu64":      "每个 GET 的 CPU，N 个连接，µs",
		"cpu1000":    "每个 GET 的 CPU，N 个连接，µs",
		"cpu10000":   "每个 GET 的 CPU，N 个连接，µs",
		"cputls":     "每个 TLS 上的 GET 的 CPU，N 个连接，µs",
		"park":       "N 个等待中的请求，每个的 Go 内存",
		"goroutines": "N 个等待中的请求的 goroutine 数",
		"idletls":    "N 个空闲 TLS 连接，每个的 Go 内存",
		"allocs":     "每个 GET 的内存分配次数，N 个连接",
		"syscalls":   "每个 GET 的系统调用次数，N 个连接",
		"p99":        "固定速率下，100 个回答里 99 个的时限，N 个连接，µs",
	},
	foot: func(m result.Machine, rounds int) string {
		return fmt.Sprintf("最多 %d 轮的中位数。机器：%s，%d 核，%s，%s，提交 %s，%s。"+
			"floor 是只会读长度的最小 epoll 循环，也就是 Go 里的极限。",
			rounds, m.CPU, m.Cores, m.Kernel, m.Go, m.Commit, m.Started.UTC().Format("2006-01-02"))
	},
	lost: func(lost, compared int) string {
		if lost == 0 {
			return fmt.Sprintf("%d 项比较里没有一项输。", compared)
		}
		return fmt.Sprintf("%d 项比较里有 %d 项是对手更好。", compared, lost)
	},
}
