package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// The exit statuses, which scripts rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2   // flags or configuration
	exitProtocol    = 3   // the peer broke the protocol
	exitRefused     = 4   // the service said no
	exitInterrupted = 130 // as a shell reports SIGINT
)

// An exitError ends the command with a status. Err may be nil: then
// everything has been said already.
type exitError struct {
	code int
	err  error
}

// Error returns what is said on standard error.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }

// usagef returns an error of the kind that ends with status 2.
func usagef(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// An env is what a command has of the world.
type env struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
}

// cli is the command line. Each command is a file of its own.
type cli struct {
	Help helpFlag `short:"h" help:"Show this help, or that of a command."`

	Demo       demoCmd       `cmd:"" help:"Chat with the bot, here and now: nothing to install or log in to."`
	Init       initCmd       `cmd:"" help:"Write a configuration for an account on OneBot 11."`
	Run        runCmd        `cmd:"" help:"Log in and answer messages until stopped."`
	Doctor     doctorCmd     `cmd:"" help:"Say what is wrong with a configuration, and what to do."`
	Send       sendCmd       `cmd:"" help:"Send one message."`
	Tail       tailCmd       `cmd:"" help:"Show messages and events as they come."`
	Chat       chatCmd       `cmd:"" help:"Chat on an account from the terminal."`
	Accounts   accountsCmd   `cmd:"" help:"Show the accounts, and whether they are online."`
	Emulate    emulateCmd    `cmd:"" help:"Be WebQQ, which is gone, or a OneBot 11 implementation."`
	Sim        simCmd        `cmd:"" help:"Live a month of the bot in a simulated world, from a seed."`
	Get        getCmd        `cmd:"" help:"Fetch URLs over the engine, with curl's letters."`
	Completion completionCmd `cmd:"" help:"Print the completion script for a shell."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

const description = `A chat bot and an HTTP client on an event loop.

Start with: qqloop demo

Exit status: 0 done, 1 failed, 2 wrong flags or configuration, 3 the peer broke the protocol, 4 the service refused, 130 interrupted.`

// errHelped ends the parsing of a command line that asked for help and got it.
var errHelped = errors.New("help was shown")

// helpFlag prints the help as soon as it is parsed, before anything is
// required. Kong's own would call os.Exit.
type helpFlag bool

// BeforeReset prints the help of the command at hand.
func (helpFlag) BeforeReset(k *kong.Context) error {
	if err := k.PrintUsage(false); err != nil {
		return err
	}
	return errHelped
}

// newParser returns the parser of c's command line. It does not exit.
func newParser(c *cli, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("qqloop"),
		kong.Description(description),
		kong.NoDefaultHelp(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) {}),
		kong.WithHyphenPrefixedParameters(true),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "request", Title: "What is sent:"},
			{Key: "way", Title: "On which way:"},
			{Key: "retry", Title: "What is tried again:"},
			{Key: "tls", Title: "With whom, over https:"},
			{Key: "output", Title: "What is written:"},
			{Key: "deadlines", Title: "Deadlines, in seconds (2.5) or with a unit (1500ms); 0 means none:"},
		}),
	)
}

// slip says what is wrong with a command line. Kong's guesses at a letter are
// every letter there is.
func slip(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", did you mean one of ")
	return text
}

// help is how to ask for the help on a command line.
func help(parser *kong.Kong, args []string) string {
	for _, command := range parser.Model.Children {
		if command.Name == args[0] {
			return command.Name + " --help"
		}
	}
	return "--help"
}

// run is the program. It returns the exit status, and leaves nothing running.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	parser, err := newParser(&c, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "qqloop: %v\n", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(permute(parser.Model, args))
	switch {
	case errors.Is(err, errHelped):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "qqloop: %s\nTry: qqloop %s\n", slip(err), help(parser, args))
		return exitUsage
	}
	err = parsed.Run(&env{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr})
	if err == nil {
		return exitDone
	}
	exit, ok := errors.AsType[*exitError](err)
	if !ok {
		exit = &exitError{code: exitFailed, err: err}
	}
	if exit.err != nil {
		fmt.Fprintf(stderr, "qqloop: %v\n", exit.err)
	}
	return exit.code
}
