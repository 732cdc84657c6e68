package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/qqloop/qqloop/sched"
)

type getCmd struct {
	URLs []string `arg:"" optional:"" name:"url" help:"What to fetch, in this order. Without a scheme it is http."`

	Head          bool     `short:"I" group:"request" help:"Ask with HEAD and show the head."`
	Request       string   `short:"X" group:"request" placeholder:"METHOD" help:"The method, redirects included. Default: GET, POST with -d and -F, PUT with -T."`
	Header        []string `short:"H" group:"request" sep:"none" placeholder:"FIELD" help:"'Name: value' to send, 'Name;' to send empty, 'Name:' to leave out, '@FILE' to read such lines. Repeatable."`
	Data          []string `short:"d" group:"request" sep:"none" placeholder:"DATA" help:"POST this, or '@FILE' without its line ends. This and the next three, repeated, are joined with &."`
	DataRaw       []string `group:"request" sep:"none" placeholder:"DATA" help:"As -d, but @ is only a character."`
	DataBinary    []string `group:"request" sep:"none" placeholder:"DATA" help:"As -d, but '@FILE' is sent to the byte."`
	DataURLEncode []string `name:"data-urlencode" group:"request" sep:"none" placeholder:"DATA" help:"As -d, encoded: 'content', '=content', 'name=content', '@FILE' or 'name@FILE'."`
	HTTP10        bool     `short:"0" name:"http1.0" group:"request" help:"Ask with HTTP/1.0."`
	Get           bool     `short:"G" group:"request" help:"Put the data of -d behind the URL, and ask with GET."`
	Form          []string `short:"F" group:"request" sep:"none" placeholder:"PART" help:"POST a form of such parts: 'name=content', 'name=@FILE', 'name=<FILE', with ';type=' and ';filename=' behind. Repeatable."`
	UploadFile    string   `short:"T" group:"request" placeholder:"FILE" help:"PUT this file ('-': standard input, in chunks as it comes). A URL that ends with / gets its name."`
	User          *string  `short:"u" group:"request" placeholder:"USER:PASSWORD" help:"Credentials, which stay with the host, whatever redirects say. Without :PASSWORD a terminal is asked for it."`
	Basic         bool     `group:"request" help:"Show the password at once. This is the default."`
	Digest        bool     `group:"request" help:"Prove that the password is known, when the server asks for that (RFC 7616)."`
	AnyAuth       bool     `name:"anyauth" group:"request" help:"Wait for the server to ask, and answer Digest rather than Basic."`
	Compressed    bool     `group:"request" help:"Ask for gzip, deflate, br or zstd, and take it off the body."`
	Range         string   `short:"r" group:"request" placeholder:"RANGE" help:"Ask for these bytes: 0-99, 100-, -100."`
	ContinueAt    string   `short:"C" group:"request" placeholder:"OFFSET|-" help:"Ask for what is behind so many bytes ('-': as many as the file of -o or -O has), and put it behind them."`
	UserAgent     *string  `short:"A" group:"request" placeholder:"NAME" help:"The User-Agent field, or none if this is empty. Default: qqloop/VERSION."`
	Referer       string   `short:"e" group:"request" placeholder:"URL" help:"The Referer field. With ';auto' behind it, redirects are followed with one that names where they came from."`
	Cookie        []string `short:"b" group:"request" sep:"none" placeholder:"COOKIES|FILE" help:"'a=b; c=d' to send, or a file of cookies to begin with; after that cookies are kept and sent."`
	URLFile       []string `name:"urls" group:"request" sep:"none" placeholder:"FILE" help:"Fetch the URLs in FILE too ('-': standard input), one a line; '#' begins a comment."`

	Location    bool     `short:"L" group:"request" help:"Follow redirects."`
	MaxRedirs   number   `default:"50" group:"request" placeholder:"N" help:"How many with -L; -1: any number. Default: ${default}."`
	Resolve     []string `group:"request" sep:"none" placeholder:"HOST:PORT:ADDR" help:"Where HOST and PORT are; HOST may be '*'. Repeatable."`
	Parallel    bool     `short:"Z" group:"request" help:"Several requests at once; results in the order in which they complete. What is for standard output waits until it is whole, on the disk if it is long."`
	ParallelMax number   `default:"50" group:"request" placeholder:"N" help:"How many with -Z. Default: ${default}."`

	Proxy          *string `short:"x" group:"way" placeholder:"URL" help:"Go through this proxy: http://, socks5:// (it is told addresses) or socks5h:// (names), [user:password@]host[:port]. Without a scheme it is http, without a port 1080; an empty one: none. Default: http_proxy, https_proxy and all_proxy in the environment."`
	Socks5         *string `name:"socks5" group:"way" placeholder:"HOST:PORT" help:"As -x socks5://."`
	Socks5Hostname *string `name:"socks5-hostname" group:"way" placeholder:"HOST:PORT" help:"As -x socks5h://."`
	ProxyUser      string  `short:"U" group:"way" placeholder:"USER:PASSWORD" help:"Credentials for the proxy."`
	NoProxy        *string `name:"noproxy" group:"way" placeholder:"LIST" help:"Hosts without proxy: names, with all below them, addresses and CIDR blocks, with commas between; '*': all. Default: no_proxy in the environment."`

	UnixSocket         string `group:"way" placeholder:"PATH" help:"Connect to this Unix socket, whatever host the URL names; through no proxy."`
	AbstractUnixSocket string `group:"way" placeholder:"NAME" help:"As --unix-socket, to a name in Linux's abstract namespace."`

	Retry        number  `group:"retry" placeholder:"N" help:"Try again, up to N times, after a deadline, a name that is not found, and status 408, 429, 500, 502, 503 or 504, unless some of the body is written already. -m is for each attempt. Default: 0."`
	RetryDelay   seconds `group:"retry" placeholder:"TIME" help:"The wait before each. Default: 1, then doubled, up to 600; longer if the server's Retry-After says so."`
	RetryMaxTime seconds `group:"retry" placeholder:"TIME" help:"None begins later than this after the first. Default: no limit."`

	Insecure bool   `short:"k" group:"tls" help:"Trust any certificate."`
	CACert   string `name:"cacert" group:"tls" placeholder:"FILE" help:"Trust these roots (PEM) instead of the system's."`
	Cert     string `short:"E" group:"tls" placeholder:"FILE" help:"The certificate to show (PEM), its key behind it or in --key."`
	Key      string `group:"tls" placeholder:"FILE" help:"The key of --cert (PEM)."`

	Include       bool       `short:"i" group:"output" help:"Show the head before the body."`
	DumpHeader    string     `short:"D" group:"output" placeholder:"FILE" help:"Write the heads there ('-': standard output)."`
	Output        []string   `short:"o" group:"output" sep:"none" placeholder:"FILE" help:"Write the body there. The second -o or -O is for the second URL, and so on."`
	RemoteName    int        `short:"O" type:"counter" group:"output" help:"Write the body to a file that is called as in the URL."`
	RemoteNameAll bool       `group:"output" help:"As -O, for every URL that has no -o."`
	CookieJar     string     `short:"c" group:"output" placeholder:"FILE" help:"Keep cookies, and write them there in the end ('-': standard output)."`
	WriteOut      string     `short:"w" group:"output" placeholder:"FORMAT" help:"Write this after each URL, or '@FILE': %{http_code}, %{time_total}, %header{name}, \\n and so on."`
	Raw           bool       `group:"output" help:"Write bodies as they stand on the wire: in chunks, and in their codings."`
	NDJSON        bool       `name:"ndjson" group:"output" help:"One line of JSON for each URL, and nothing else, on standard output. A body is in memory until its line is written."`
	NoBuffer      bool       `short:"N" group:"output" help:"As it is anyway: what comes is written at once."`
	SSE           bool       `name:"sse" group:"output" help:"Follow event streams (text/event-stream), all at once: one line of JSON for each event, with event, id, data, retry (in milliseconds, or null) and url. Who breaks off is asked again, with the last id, until an interrupt, status 204, an error that will not pass, or -m. A request other than GET is made once."`
	Fail          bool       `short:"f" group:"output" help:"A status of 400 or above is a failure: no body, exit status 1."`
	Silent        bool       `short:"s" group:"output" help:"No messages about failures."`
	ProgressBar   bool       `short:"#" name:"progress-bar" group:"output" help:"A bar instead of numbers. Either is shown only on a terminal, while bodies go to files."`
	ShowError     bool       `short:"S" group:"output" help:"With -s: messages about failures all the same."`
	Verbose       bool       `short:"v" group:"output" help:"Tell the story on standard error: * what is done, > what is sent, < what comes."`
	MaxFilesize   bytesCount `group:"output" placeholder:"BYTES" help:"The longest body: 1000, 200K, 3M, 1G. Default: no limit."`

	MaxTime          seconds `short:"m" group:"deadlines" placeholder:"TIME" help:"For each URL as a whole. Default: none."`
	ConnectTimeout   seconds `default:"10" group:"deadlines" placeholder:"TIME" help:"For name, connection and TLS together. Default: ${default}."`
	FirstByteTimeout seconds `group:"deadlines" placeholder:"TIME" help:"From the request sent to the first byte. Default: none."`
	StallTimeout     seconds `group:"deadlines" placeholder:"TIME" help:"Between two bytes. Default: none."`
	QueueTimeout     seconds `group:"deadlines" placeholder:"TIME" help:"For a free descriptor. Default: none."`
	Expect100Timeout seconds `name:"expect100-timeout" default:"1" group:"deadlines" placeholder:"TIME" help:"For a 100 before a body that is longer than 1 MiB, or of unknown length; then it is sent all the same. Default: ${default}."`
}

