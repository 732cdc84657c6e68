//go:build linux

package main

import (
	"github.com/qqloop/qqloop/bench/report"
	"github.com/qqloop/qqloop/bench/result"
)

// publish writes the report of what was measured into dir, and its table into
// the READMEs in root.
func publish(root, dir string) error {
	f, err := result.Read(dir)
	if err != nil {
		return err
	}
	if err := report.Write(dir, f); err != nil {
		return err
	}
	return report.Readme(root, f)
}
