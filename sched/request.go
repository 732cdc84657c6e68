package sched

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
)

// A Request says what to send and where. The stream reads it until the
// readback has been called and never changes it; the same Request may be
// added again.
type Request struct {
	Method string   // "" means GET
	URL    *url.URL // http or https, with a host, which may be in any script (IDNA)

	// Target is what stands on the request line. "" means the path and query
	// of URL; a caller that must keep every byte as it was given sets it.
	Target string

	// Host is the Host field. "" means the host of URL.
	Host string

	// Header is sent as it stands: in this order, in this spelling. Host,
	// Content-Length and Cookie are added where they are missing and needed.
	Header httpwire.Header

	// Body is sent whole. The stream does not copy it.
	Body []byte

	// Upload is the body where that is not in memory: a file, a pipe, something
	// that is made as it goes. Body is empty then.
	Upload *Upload

	// OnSent, if not nil, hears how many bytes of the body have been written
	// so far, whenever there are more. It runs on the loop's goroutine, and
	// begins again from the start when the request is sent again.
	OnSent func(sent int64)

	// ExpectContinue, if it is more than zero, asks the server for a 100 before
	// the body is sent ("Expect: 100-continue", RFC 9110 section 10.1.1), and
	// waits for it so long: many servers do not send one. A final response
	// instead ends the request without its body, and the connection is closed;
	// after a 417 the request is sent once more and does not ask. HTTP/1.0 has
	// no such thing, and a request without a body has no use for it.
	ExpectContinue time.Duration

	// HTTP10 sends the request as HTTP/1.0. Its body must have a length.
	HTTP10 bool

	// Replayable says that sending this request twice does no harm, whatever
	// its method. GET, HEAD, OPTIONS and TRACE are replayable by themselves
	// (RFC 9110 section 9.2.1), and so is a request with an Idempotency-Key.
	Replayable bool

	// Decode asks for content codings (gzip, deflate, br, zstd) and takes them
	// off. What is not what it says, or expands past MaxBody, fails with
	// BadEncoding.
	Decode bool

	// Raw gives the body as it stands on the wire: in its chunks, trailer
	// included, and its codings. Decode then only asks for them.
	Raw bool

	// KeepMethod keeps the method where a redirect would make it a GET: somebody
	// named it on purpose. The body is dropped all the same, as curl does.
	KeepMethod bool

	// Refer has a redirect followed with a Referer field that names where it
	// came from, without user and fragment.
	Refer bool

	// Upgrade says that the server may switch to another protocol, which the
	// caller has named in the fields Upgrade and Connection. Response.Conn is
	// then the connection, after a 101; without Upgrade a 101 is malformed. It
	// asks a proxy for a tunnel, for http, too.
	//
	// The method CONNECT hands the connection over in the same way, after a 2xx.
	// URL is then the proxy's, and Target the host and port to reach.
	Upgrade bool

	// Auth, if not nil, are credentials for the server.
	Auth *Auth

	// Retry, if not nil, says what else is tried again, and when.
	Retry *Retry

	// Timeouts are the deadlines of this request; a zero field means the
	// stream's. See Timeouts.
	Timeouts Timeouts

	// MaxBody is the longest response body, as the readback gets it. Zero means
	// the stream's, or no bound where there is an OnBody.
	MaxBody int64

	// OnInterim, if not nil, hears of each interim response: a 100, a 102, a
	// 103 with its early hints. It has no body, and is valid until OnInterim
	// returns; that runs on the loop's goroutine.
	OnInterim func(*Response)

	// OnBody, if not nil, is given the response's body piece by piece, as it
	// arrives; Response.Body is then empty. resp is the response as far as it
	// is known. Both are valid until it returns. It runs on the loop's
	// goroutine and must not block: Chain.Pause stops the pieces. Its error
	// ends the exchange, as its cause. The body of a redirect that is followed
	// is not given to it.
	OnBody func(resp *Response, piece []byte) error

	// Proxy is the proxy for this request: http, socks5 (which is told
	// addresses) or socks5h (which is told names), with credentials if need be.
	// Nil means what Options.Proxy says. AllowAddr is then asked about the
	// proxy's address: what the proxy connects to, only the proxy knows.
	Proxy *url.URL

	// UnixSocket is the path of a socket of the Unix domain to connect to,
	// whatever host the URL names: that host stands in the Host field, and for
	// https in the handshake. On Linux a path that begins with "@" is a name in the
	// abstract namespace. No name is looked up, no proxy is used, AllowAddr is
	// not asked, redirects lead to the same socket, and Info.Remote is zero.
	UnixSocket string

	// MaxRedirects is how many redirects are followed before the readback is
	// called; the deadlines of phases begin anew with each, the total one does
	// not. Zero means none: the readback reads the redirect itself. Negative
	// means no bound. One redirect too many, a circle, and a Location that is
	// missing, ambiguous or of another scheme end the exchange with an error of
	// kind Redirect. Authorization and Cookie fields are not sent on to another
	// origin.
	MaxRedirects int

	// OnRedirect, if not nil, hears of each redirect before it is followed, and
	// of each response to which Auth or ExpectContinue sends the request again. The response is
	// valid until it returns.
	OnRedirect func(*Response)

	// Trace, if not nil, hears of every step of this request, redirects and
	// further attempts among them, before Options.Trace does.
	Trace func(Trace)

	// AllowAddr, if not nil, is asked about each address before it is
	// connected to, and about the peer of a kept connection before that is
	// used. Its error becomes the request's. A program that fetches what a
	// stranger names keeps him out of its own network with it.
	AllowAddr func(netip.Addr) error
}

