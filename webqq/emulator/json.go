package emulator

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// An object is a JSON object whose members keep their order: names and values
// in turn. The service wrote some members in an order that clients came to
// know, and a map would lose it.
type object []any

// A list is a JSON array.
type list []any

// appendJSON appends v as the service wrote JSON: raw UTF-8, with no \u escape
// but for control characters, since Mojo-Webqq fails on the others, and with
// no HTML escapes. encoding/json can be talked out of the second only.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		dst = append(dst, '{')
		for i := 0; i+1 < len(v); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, v[i].(string))
			dst = append(dst, ':')
			dst = appendJSON(dst, v[i+1])
		}
		return append(dst, '}')
	case list:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, item)
		}
		return append(dst, ']')
	case string:
		return appendString(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case bool:
		return strconv.AppendBool(dst, v)
	case nil:
		return append(dst, "null"...)
	}
	panic(fmt.Sprintf("emulator: no JSON for a %T", v))
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default: // a byte that is no UTF-8 comes out as U+FFFD
			dst = utf8.AppendRune(dst, c)
		}
	}
	return append(dst, '"')
}