// Help is the longer text of qqloop get --help.
func (*getCmd) Help() string {
	return `All requests run in one process on one loop, one after the other on kept connections, or with -Z up to --parallel-max at once. Letters and meanings are curl's.

Exit status: 0 if every response arrived whole, 3 if a peer broke the protocol, 1 for any other failure, 2 for wrong flags, 130 if interrupted.`
}

// Run fetches everything.
func (c *getCmd) Run(k *kong.Context, e *env) error {
	f, err := c.prepare(k, e)
	if err != nil {
		return err
	}
	return f.run(e.ctx)
}

// prepare reads all that the flags name, before anything is sent.
func (c *getCmd) prepare(k *kong.Context, e *env) (*fetch, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	f := &fetch{cmd: c, outputs: c.outputs(k), world: e}
	var err error
	if f.urls, err = c.urls(e); err != nil {
		return nil, err
	}
	if f.payload, err = c.payload(k, e.stdin, len(f.urls) == 1 && c.Retry == 0); err != nil {
		return nil, err
	}
	if f.header, err = c.header(&f.payload, e.stdin); err != nil {
		return nil, err
	}
	if f.auth, err = c.auth(e); err != nil {
		return nil, err
	}
	if f.tls, err = c.tlsConfig(); err != nil {
		return nil, err
	}
	if f.hosts, err = parseResolve(c.Resolve); err != nil {
		return nil, err
	}
	if f.way, err = c.way(os.Getenv); err != nil {
		return nil, err
	}
	if f.cookies, err = c.cookies(f.urls, e.stdin); err != nil {
		return nil, err
	}
	if f.writer, err = newGetWriter(c, e); err != nil {
		return nil, err
	}
	return f, nil
}

