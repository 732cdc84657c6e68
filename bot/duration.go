package bot

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The longer unit comes first where one begins with another.
var (
	chinesePart = regexp.MustCompile(`^(半|[0-9]+(?:\.[0-9]+)?)(毫秒|秒钟?|分钟?|个?小时|个?钟头|天)(半?)`)

	chineseUnits = map[string]time.Duration{
		"毫秒":  time.Millisecond,
		"秒":   time.Second,
		"秒钟":  time.Second,
		"分":   time.Minute,
		"分钟":  time.Minute,
		"小时":  time.Hour,
		"个小时": time.Hour,
		"钟头":  time.Hour,
		"个钟头": time.Hour,
		"天":   24 * time.Hour,
	}
)

// ParseDuration reads a duration in Go's form, "1h30m", or in Chinese:
// 90秒, 5分钟, 1小时30分, 半小时, 2天.
func ParseDuration(s string) (time.Duration, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return d, nil
	}
	var sum time.Duration
	for rest := s; rest != ""; {
		m := chinesePart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q is not a duration such as 90s, 1h30m, 90秒 or 2小时", s)
		}
		rest = rest[len(m[0]):]
		n := 0.5
		if m[1] != "半" {
			// The pattern lets only numbers through; one too large is +Inf
			// and is caught below.
			n, _ = strconv.ParseFloat(m[1], 64)
		}
		if m[3] != "" {
			n += 0.5
		}
		part := n * float64(chineseUnits[m[2]])
		if part >= float64(1<<62-sum) {
			return 0, fmt.Errorf("%q is longer than can be counted", s)
		}
		sum += time.Duration(part)
	}
	if s == "" {
		return 0, fmt.Errorf("an empty text is not a duration such as 90s or 90秒")
	}
	return sum, nil
}

// formatDuration writes d without the parts that are zero: 1h30m, 1小时30分钟.
// What is longer than a second loses its fractions.
func formatDuration(d time.Duration, l lang) string {
	if d >= time.Second {
		d = d.Truncate(time.Second)
	}
	if l == english {
		s := d.String()
		if strings.HasSuffix(s, "m0s") {
			s = s[:len(s)-2]
		}
		if strings.HasSuffix(s, "h0m") {
			s = s[:len(s)-2]
		}
		return s
	}
	if d < time.Second {
		return fmt.Sprintf("%d毫秒", d.Milliseconds())
	}
	var s strings.Builder
	for _, u := range [...]struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "天"}, {time.Hour, "小时"}, {time.Minute, "分钟"}, {time.Second, "秒"}} {
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&s, "%d%s", n, u.name)
			d -= n * u.size
		}
	}
	return s.String()
}
