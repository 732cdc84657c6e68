package main

import (
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// permute returns the command line with its arguments behind its flags, as
// getopt has it: kong takes arguments that stand together, and whoever knows curl
// writes URL -o FILE URL -o FILE.
func permute(model *kong.Application, args []string) []string {
	if len(args) == 0 {
		return args
	}
	var flags []*kong.Flag
	for _, command := range model.Children {
		if command.Name == args[0] && len(command.Positional) > 0 {
			flags = append(command.Flags, model.Flags...)
		}
	}
	if flags == nil {
		return args
	}
	front, back := []string{args[0]}, []string(nil)
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			back = append(back, args[i+1:]...)
			i = len(args)
		case !strings.HasPrefix(arg, "-") || arg == "-":
			back = append(back, arg)
		default:
			front = append(front, arg)
			if takesNext(flags, arg) && i+1 < len(args) {
				i++
				front = append(front, args[i])
			}
		}
	}
	if len(back) == 0 {
		return front
	}
	return append(append(front, "--"), back...)
}

// takesNext reports whether the value of a flag, or of the last one of a bundle
// of short ones, is the next argument.
func takesNext(flags []*kong.Flag, arg string) bool {
	valued := func(is func(*kong.Flag) bool) bool {
		for _, f := range flags {
			if is(f) {
				return !f.IsBool() && !f.IsCounter()
			}
		}
		return false
	}
	if name, ok := strings.CutPrefix(arg, "--"); ok {
		return !strings.Contains(name, "=") && valued(func(f *kong.Flag) bool { return f.Name == name })
	}
	for i, letter := range arg[1:] {
		if valued(func(f *kong.Flag) bool { return f.Short == letter }) {
			return 1+i+utf8.RuneLen(letter) == len(arg) // else its value stands behind it: -XPOST
		}
	}
	return false
}