// check refuses what contradicts itself.
func (c *getCmd) check() error {
	bodies := 0
	for _, given := range []bool{c.hasData() && !c.Get, len(c.Form) > 0, c.UploadFile != ""} {
		if given {
			bodies++
		}
	}
	switch {
	case c.Head && bodies > 0 && c.Request == "":
		return usagef("-I asks with HEAD, -d and -F with POST, -T with PUT: choose one of them, or name the method with -X")
	case bodies > 1:
		return usagef("-d, -F and -T each make a body of their own: choose one of them")
	case c.Get && !c.hasData():
		return usagef("-G puts the data of -d behind the URL, and there is no -d")
	case c.UnixSocket != "" && c.AbstractUnixSocket != "":
		return usagef("--unix-socket and --abstract-unix-socket: there is one server: choose one of them")
	case c.AbstractUnixSocket != "" && runtime.GOOS != "linux":
		return usagef("--abstract-unix-socket: only Linux has such names")
	case c.ParallelMax < 1:
		return usagef("--parallel-max %d: at least 1 request has to be allowed", c.ParallelMax)
	case c.Retry < 0:
		return usagef("--retry %d: a number of attempts after the first, or 0 for none", c.Retry)
	case c.MaxRedirs < -1:
		return usagef("--max-redirs %d: a number of redirects, or -1 for any", c.MaxRedirs)
	case c.NDJSON && (c.WriteOut != "" || c.DumpHeader == "-" || c.CookieJar == "-"):
		return usagef("--ndjson writes nothing else to standard output: leave out -w, -D - and -c -")
	}
	if err := c.checkSSE(); err != nil {
		return err
	}
	return c.checkContinue()
}

