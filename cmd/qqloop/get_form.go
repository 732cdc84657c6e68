package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/textproto"
	"path/filepath"
	"strings"
)

// formBody makes the body of -F: a part for each argument. The boundary is
// random, so that no content holds it.
func formBody(args []string, stdin io.Reader) (body []byte, contentType string, err error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	// In the shape of curl's: then the whole is as long as with curl.
	if err := w.SetBoundary(fmt.Sprintf("------------------------%016x", rand.Uint64())); err != nil {
		return nil, "", err
	}
	for _, arg := range args {
		p, err := parseFormPart(arg, stdin)
		if err != nil {
			return nil, "", usagef("-F: %w", err)
		}
		part, err := w.CreatePart(p.header())
		if err != nil {
			return nil, "", err
		}
		part.Write(p.content) // into memory: it cannot fail
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return out.Bytes(), w.FormDataContentType(), nil
}

// A formPart is one -F.
type formPart struct {
	name        string
	content     []byte
	fileName    string
	contentType string
}

// parseFormPart reads "name=content", "name=@FILE" or "name=<FILE", each with
// ";type=" and ";filename=" behind it. A content or a name of a file in double
// quotes may hold semicolons.
func parseFormPart(arg string, stdin io.Reader) (formPart, error) {
	name, rest, ok := strings.Cut(arg, "=")
	if !ok || name == "" {
		return formPart{}, fmt.Errorf("%q is no part of a form: write 'name=content' or 'name=@FILE'", arg)
	}
	p := formPart{name: name}
	marker := ""
	if strings.HasPrefix(rest, "@") || strings.HasPrefix(rest, "<") {
		marker, rest = rest[:1], rest[1:]
	}
	value, rest := formWord(rest)
	if marker == "@" {
		p.fileName = filepath.Base(value)
		if value != "-" {
			p.contentType = fileType(value)
		}
	}
	for rest != "" {
		var attr, v string
		attr, rest, _ = strings.Cut(rest[1:], "=")
		v, rest = formWord(rest)
		switch strings.TrimSpace(attr) {
		case "type":
			// A type has parameters of its own: "text/plain;charset=utf-8".
			for strings.HasPrefix(rest, ";") && !strings.HasPrefix(rest, ";filename=") {
				var more string
				more, rest = formWord(rest[1:])
				v += ";" + more
			}
			p.contentType = v
		case "filename":
			p.fileName = v
		default:
			return p, fmt.Errorf("%q: %q is not known behind a semicolon: write ';type=' or ';filename=', or put the content in double quotes", arg, attr)
		}
	}
	if marker == "" {
		p.content = []byte(value)
		return p, nil
	}
	var err error
	p.content, err = readNamed(value, stdin)
	return p, err
}

// formWord takes a word off s, up to a semicolon, or in double quotes.
func formWord(s string) (word, rest string) {
	if !strings.HasPrefix(s, `"`) {
		if i := strings.IndexByte(s, ';'); i >= 0 {
			return s[:i], s[i:]
		}
		return s, ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			// Nothing but a semicolon can follow; what does is left out, as curl does.
			_, rest, ok := strings.Cut(s[i+1:], ";")
			if ok {
				rest = ";" + rest
			}
			return b.String(), rest
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return s, "" // the quote never ends, so it is a character
}

// header is written as browsers write it: quotes and line ends in names are
// escaped with % (WHATWG HTML, multipart/form-data encoding algorithm).
func (p formPart) header() textproto.MIMEHeader {
	escape := strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace
	disposition := fmt.Sprintf(`form-data; name="%s"`, escape(p.name))
	if p.fileName != "" {
		disposition += fmt.Sprintf(`; filename="%s"`, escape(p.fileName))
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if p.contentType != "" {
		h.Set("Content-Type", p.contentType)
	}
	return h
}

// fileType guesses the type of a file by its name. The list is curl's, and not
// the system's: a script must not depend on what is installed.
func fileType(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gif":
		return "image/gif"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain"
	case ".htm", ".html":
		return "text/html"
	case ".pdf":
		return "application/pdf"
	case ".xml":
		return "application/xml"
	}
	return "application/octet-stream"
}
