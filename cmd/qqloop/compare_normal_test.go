package main

import (
	"regexp"
	"slices"
	"strings"
)

// What cannot be the same in two runs.
var (
	userAgents = regexp.MustCompile(`(?m)^((?:> )?User-Agent: )(?:curl|qqloop)/\S+`)
	boundaries = regexp.MustCompile(`-{24}[0-9a-f]{16}`)
	proofs     = regexp.MustCompile(`\b(cnonce|response)="[^"]*"`)
	expiries   = regexp.MustCompile(`\t1[0-9]{9}\t`)
	dates      = regexp.MustCompile(`(?m)^((?:< )?Date: ).*$`)
)

// normalizer returns a function that takes out of a text what differs from run
// to run, or says who runs.
func normalizer(r *recorder) func(string) string {
	ports := strings.NewReplacer(":"+r.port(), ":PORT", ":"+r.tlsPort(), ":TLSPORT")
	return func(s string) string {
		s = userAgents.ReplaceAllString(s, "${1}AGENT")
		s = boundaries.ReplaceAllString(s, "BOUNDARY")
		s = proofs.ReplaceAllString(s, `$1="PROOF"`)
		s = dates.ReplaceAllString(s, "${1}DATE\r")
		return cookieFile(ports.Replace(s))
	}
}

// cookieFile takes out of a file of cookies what a client says of itself, puts
// it in order, and takes out when a cookie ends.
func cookieFile(s string) string {
	if !strings.Contains(s, "# Netscape HTTP Cookie File\n") {
		return s
	}
	var lines []string
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "# ") && line != "\n" {
			lines = append(lines, expiries.ReplaceAllString(line, "\tEXPIRES\t"))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
