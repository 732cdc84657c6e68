package emulator

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An object is a JSON object whose members keep their order: names and values
// in turn. A list is a JSON array.
type (
	object []any
	list   []any
)

// appendJSON appends v as JavaScript's JSON.stringify writes it: raw UTF-8, and
// no escapes but those that JSON demands. A json.RawMessage stays as it is: the
// echo of a call must come back as it came.
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
	case json.RawMessage:
		return append(dst, v...)
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
		if c >= 0x20 && c != '"' && c != '\\' {
			dst = utf8.AppendRune(dst, c) // a byte that is no UTF-8 comes out as U+FFFD
		} else if i := strings.IndexRune("\"\\\b\f\n\r\t", c); i >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[i])
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}
