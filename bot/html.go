package bot

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// maxTitle is the longest title, in characters.
const maxTitle = 120

// htmlTitle returns the text of the first title element of page that is not a
// picture's, as one line. The encoding is what a browser would take: a byte
// order mark, else the Content-Type, else a meta element, else a guess.
func htmlTitle(page []byte, contentType string) (string, bool) {
	enc, _, _ := charset.DetermineEncoding(page[:min(len(page), 1024)], contentType)
	z := html.NewTokenizer(enc.NewDecoder().Reader(bytes.NewReader(page)))
	pictures := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return "", false
		case html.StartTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.Svg:
				pictures++
			case atom.Title:
				if pictures > 0 {
					continue
				}
				title := ""
				if z.Next() == html.TextToken {
					title = clean(string(z.Text()))
				}
				return title, title != ""
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Svg && pictures > 0 {
				pictures--
			}
		}
	}
}

// clean makes one line of what a stranger wrote: runs of white space become a
// blank, what does not print goes (it could turn a line of the chat around),
// and what is too long is cut.
func clean(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > maxTitle {
		s = string([]rune(s)[:maxTitle]) + "…"
	}
	return s
}
