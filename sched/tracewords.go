package sched

import (
	"crypto/tls"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"
)

// String tells the step in the words of the article.
func (t Trace) String() string {
	fd := fmt.Sprintf("fd %d ", t.FD)
	switch t.Op {
	case TraceLookup:
		return "look up " + t.Host
	case TraceFound:
		if t.Err != nil {
			return fmt.Sprintf("look up %s: %v", t.Host, t.Err)
		}
		return fmt.Sprintf("look up %s: %s", t.Host, strings.Trim(fmt.Sprint(t.Addrs), "[]"))
	case TraceQueued:
		if t.Err != nil {
			return fmt.Sprintf("%s waits for a descriptor (%v)", t.Request.words(), t.Err)
		}
		return t.Request.words() + " waits for a connection"
	case TraceUnqueued:
		return fmt.Sprintf("%s has waited for %v", t.Request.words(), t.Delay)
	case TraceConnect:
		return fmt.Sprintf("%sconnect %s, add_handler WRITE", fd, t.where())
	case TraceConnected:
		return fmt.Sprintf("%sconnected to %s", fd, t.where())
	case TraceConnectFailed:
		return fmt.Sprintf("%sconnect %s: %v", fd, t.where(), t.Err)
	case TraceTunnel:
		return fmt.Sprintf("%sproxy %v, a way to %s?", fd, t.Addr, t.Request.host())
	case TraceTunnelled:
		return fd + "proxy: " + orText(t.Err, "the way is open")
	case TraceHandshake:
		return fd + "TLS handshake with " + t.Host
	case TraceSecured:
		if t.Err != nil {
			return fmt.Sprintf("%sTLS handshake: %v", fd, t.Err)
		}
		return fmt.Sprintf("%s%s, %s", fd, tls.VersionName(t.TLS.Version), tls.CipherSuiteName(t.TLS.CipherSuite))
	case TraceUse:
		if t.Idle < 0 {
			return fmt.Sprintf("%sis new, for %s", fd, t.Request.words())
		}
		return fmt.Sprintf("%swas idle for %v, for %s", fd, t.Idle, t.Request.words())
	case TraceSent:
		return fmt.Sprintf("%sWRITE %d bytes: %s", fd, t.Bytes, t.Request.words())
	case TraceWroteHead:
		return fd + "the head is written"
	case TraceWrote:
		return fd + "the request is " + orText(t.Err, "written")
	case TraceUpdate:
		return fd + "update_handler " + strings.ToUpper(t.Events.String())
	case TraceReceived:
		if t.Bytes == 0 {
			return fd + "READ end of stream"
		}
		return fmt.Sprintf("%sREAD %d bytes", fd, t.Bytes)
	case TraceFirstByte:
		return fd + "the response begins"
	case TraceInterim:
		return fmt.Sprintf("%sinterim response %d", fd, t.Head.Status)
	case TraceHead:
		return fmt.Sprintf("%sthe head is whole: %d", fd, t.Head.Status)
	case TraceWhole:
		return fd + "the response is whole"
	case TraceHandOver:
		return fd + "no HTTP any more, handed over"
	case TraceKept:
		return fd + "is kept"
	case TraceClose:
		return fd + "remove_handler, close"
	case TraceReplay:
		return fmt.Sprintf("fd %d was closed (%v): %s again", t.FD, t.Err, t.Request.words())
	case TraceRedirect:
		return fmt.Sprintf("redirect %d: %s is elsewhere", t.Response.Status, t.Request.words())
	case TraceAgain:
		with := "credentials"
		if t.Response.Status != 401 {
			with = "its body"
		}
		return fmt.Sprintf("status %d: %s again, with %s", t.Response.Status, t.Request.words(), with)
	case TraceRetry:
		why := fmt.Sprint(t.Err)
		if t.Response != nil {
			why = fmt.Sprintf("status %d", t.Response.Status)
		}
		return fmt.Sprintf("next %s again in %v (%s)", t.Request.words(), t.Delay, why)
	case TraceReadback:
		if t.Err != nil {
			return fmt.Sprintf("readback %s: %v", funcName(t.Readback), t.Err)
		}
		return fmt.Sprintf("readback %s: %d, %d bytes", funcName(t.Readback), t.Response.Status, len(t.Response.Body))
	case TraceDelay:
		return fmt.Sprintf("next %s in %v", t.Request.words(), t.Delay)
	}
	return "unknown step"
}

// where is what a step connects to: its Addr, or the path of a Unix socket.
func (t Trace) where() string {
	if !t.Addr.IsValid() && t.Request != nil {
		return t.Request.UnixSocket
	}
	return t.Addr.String()
}

// words are the method of r and its place.
func (r *Request) words() string { return r.method() + " " + place(r) }

func (r *Request) host() string {
	if r.URL == nil {
		return ""
	}
	return r.URL.Host
}

// place is where a request goes, without its query, which is long, and without
// credentials: both may hold secrets, and so may what is no URL.
func place(r *Request) string {
	if r.URL == nil || r.URL.Host == "" {
		return "nowhere"
	}
	u := *r.URL
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.RawQuery != "" {
		u.RawQuery = "..."
	}
	return u.String()
}

// orText is the text of err, or well where there is none.
func orText(err error, well string) string {
	if err != nil {
		return err.Error()
	}
	return well
}

// funcName returns the name of a readback as its author knows it:
// "webqq.(*Client).readPoll".
func funcName(rb Readback) string {
	f := runtime.FuncForPC(reflect.ValueOf(rb).Pointer())
	if f == nil {
		return "?"
	}
	return strings.TrimSuffix(path.Base(f.Name()), "-fm")
}
