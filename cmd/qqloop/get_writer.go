package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// An output is one -o or -O.
type output struct {
	name   string
	remote bool // -O: the name is in the URL
}

// outputs returns them in the order of the command line, which is that of the
// URLs they are for.
func (c *getCmd) outputs(k *kong.Context) []output {
	var all []output
	inOrder(k, []string{"output", "remote-name"}, func(name string, n int) {
		if name == "remote-name" {
			all = append(all, output{remote: true})
		} else {
			all = append(all, output{name: c.Output[n]})
		}
	})
	return all
}

// A getWriter puts results where the flags say. Writing may block the loop:
// the output is all that the command is for, and curl waits for it too.
type getWriter struct {
	cmd    *getCmd
	stdout *bufio.Writer
	stderr io.Writer
	dump   *os.File // -D, or nil
	format writeOut

	err    error // of standard output: nothing more can be done
	failed bool  // something else could not be written
}

// newGetWriter opens and reads the files that have to be there at once.
func newGetWriter(c *getCmd, e *env) (*getWriter, error) {
	w := &getWriter{cmd: c, stdout: bufio.NewWriter(e.stdout), stderr: e.stderr}
	var err error
	if w.format, err = readWriteOut(c.WriteOut, e.stdin); err != nil {
		return nil, usagef("-w: %w", err)
	}
	if c.DumpHeader != "" && c.DumpHeader != "-" {
		if w.dump, err = os.Create(c.DumpHeader); err != nil {
			return nil, usagef("-D: %w", err)
		}
	}
	return w, nil
}

func (w *getWriter) close() {
	if w.dump != nil {
		w.problem("-D", w.dump.Close())
	}
}

// write writes what out has not had yet, and all there is about a result. What
// a redirect had to say that cannot be followed is not what was asked for.
func (w *getWriter) write(r *result, out *sink) {
	heads := r.heads
	if r.resp != nil {
		heads = appendHead(slices.Clip(heads), r.resp)
	}
	out.begin(heads, r.resp)
	if r.resp != nil && (r.err == nil || r.err.Kind != sched.Redirect) {
		out.write(r.resp.Body)
		if !w.cmd.Raw { // else the body has it
			out.trailer(r.resp)
		}
	}
	if err := out.end(r.err == nil); out.file != "" && (r.err == nil || r.err.Kind != sched.Unwanted) {
		w.problem("-o", err)
	}
	if w.cmd.NDJSON {
		line, err := newRecord(r).line()
		if err == nil {
			_, err = w.stdout.Write(line)
		}
		w.keep(err)
		w.flush()
		return
	}
	w.flush()
	if text := r.message(); text != "" && w.err == nil {
		w.tell(text)
	}
	w.format.write(r, w.stdout, w.stderr)
	w.flush()
}

// tell tells of a failure, unless -s says not to.
func (w *getWriter) tell(text string) {
	if !w.cmd.Silent || w.cmd.ShowError {
		fmt.Fprintf(w.stderr, "qqloop: %s\n", text)
	}
}

// retrying tells that an attempt has failed, and when the next one begins.
func (w *getWriter) retrying(why string, wait time.Duration) {
	if !w.cmd.NDJSON {
		w.tell(fmt.Sprintf("%s; once more in %v", why, wait.Round(time.Millisecond)))
	}
}

// cookies writes the file of -c.
func (w *getWriter) cookies(file string, text []byte) {
	if file == "-" {
		_, err := w.stdout.Write(text)
		w.keep(err)
		return
	}
	w.problem("-c", writeSecret(file, text))
}

// appendHead writes the status line and the fields as they came.
func appendHead(dst []byte, resp *sched.Response) []byte {
	return appendFields(fmt.Appendf(dst, "%s %d %s\r\n", resp.Proto, resp.Status, resp.Reason), resp.Header)
}

// appendFields writes fields as they came, and a blank line.
func appendFields(dst []byte, fields httpwire.Fields) []byte {
	for name, value := range fields.All() {
		dst = fmt.Appendf(dst, "%s: %s\r\n", name, value)
	}
	return append(dst, "\r\n"...)
}

func (w *getWriter) flush() { w.keep(w.stdout.Flush()) }

// keep notes the first error of standard output.
func (w *getWriter) keep(err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("standard output: %w", err)
	}
}

// problem tells of a file that could not be written. The others go on.
func (w *getWriter) problem(flag string, err error) {
	if err != nil {
		w.failed = true
		fmt.Fprintf(w.stderr, "qqloop: %s: %v\n", flag, err)
	}
}