// NewRequest returns a request for rawURL, which must be an absolute http or https URL.
func NewRequest(method, rawURL string) (*Request, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, invalid(method, withoutPassword(rawURL), noURL(rawURL, err))
	}
	r := &Request{Method: method, URL: u}
	if reason := r.unusable(); reason != "" {
		return nil, invalid(method, withoutPassword(rawURL), reason)
	}
	return r, nil
}

// Get returns a request for rawURL. An unusable URL is no error here: it
// reaches the readback, as every other failure does.
func Get(rawURL string) *Request {
	return newLater("GET", rawURL)
}

// PostForm returns a POST of form, url-encoded, to rawURL.
func PostForm(rawURL string, form url.Values) *Request {
	r := newLater("POST", rawURL)
	r.Header.Add("Content-Type", "application/x-www-form-urlencoded")
	r.Body = []byte(form.Encode())
	return r
}

func newLater(method, rawURL string) *Request {
	u, err := url.Parse(rawURL)
	if err != nil {
		return &Request{Method: method, URL: &url.URL{Opaque: rawURL}}
	}
	return &Request{Method: method, URL: u}
}

func (r *Request) method() string {
	if r.Method == "" {
		return "GET"
	}
	return r.Method
}

// unusable says why r cannot be sent, or "".
func (r *Request) unusable() string {
	switch {
	case r == nil:
		return "no request"
	case r.URL == nil:
		return "no URL"
	case r.URL.Scheme == "" && r.URL.Opaque != "": // what Get could not parse
		if _, err := url.Parse(r.URL.Opaque); err != nil {
			return noURL(r.URL.Opaque, err)
		}
		return "the URL must begin with http:// or https://"
	case !strings.EqualFold(r.URL.Scheme, "http") && !strings.EqualFold(r.URL.Scheme, "https"):
		return fmt.Sprintf("the URL must begin with http:// or https://, not %.20q", withoutPassword(r.URL.String()))
	case r.URL.Hostname() == "":
		return "the URL names no host"
	case strings.ContainsRune(r.UnixSocket, 0):
		return "the path of the Unix socket holds a NUL"
	}
	if !isASCII(r.URL.Host) {
		if _, err := toASCII(r.URL.Hostname()); err != nil {
			return fmt.Sprintf("the host %q is no name: %v", r.URL.Hostname(), err)
		}
	}
	if r.Upload != nil {
		return r.Upload.unusable(r)
	}
	return ""
}

// replayable reports whether r may be sent twice (RFC 9110 section 9.2.2).
func (r *Request) replayable() bool {
	switch r.method() {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	return r.Replayable || r.Header.Has("Idempotency-Key") || r.Header.Has("X-Idempotency-Key")
}

// withoutPassword is raw, which may be no URL, with "xxxxx" for what could be
// a password in it: what stands between a colon and the last @.
func withoutPassword(raw string) string {
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return raw
	}
	from := 0
	if i := strings.Index(raw[:at], "://"); i >= 0 {
		from = i + len("://")
	}
	user, _, ok := strings.Cut(raw[from:at], ":")
	if !ok {
		return raw
	}
	return raw[:from] + user + ":xxxxx" + raw[at:]
}

// noURL says why raw is no URL. package url quotes what it stumbles over, and
// where there are credentials that may be the password: then it is left out.
func noURL(raw string, err error) string {
	if !strings.Contains(raw, "@") {
		return err.Error()
	}
	if cause, ok := errors.AsType[*url.Error](err); ok {
		err = cause.Err
	}
	text, _, _ := strings.Cut(err.Error(), ` "`)
	return text
}