// urls returns those of the arguments and of --urls.
func (c *getCmd) urls(e *env) ([]string, error) {
	urls := c.URLs
	for _, name := range c.URLFile {
		data, err := readNamed(name, e.stdin)
		if err != nil {
			return nil, usagef("--urls: %w", err)
		}
		urls = append(urls, urlLines(data)...)
	}
	if len(urls) == 0 && len(c.URLFile) == 0 {
		return nil, usagef("no URL given: qqloop get http://example.com/")
	}
	return urls, nil
}

// urlLines returns the lines of a --urls file.
func urlLines(data []byte) []string {
	var urls []string
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			urls = append(urls, string(line))
		}
	}
	return urls
}

// unixSocket is the engine's UnixSocket.
func (c *getCmd) unixSocket() string {
	if c.AbstractUnixSocket != "" {
		return "@" + c.AbstractUnixSocket
	}
	if strings.HasPrefix(c.UnixSocket, "@") {
		return "./" + c.UnixSocket // a file is meant
	}
	return c.UnixSocket
}

// method is what the request line says.
func (c *getCmd) method() string {
	switch {
	case c.Request != "":
		return c.Request
	case c.Head:
		return "HEAD"
	case c.UploadFile != "":
		return "PUT"
	case c.hasData() && !c.Get, len(c.Form) > 0:
		return "POST"
	}
	return "GET"
}

// redirects is the engine's MaxRedirects, where zero follows none. To follow
// none with -L is another thing: see stuck.
func (c *getCmd) redirects() int {
	if !c.Location {
		return 0
	}
	return int(c.MaxRedirs)
}

// timeouts turns the flags into the engine's, whose Connect counts from the
// name to the end of the handshake, as --connect-timeout does.
func (c *getCmd) timeouts() sched.Timeouts {
	return sched.Timeouts{
		Queue:     c.QueueTimeout.limit(),
		Connect:   c.ConnectTimeout.limit(),
		FirstByte: c.FirstByteTimeout.limit(),
		Stall:     c.StallTimeout.limit(),
		Total:     c.MaxTime.limit(),
	}
}

// inOrder calls visit for each use of the named flags, in the order of the
// command line: with the flag's name, and which of its own uses it is. Kong
// keeps the values of each flag by themselves, and there the order is lost.
func inOrder(k *kong.Context, names []string, visit func(name string, nth int)) {
	used := make(map[string]int, len(names))
	for _, name := range names {
		used[name] = 0
	}
	for _, p := range k.Path {
		if p.Flag == nil {
			continue
		}
		if n, ok := used[p.Flag.Name]; ok && !p.Resolved {
			used[p.Flag.Name] = n + 1
			visit(p.Flag.Name, n)
		}
	}
}
