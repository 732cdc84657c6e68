package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/qqloop/qqloop/httpwire"
)

// header returns the fields that every request carries, in curl's order, with
// Host in front if it was given. The engine adds credentials and cookies.
func (c *getCmd) header(p *payload, stdin io.Reader) (httpwire.Header, error) {
	edits, err := parseHeaders(c.Header, stdin)
	if err != nil {
		return nil, err
	}
	var host *headerEdit
	var others []headerEdit
	for _, edit := range edits {
		if !strings.EqualFold(edit.name, "Host") {
			others = append(others, edit)
			continue
		}
		if edit.remove {
			return nil, usagef("-H 'Host:': a request cannot do without Host (RFC 9112 section 3.2); 'Host;' sends it empty")
		}
		if host != nil {
			return nil, usagef("-H: Host is given twice, %q and %q: a request has one", host.value, edit.value)
		}
		host = &edit
	}
	for _, e := range others {
		if strings.EqualFold(e.name, "Transfer-Encoding") && strings.EqualFold(e.value, "chunked") {
			p.chunk()
		}
	}
	// A form is unreadable without its boundary, whatever it is called.
	if _, boundary, ok := strings.Cut(p.contentType, "; boundary="); ok {
		others = slices.DeleteFunc(others, func(e headerEdit) bool {
			multipart := strings.EqualFold(e.name, "Content-Type") && strings.HasPrefix(e.value, "multipart/") && !strings.Contains(e.value, "boundary=")
			if multipart {
				p.contentType = e.value + "; boundary=" + boundary
			}
			return multipart
		})
	}
	h := apply(c.defaultHeader(p), others, p.header())
	if host != nil {
		h = slices.Insert(h, 0, httpwire.Field{Name: "Host", Value: host.value})
	}
	return h, nil
}

// defaultHeader is what stands before the fields of -H.
func (c *getCmd) defaultHeader(p *payload) httpwire.Header {
	var h httpwire.Header
	agent := userAgent()
	if c.UserAgent != nil {
		agent = *c.UserAgent
	}
	coding := ""
	if p.length() == httpwire.Chunked {
		coding = "chunked"
	}
	for _, f := range []httpwire.Field{
		{Name: "Range", Value: c.rangeValue()},
		{Name: "User-Agent", Value: agent},
		{Name: "Accept", Value: "*/*"},
		{Name: "Accept-Encoding", Value: c.codings()},
		{Name: "Referer", Value: c.referer()},
		{Name: "Transfer-Encoding", Value: coding},
	} {
		if f.Value != "" {
			h = append(h, f)
		}
	}
	return h
}

// rangeValue is the Range field of -r.
func (c *getCmd) rangeValue() string {
	switch r := c.Range; {
	case r == "":
		return ""
	case strings.Trim(r, "0123456789") == "": // curl: from there to the end
		return "bytes=" + r + "-"
	default:
		return "bytes=" + r
	}
}

// referer is the Referer field of -e.
func (c *getCmd) referer() string { return strings.TrimSuffix(c.Referer, refererAuto) }

// refererAuto stands behind the URL of -e, or alone.
const refererAuto = ";auto"

// codings is the Accept-Encoding field of --compressed: what the engine takes
// off, in the order in which curl names it.
func (c *getCmd) codings() string {
	if !c.Compressed {
		return ""
	}
	return "deflate, gzip, br, zstd"
}

// A headerEdit is one -H: curl's ways to set, empty or remove a field.
type headerEdit struct {
	name, value string
	remove      bool
}

// parseHeaders reads the -H arguments: "Name: value", "Name;" for an empty
// value, "Name:" to remove a field, "@FILE" for a file of such lines, "@-" for
// standard input.
func parseHeaders(args []string, stdin io.Reader) ([]headerEdit, error) {
	var edits []headerEdit
	for _, arg := range args {
		name, fromFile := strings.CutPrefix(arg, "@")
		if !fromFile {
			edit, err := parseHeader(arg)
			if err != nil {
				return nil, usagef("-H: %w", err)
			}
			edits = append(edits, edit)
			continue
		}
		data, err := readNamed(name, stdin)
		if err != nil {
			return nil, usagef("-H: %w", err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
				continue
			}
			edit, err := parseHeader(line)
			if err != nil {
				return nil, usagef("-H: %s:%d: %w", name, i+1, err)
			}
			edits = append(edits, edit)
		}
	}
	return edits, nil
}

func parseHeader(s string) (headerEdit, error) {
	if name, value, ok := strings.Cut(s, ":"); ok {
		value = strings.Trim(value, " \t")
		return headerEdit{name: name, value: value, remove: value == ""}, nil
	}
	if name, ok := strings.CutSuffix(strings.TrimRight(s, " \t"), ";"); ok {
		return headerEdit{name: name}, nil
	}
	return headerEdit{}, fmt.Errorf("%q is no header field: write 'Name: value', 'Name;' for an empty one or 'Name:' to remove it", s)
}

// apply returns the fields of front, edits and back. An edit takes the field of
// its name out of front and back; a removed one is removed from there only: -H
// 'A: 1' -H 'A:' sends A, as curl does.
func apply(front httpwire.Header, edits []headerEdit, back httpwire.Header) httpwire.Header {
	edited := func(f httpwire.Field) bool {
		return slices.ContainsFunc(edits, func(e headerEdit) bool { return strings.EqualFold(e.name, f.Name) })
	}
	h := slices.DeleteFunc(front, edited)
	for _, e := range edits {
		if !e.remove {
			h.Add(e.name, e.value)
		}
	}
	return append(h, slices.DeleteFunc(back, edited)...)
}

// readNamed reads a file, or standard input where the name is "-".
func readNamed(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}
