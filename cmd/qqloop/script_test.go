package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"qqloop": main,
		"origin": origin,
	})
}

// TestScripts runs testdata/script. Besides testscript's commands there are
//
//	start NAME PROGRAM [ARG...]  run a program in the background
//	tell NAME TEXT               write a line to it; with !, close its input
//	expect NAME REGEXP           read its output up to a line that matches;
//	                             (?P<VAR>...) sets an environment variable
//	signal NAME INT|TERM|HUP       send it a signal
//	await NAME STATUS            wait for its end; NAME.err has what it said
//	free VAR                     VAR is an address on loopback where nobody
//	                             listens, VAR_PORT its port
//	listening ADDR               wait until somebody listens there
//
// None of them sleeps. A program that does not say what is expected within the
// patience of the script is killed, and its output ends.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

func runScripts(t *testing.T, dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no loop on this system, so the scripts have nothing to run")
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			// The scripts see no configuration of the user's, and no proxy.
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/config")
			// Under the race detector each process would sleep a second before it
			// ends.
			e.Setenv("GORACE", "atexit_sleep_ms=10")
			e.Values["programs"] = map[string]*program{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start":  cmdStart,
			"tell":   cmdTell,
			"expect": cmdExpect,
			"signal": cmdSignal,
			"await":  cmdAwait,
			"free":   cmdFree,

			"listening": cmdListening,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// patience is far more than anything in a script takes.
const patience = 20 * time.Second

// A program is one that a script has started.
type program struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr strings.Builder
	ended  bool
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME PROGRAM [ARG...]")
	}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	p := &program{cmd: exec.Command(path, args[2:]...)}
	p.cmd.Dir = ts.Getenv("WORK")
	p.cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+ts.Getenv("XDG_CONFIG_HOME"), "no_proxy=*")
	p.cmd.Stderr = &p.stderr
	p.stdin, err = p.cmd.StdinPipe()
	ts.Check(err)
	// Not StdoutPipe: Wait would close it before everything is read.
	r, w, err := os.Pipe()
	ts.Check(err)
	p.cmd.Stdout = w
	p.stdout = bufio.NewReader(r)
	ts.Check(p.cmd.Start())
	w.Close()
	ts.Value("programs").(map[string]*program)[args[0]] = p
	ts.Defer(func() {
		if !p.ended {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
		r.Close()
		if p.stderr.Len() > 0 {
			ts.Logf("[%s: stderr]\n%s", args[0], p.stderr.String())
		}
	})
}

func programOf(ts *testscript.TestScript, args []string, n int) *program {
	if len(args) != n {
		ts.Fatalf("got %d arguments; want %d", len(args), n)
	}
	p := ts.Value("programs").(map[string]*program)[args[0]]
	if p == nil {
		ts.Fatalf("no program %q was started", args[0])
	}
	return p
}

// guard kills the program if it takes too long; the function that it returns
// calls the guard off.
func (p *program) guard() (off func()) {
	timer := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	return func() { timer.Stop() }
}

func cmdTell(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Check(programOf(ts, args, 1).stdin.Close())
		return
	}
	_, err := io.WriteString(programOf(ts, args, 2).stdin, args[1]+"\n")
	ts.Check(err)
}

func cmdExpect(ts *testscript.TestScript, neg bool, args []string) {
	p := programOf(ts, args, 2)
	if neg {
		ts.Fatalf("expect cannot be negated: how long should it wait?")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	defer p.guard()()
	for {
		line, err := p.stdout.ReadString('\n')
		line = strings.TrimSuffix(line, "\n")
		ts.Logf("[%s] %s", args[0], line)
		if m := re.FindStringSubmatch(line); m != nil {
			for i, name := range re.SubexpNames() {
				if name != "" {
					ts.Setenv(name, m[i])
				}
			}
			return
		}
		if err != nil {
			ts.Fatalf("the output of %s ended (%v) without a match for %q", args[0], err, args[1])
		}
	}
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	p := programOf(ts, args, 2)
	sig, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}[args[1]]
	if !ok {
		ts.Fatalf("got signal %q; want INT, TERM or HUP", args[1])
	}
	ts.Check(p.cmd.Process.Signal(sig))
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	p := programOf(ts, args, 2)
	defer p.guard()()
	rest, err := io.ReadAll(p.stdout) // to its end: the program must not block
	ts.Check(err)
	ts.Logf("[%s]\n%s", args[0], rest)
	err = p.cmd.Wait()
	p.ended = true
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), []byte(p.stderr.String()), 0o600))
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		ts.Fatalf("%v", err)
	}
	if got := strconv.Itoa(p.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%s ended with status %s; want %s", args[0], got, args[1])
	}
}

func cmdFree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free VAR")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	ts.Setenv(args[0], l.Addr().String())
	ts.Setenv(args[0]+"_PORT", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// cmdListening tries again and again, for another process starts, and does not
// say when it has.
func cmdListening(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listening ADDR")
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", args[0])
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%v", err)
		}
	}
}

// check is for the few places of a test where an error is the end.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
