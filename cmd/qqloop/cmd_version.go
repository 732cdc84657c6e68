package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// version returns the module's version: "devel" for a build from a checkout
// that carries no tag.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

// userAgent is what our requests call themselves.
func userAgent() string { return "qqloop/" + version() }

type versionCmd struct{}

// Run prints one line.
func (*versionCmd) Run(e *env) error {
	_, err := fmt.Fprintf(e.stdout, "qqloop %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
