package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// writeOut is the format of -w: text with %{variable}, %header{name}, %% and
// the escapes \n, \r and \t. "" writes nothing.
type writeOut string

// readWriteOut returns arg, or for "@FILE" what is in the file, without its
// line ends: with curl, too, those that are wanted are written \n.
func readWriteOut(arg string, stdin io.Reader) (writeOut, error) {
	text, err := dataPiece(arg, stdin)
	if strings.HasPrefix(arg, "@") {
		return writeOut(lineEnds.Replace(string(text))), err
	}
	return writeOut(text), err
}

// write writes the format, filled in with r, to stdout, or to stderr behind
// %{stderr}. What follows %{onerror} is for failures only. A variable that is
// unknown is named on stderr and left out, as with curl.
func (format writeOut) write(r *result, stdout, stderr io.Writer) {
	to := stdout
	for s := string(format); s != ""; {
		if name, rest, ok := braced(s, "%{"); ok {
			s = rest
			switch name {
			case "stdout":
				to = stdout
			case "stderr":
				to = stderr
			case "onerror":
				if r.err == nil && !r.refused {
					return
				}
			default:
				if value, ok := r.variable(name); ok {
					io.WriteString(to, value)
				} else {
					fmt.Fprintf(stderr, "qqloop: -w: there is no variable %q\n", name)
				}
			}
			continue
		}
		if name, rest, ok := braced(s, "%header{"); ok {
			io.WriteString(to, r.fields().Get(name))
			s = rest
			continue
		}
		n := 1
		text := s[:1]
		if len(s) > 1 {
			switch s[:2] {
			case "%%":
				n, text = 2, "%"
			case `\n`:
				n, text = 2, "\n"
			case `\r`:
				n, text = 2, "\r"
			case `\t`:
				n, text = 2, "\t"
			}
		}
		io.WriteString(to, text)
		s = s[n:]
	}
}

// braced takes "%{name}" off s.
func braced(s, open string) (name, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, open); !ok {
		return "", "", false
	}
	return strings.Cut(s, "}")
}

func (r *result) fields() httpwire.Fields {
	if r.resp == nil {
		return httpwire.Fields{}
	}
	return r.resp.Header
}

// variable returns the value of a variable of -w. All times are counted from
// the start of the last attempt, as curl counts them.
func (r *result) variable(name string) (string, bool) {
	info, status, body := r.info(), 0, r.streamed
	if r.resp != nil {
		status, body = r.resp.Status, r.streamed+int64(len(r.resp.Body))
	}
	t := info.Timing
	switch name {
	case "http_code", "response_code":
		return fmt.Sprintf("%03d", status), true
	case "http_version":
		return r.version(), true
	case "content_type":
		return r.fields().Get("Content-Type"), true
	case "url":
		return r.target.given, true
	case "url_effective":
		return r.effective, true
	case "urlnum":
		return strconv.Itoa(r.index), true
	case "scheme":
		if r.target.url == nil {
			return "", true
		}
		scheme, _, _ := strings.Cut(r.effective, ":")
		return strings.ToUpper(scheme), true
	case "method":
		return r.method, true
	case "num_redirects":
		return strconv.Itoa(r.redirects), true
	case "num_headers":
		return strconv.Itoa(r.fields().Len()), true
	case "redirect_url":
		return r.redirectURL(), true
	case "filename_effective":
		return r.file, true
	case "remote_ip":
		switch {
		case info.Remote.IsValid():
			return info.Remote.Addr().String(), true
		case r.resp != nil && !strings.HasPrefix(r.resp.Request.UnixSocket, "@"):
			return r.resp.Request.UnixSocket, true // as curl has it
		}
		return "", true
	case "remote_port":
		return strconv.Itoa(int(info.Remote.Port())), true
	case "size_download":
		return strconv.FormatInt(body, 10), true
	case "size_upload":
		return strconv.FormatInt(r.sent, 10), true
	case "size_header":
		n := len(r.heads)
		if r.resp != nil {
			n += len(appendHead(nil, r.resp))
		}
		return strconv.Itoa(n), true
	case "speed_download":
		if t.Total <= 0 {
			return "0", true
		}
		return strconv.FormatFloat(float64(body)/t.Total.Seconds(), 'f', 0, 64), true
	case "ssl_verify_result":
		if r.err != nil && r.err.Kind == sched.TLS {
			return "1", true
		}
		return "0", true
	case "time_namelookup":
		return until(t.Queue, t.Resolve), true
	case "time_connect":
		return until(t.Queue, t.Resolve, t.Connect), true
	case "time_appconnect":
		if t.TLS < 0 {
			return until(), true
		}
		return until(t.Queue, t.Resolve, t.Connect, t.TLS), true
	case "time_pretransfer":
		return until(t.Queue, t.Resolve, t.Connect, t.TLS), true
	case "time_starttransfer":
		if t.FirstByte < 0 {
			return until(), true
		}
		return until(t.Queue, t.Resolve, t.Connect, t.TLS, t.FirstByte), true
	case "time_total":
		return until(t.Total), true
	case "errormsg":
		return r.message(), true
	case "exitcode":
		return strconv.Itoa(r.exitStatus()), true
	}
	return "", false
}

// until adds up the phases that happened.
func until(phases ...time.Duration) string {
	var sum time.Duration
	for _, d := range phases {
		sum += max(0, d)
	}
	return strconv.FormatFloat(sum.Seconds(), 'f', 6, 64)
}

// version is "1.1", or "0" where there was no response.
func (r *result) version() string {
	if r.resp == nil {
		return "0"
	}
	return strings.TrimPrefix(r.resp.Proto, "HTTP/")
}

// redirectURL is where a redirect leads that was not followed.
func (r *result) redirectURL() string {
	if r.resp == nil || !isRedirect(r.resp.Status) {
		return ""
	}
	where := r.resp.Header.Get("Location")
	to, err := r.resp.Request.URL.Parse(where)
	if where == "" || err != nil {
		return ""
	}
	return to.String()
}
