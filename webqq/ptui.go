package webqq

import (
	"strconv"
	"unicode/utf8"
)

// A ptuiCall is a reply of the login hosts: not JSON but a line of script, the
// call of a function of the page that has asked:
//
//	ptuiCB('66','0','','0','二维码未失效。(3023857384)', '');
type ptuiCall struct {
	name string // "ptuiCB", "ptui_checkVC", "ptui_auth_CB"
	args []string
}

// arg returns argument i, counted from 0, or "" where there is none: the
// replies grew longer over the years.
func (c ptuiCall) arg(i int) string {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// code returns the first argument as a number, or -1.
func (c ptuiCall) code() int {
	n, err := strconv.Atoi(c.arg(0))
	if err != nil {
		return -1
	}
	return n
}

// parsePtui reads one call with string arguments. Escapes of script are
// resolved: \x00 is the byte 0, as the salt of ptui_checkVC needs it.
func parsePtui(text []byte) (ptuiCall, error) {
	p := ptuiParser{text: text}
	p.blanks()
	start := p.at
	for p.at < len(text) && isNameByte(text[p.at]) {
		p.at++
	}
	call := ptuiCall{name: string(text[start:p.at])}
	p.blanks()
	if call.name == "" || !p.eat('(') {
		return ptuiCall{}, badFormat("no call of a ptui function", text)
	}
	p.blanks()
	if p.eat(')') {
		return call, nil
	}
	for {
		p.blanks()
		arg, ok := p.quoted()
		if !ok {
			return ptuiCall{}, badFormat("a ptui argument has no closing quote", text)
		}
		call.args = append(call.args, arg)
		p.blanks()
		if p.eat(')') {
			return call, nil
		}
		if !p.eat(',') {
			return ptuiCall{}, badFormat("ptui arguments without a comma between them", text)
		}
	}
}

func isNameByte(b byte) bool {
	return b == '_' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

type ptuiParser struct {
	text []byte
	at   int
}

func (p *ptuiParser) blanks() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\r' || p.text[p.at] == '\n') {
		p.at++
	}
}

func (p *ptuiParser) eat(b byte) bool {
	if p.at < len(p.text) && p.text[p.at] == b {
		p.at++
		return true
	}
	return false
}

func (p *ptuiParser) quoted() (string, bool) {
	if p.at >= len(p.text) || p.text[p.at] != '\'' && p.text[p.at] != '"' {
		return "", false
	}
	quote := p.text[p.at]
	p.at++
	var out []byte
	for p.at < len(p.text) {
		b := p.text[p.at]
		p.at++
		switch b {
		case quote:
			return string(out), true
		case '\\':
			out = p.escape(out)
		default:
			out = append(out, b)
		}
	}
	return "", false
}

// escape appends what the escape at p.at stands for. An unknown one stands for
// its own letter, as in script.
func (p *ptuiParser) escape(out []byte) []byte {
	if p.at >= len(p.text) {
		return out
	}
	b := p.text[p.at]
	p.at++
	switch b {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'x':
		if v, ok := p.hex(2); ok {
			return append(out, byte(v))
		}
	case 'u':
		if v, ok := p.hex(4); ok {
			return utf8.AppendRune(out, rune(v))
		}
	}
	return append(out, b)
}

func (p *ptuiParser) hex(digits int) (uint64, bool) {
	if p.at+digits > len(p.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(p.text[p.at:p.at+digits]), 16, 32)
	if err != nil {
		return 0, false
	}
	p.at += digits
	return v, true
}
