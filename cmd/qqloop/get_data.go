package main

import (
	"bytes"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// A payload is what the flags send besides the head. It is the same for each
// URL.
type payload struct {
	body        []byte
	upload      *sched.Upload // instead of body: what is read while it is sent
	inHand      int64         // length of an upload that is in memory
	contentType string        // "" for none of its own
	query       string        // -G: goes behind the URL
	fileName    string        // -T: goes behind a URL that ends with /
}

// header is what says of the body what it is and how long. curl has it behind
// all other fields, in this order.
func (p *payload) header() httpwire.Header {
	var h httpwire.Header
	if n := p.length(); n > 0 || n == 0 && p.contentType != "" {
		h.Add("Content-Length", strconv.FormatInt(n, 10))
	}
	if p.contentType != "" {
		h.Add("Content-Type", p.contentType)
	}
	if p.asks() {
		h.Add("Expect", "100-continue")
	}
	return h
}

// length returns how long the body is, or httpwire.Chunked.
func (p *payload) length() int64 {
	if p.upload != nil {
		return p.upload.Length
	}
	return int64(len(p.body))
}

// chunk has the body sent in chunks, though its length is known.
func (p *payload) chunk() {
	if p.length() == 0 {
		return
	}
	body := p.body
	u := sched.Upload{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }}
	if p.upload != nil {
		u = *p.upload
	}
	u.Length = httpwire.Chunked
	p.body, p.upload, p.inHand = nil, &u, int64(len(body))
}

func (c *getCmd) hasData() bool {
	return len(c.Data)+len(c.DataRaw)+len(c.DataBinary)+len(c.DataURLEncode) > 0
}

// payload makes the body of -d and its relatives, of -F, or of -T. It is sent
// once, or perhaps more often.
func (c *getCmd) payload(k *kong.Context, stdin io.Reader, once bool) (payload, error) {
	switch {
	case len(c.Form) > 0:
		body, contentType, err := formBody(c.Form, stdin)
		return payload{body: body, contentType: contentType}, err
	case c.UploadFile != "":
		p, err := uploadNamed(c.UploadFile, stdin, once)
		if err != nil {
			return payload{}, usagef("-T: %w", err)
		}
		if !isStdin(c.UploadFile) {
			p.fileName = url.PathEscape(filepath.Base(c.UploadFile))
		}
		return p, nil
	case !c.hasData():
		return payload{}, nil
	}
	if p, ok := c.longFile(); ok {
		return p, nil
	}
	data, err := c.data(k, stdin)
	if err != nil {
		return payload{}, err
	}
	if c.Get {
		return payload{query: string(data)}, nil
	}
	return payload{body: data, contentType: formType}, nil
}

const formType = "application/x-www-form-urlencoded"

// isStdin reports whether -T means standard input.
func isStdin(name string) bool { return name == "-" || name == "." }

// uploadNamed is what -T sends: a file, read while it is sent, or standard input
// or a pipe, which can be read only once. If that may not be enough, it is read
// to its end first.
func uploadNamed(name string, stdin io.Reader, once bool) (payload, error) {
	if isStdin(name) {
		if once {
			plain := struct{ io.Reader }{stdin} // it is not ours to close
			return payload{upload: sched.UploadReader(plain, httpwire.Chunked)}, nil
		}
		body, err := io.ReadAll(stdin)
		return payload{body: body}, err
	}
	upload, err := sched.UploadFile(name)
	switch {
	case err != nil:
		return payload{}, err
	case upload.Once && !once, upload.Length == 0: // or it is one of those in /proc
		body, err := os.ReadFile(name)
		return payload{body: body}, err
	case !upload.Once: // that it cannot be read is to be said before anything is sent
		f, err := os.Open(name)
		if err != nil {
			return payload{}, err
		}
		f.Close()
	}
	return payload{upload: upload}, nil
}

// longFile is the body of a single --data-binary @FILE that is too long to be
// held in memory without need. On the wire there is no difference.
func (c *getCmd) longFile() (payload, bool) {
	if len(c.DataBinary) != 1 || len(c.Data)+len(c.DataRaw)+len(c.DataURLEncode) > 0 || c.Get {
		return payload{}, false
	}
	name, isFile := strings.CutPrefix(c.DataBinary[0], "@")
	if !isFile || name == "-" {
		return payload{}, false
	}
	p, err := uploadNamed(name, nil, true)
	if err != nil || p.length() <= shortBody {
		return payload{}, false
	}
	p.contentType = formType
	return p, true
}

// shortBody is the longest body that is sent without asking the server first,
// as curl does with what is POSTed.
const shortBody = 1 << 20

// asks reports whether the server is asked before the body is sent.
func (p *payload) asks() bool {
	return max(p.length(), p.inHand) > shortBody || p.length() == httpwire.Chunked && p.inHand == 0
}

// data joins the pieces with "&", in the order of the command line.
func (c *getCmd) data(k *kong.Context, stdin io.Reader) ([]byte, error) {
	var pieces [][]byte
	var failed error
	inOrder(k, []string{"data", "data-raw", "data-binary", "data-urlencode"}, func(name string, n int) {
		var piece []byte
		var err error
		switch name {
		case "data":
			piece, err = dataPiece(c.Data[n], stdin)
			if strings.HasPrefix(c.Data[n], "@") { // what was typed stays as it is
				piece = []byte(lineEnds.Replace(string(piece)))
			}
		case "data-raw":
			piece = []byte(c.DataRaw[n])
		case "data-binary":
			piece, err = dataPiece(c.DataBinary[n], stdin)
		case "data-urlencode":
			piece, err = encodedPiece(c.DataURLEncode[n], stdin)
		}
		if err != nil && failed == nil {
			failed = usagef("--%s: %w", name, err)
		}
		pieces = append(pieces, piece)
	})
	return bytes.Join(pieces, []byte("&")), failed
}

// dataPiece returns arg, or for "@FILE" what is in the file.
func dataPiece(arg string, stdin io.Reader) ([]byte, error) {
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		return readNamed(name, stdin)
	}
	return []byte(arg), nil
}

// lineEnds takes out what -d leaves out of a file.
var lineEnds = strings.NewReplacer("\r", "", "\n", "", "\x00", "")

// encodedPiece is curl's --data-urlencode: "content", "=content",
// "name=content", "@FILE" or "name@FILE"; the name is not encoded. "=" counts
// before "@", wherever they stand.
func encodedPiece(arg string, stdin io.Reader) ([]byte, error) {
	name, content, ok := strings.Cut(arg, "=")
	if !ok {
		var file string
		if name, file, ok = strings.Cut(arg, "@"); ok {
			data, err := readNamed(file, stdin)
			if err != nil {
				return nil, err
			}
			content = string(data)
		} else {
			name, content = "", arg
		}
	}
	if name != "" {
		name += "="
	}
	return []byte(name + url.QueryEscape(content)), nil
}
