package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A target is a URL of the command line, taken apart. net/url would decode
// and encode the path on the way; what was given is what is sent.
type target struct {
	given string
	url   *url.URL      // without user and password
	path  string        // path and query, to the byte
	user  *url.Userinfo // nil: none
}

// effective is the URL that was asked for, without its password.
func (t *target) effective() string {
	if t.url == nil {
		return t.given
	}
	return t.url.Scheme + "://" + t.url.Host + t.path
}

// parseTarget reads a URL as curl does: without a scheme it is http, and the
// fragment stays at home. On error the target still holds what was given.
func parseTarget(given string) (*target, error) {
	t := &target{given: given}
	rest := given
	scheme, after, ok := strings.Cut(given, "://")
	if ok && !strings.ContainsAny(scheme, "/?#") {
		rest = after
	} else {
		scheme = "http"
	}
	switch {
	case strings.EqualFold(scheme, "http"), strings.EqualFold(scheme, "https"):
		scheme = strings.ToLower(scheme)
	default:
		return t, fmt.Errorf("the scheme %q is not spoken: the URL must begin with http:// or https://", scheme)
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if i := strings.IndexFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return t, fmt.Errorf("the path holds %q: write it as %%%02X", path[i], path[i])
	}
	u, err := url.Parse(scheme + "://" + authority + "/")
	if cause, ok := errors.AsType[*url.Error](err); ok {
		return t, cause.Err
	}
	if err != nil {
		return t, err
	}
	if u.Hostname() == "" {
		return t, errors.New("the URL names no host")
	}
	t.url, t.path, t.user = &url.URL{Scheme: scheme, Host: u.Host, Path: "/"}, path, u.User
	t.parseWhole()
	return t, nil
}

// parseWhole makes url the whole of the URL.
func (t *target) parseWhole() {
	// For messages and cookies the engine wants the whole URL. It cannot have
	// one whose path net/url refuses, such as "/%zz"; that is sent all the same.
	if whole, err := url.Parse(t.url.Scheme + "://" + t.url.Host + t.path); err == nil {
		t.url = whole
	}
}

// add puts behind the URL what the payload has for it.
func (t *target) add(p payload) {
	path, query, asks := strings.Cut(t.path, "?")
	if strings.HasSuffix(path, "/") {
		path += p.fileName
	}
	switch {
	case p.query == "":
	case query == "":
		query = p.query
	default:
		query += "&" + p.query
	}
	if asks || p.query != "" {
		path += "?" + query
	}
	t.path = path
	t.parseWhole()
}

// fileName is what -O calls the file: the last word of the path.
func (t *target) fileName() (string, error) {
	path, _, _ := strings.Cut(t.path, "?")
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name == "" || name == "." || name == ".." {
		return "", fmt.Errorf("-O: the URL %s ends without the name of a file: use -o FILE", t.given)
	}
	return name, nil
}
