package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is the longer text of qqloop completion --help.
func (*completionCmd) Help() string {
	return `bash: source <(qqloop completion bash)

zsh: source <(qqloop completion zsh)

fish: qqloop completion fish | source`
}

// Run prints the script. It is made from the same model as the parser and the
// help, so that it cannot lag behind.
func (c *completionCmd) Run(e *env) error {
	parser, err := newParser(&cli{}, e.stdout, e.stderr)
	if err != nil {
		return err
	}
	write := map[string]func(io.Writer, *kong.Node) error{
		"bash": bashCompletion,
		"zsh":  zshCompletion,
		"fish": fishCompletion,
	}[c.Shell]
	return write(e.stdout, parser.Model.Node)
}

// flagNames returns "--include -i --output -o" of a command.
func flagNames(n *kong.Node) []string {
	var names []string
	for _, f := range n.Flags {
		names = append(names, "--"+f.Name)
		if f.Short != 0 {
			names = append(names, "-"+string(f.Short))
		}
	}
	return names
}

// choices returns the values that an enum allows, or nil.
func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}

func bashCompletion(w io.Writer, root *kong.Node) error {
	var commands []string
	var cases strings.Builder
	for _, cmd := range root.Children {
		commands = append(commands, cmd.Name)
		words := append(flagNames(root), flagNames(cmd)...)
		for _, p := range cmd.Positional {
			words = append(words, choices(p)...)
		}
		fmt.Fprintf(&cases, "\t%s) words=%q ;;\n", cmd.Name, strings.Join(words, " "))
		for _, f := range cmd.Flags {
			if values := choices(f.Value); values != nil {
				fmt.Fprintf(&cases, "\t%s:--%s) words=%q ;;\n", cmd.Name, f.Name, strings.Join(values, " "))
			}
		}
	}
	_, err := fmt.Fprintf(w, `# bash completion for qqloop
_qqloop() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W %q -- "$cur"))
		return
	fi
	case ${COMP_WORDS[1]} in
%s	esac
	case ${COMP_WORDS[1]}:$prev in
%s	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _qqloop qqloop
`, strings.Join(append(commands, "--help"), " "), only(cases.String(), false), only(cases.String(), true))
	return err
}

// only keeps the lines of cases that name a flag, or those that do not.
func only(cases string, flag bool) string {
	var kept strings.Builder
	for line := range strings.Lines(cases) {
		if strings.Contains(line, ":--") == flag {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func zshCompletion(w io.Writer, root *kong.Node) error {
	var list, cases strings.Builder
	for _, cmd := range root.Children {
		fmt.Fprintf(&list, "\t\t%s\n", zshQuote(cmd.Name+":"+cmd.Help))
		fmt.Fprintf(&cases, "\t%s)\n\t\t_arguments", cmd.Name)
		for _, f := range append(root.Flags, cmd.Flags...) {
			for _, name := range flagNames(&kong.Node{Flags: []*kong.Flag{f}}) {
				spec := name + "[" + strings.NewReplacer("[", "(", "]", ")").Replace(f.Help) + "]"
				if f.IsCumulative() {
					spec = "*" + spec
				}
				if !f.IsBool() {
					spec += ":" + strings.ReplaceAll(f.FormatPlaceHolder(), ":", "") + ":" + zshValues(f.Value)
				}
				fmt.Fprintf(&cases, " \\\n\t\t\t%s", zshQuote(spec))
			}
		}
		for _, p := range cmd.Positional {
			many := ""
			if p.IsCumulative() {
				many = "*"
			}
			fmt.Fprintf(&cases, " \\\n\t\t\t%s", zshQuote(many+":"+p.Name+":"+zshValues(p)))
		}
		cases.WriteString(" ;;\n")
	}
	_, err := fmt.Fprintf(w, `#compdef qqloop
_qqloop() {
	local -a commands=(
%s	)
	if ((CURRENT == 2)); then
		_describe command commands
		return
	fi
	local command=$words[2]
	shift words
	((CURRENT--))
	case $command in
%s	esac
}
compdef _qqloop qqloop
`, list.String(), cases.String())
	return err
}

// zshValues is what may stand in a place: one of a list, or a file.
func zshValues(v *kong.Value) string {
	if values := choices(v); values != nil {
		return "(" + strings.Join(values, " ") + ")"
	}
	return "_files"
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func fishCompletion(w io.Writer, root *kong.Node) error {
	var s strings.Builder
	s.WriteString("# fish completion for qqloop\ncomplete -c qqloop -f\ncomplete -c qqloop -s h -l help -d 'Show help'\n")
	for _, cmd := range root.Children {
		fmt.Fprintf(&s, "complete -c qqloop -n __fish_use_subcommand -a %s -d %s\n", cmd.Name, fishQuote(cmd.Help))
		in := fishQuote("__fish_seen_subcommand_from " + cmd.Name)
		for _, f := range cmd.Flags {
			fmt.Fprintf(&s, "complete -c qqloop -n %s -l %s", in, f.Name)
			if f.Short != 0 {
				fmt.Fprintf(&s, " -s %c", f.Short)
			}
			if values := choices(f.Value); values != nil {
				fmt.Fprintf(&s, " -x -a %s", fishQuote(strings.Join(values, " ")))
			} else if !f.IsBool() {
				s.WriteString(" -r -F")
			}
			fmt.Fprintf(&s, " -d %s\n", fishQuote(f.Help))
		}
		for _, p := range cmd.Positional {
			if values := choices(p); values != nil {
				fmt.Fprintf(&s, "complete -c qqloop -n %s -a %s\n", in, fishQuote(strings.Join(values, " ")))
			}
		}
	}
	_, err := io.WriteString(w, s.String())
	return err
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
