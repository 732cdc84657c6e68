//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package loop

func mechanisms() []mechanism { return nil }
