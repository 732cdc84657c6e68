package onebot

import (
	"encoding/json"
	"reflect"
	"testing"
)

func segment(kind string, pairs ...string) Segment {
	s := Segment{kind, map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		s.Data[pairs[i]] = pairs[i+1]
	}
	return s
}

func text(s string) Segment { return segment("text", "text", s) }

// Both formats of messages, and each the other's translation.
func TestCQ(t *testing.T) {
	for _, test := range []struct {
		name string
		cq   string
		want Message
		back string // "": cq
	}{
		{"the standard's escapes", "a &amp; b &#91;x&#93;, [CQ:at,qq=20002] [CQ:share,url=http://e.test/?p=1&amp;q=2,title=one&#44; two]",
			Message{text("a & b [x], "), segment("at", "qq", "20002"), text(" "), segment("share", "url", "http://e.test/?p=1&q=2", "title", "one, two")},
			"a &amp; b &#91;x&#93;, [CQ:at,qq=20002] [CQ:share,title=one&#44; two,url=http://e.test/?p=1&amp;q=2]"},
		{"nothing", "", nil, ""},
		{"only text", "ping", Message{text("ping")}, ""},
		{"only a code", "[CQ:face,id=14]", Message{segment("face", "id", "14")}, ""},
		{"no parameters", "[CQ:shake]", Message{segment("shake")}, ""},
		{"an equals sign in a value", "[CQ:x,a=b=c]", Message{segment("x", "a", "b=c")}, ""},
		{"an empty value", "[CQ:x,a=]", Message{segment("x", "a", "")}, ""},
		{"codes side by side", "[CQ:a][CQ:b]", Message{segment("a"), segment("b")}, ""},
		{"a comma escaped in text", "a&#44;b", Message{text("a,b")}, "a,b"},
		{"an escaped escape", "&amp;#91;", Message{text("&#91;")}, ""},
		{"the last unescape is the ampersand", "[CQ:x,a=&amp;#44;]", Message{segment("x", "a", "&#44;")}, ""},
		{"no code: open", "[CQ:at,qq=1", Message{text("[CQ:at,qq=1")}, "&#91;CQ:at,qq=1"},
		{"no code: no name", "[CQ:,qq=1]", Message{text("[CQ:,qq=1]")}, "&#91;CQ:,qq=1&#93;"},
		{"no code: no value", "[CQ:at,qq]", Message{text("[CQ:at,qq]")}, "&#91;CQ:at,qq&#93;"},
		{"no code: a blank", "[CQ: at,qq=1]", Message{text("[CQ: at,qq=1]")}, "&#91;CQ: at,qq=1&#93;"},
		{"a bracket", "[x] [", Message{text("[x] [")}, "&#91;x&#93; &#91;"},
		{"a code within no code", "[CQ:a[CQ:b,c=d]", Message{text("[CQ:a"), segment("b", "c", "d")}, "&#91;CQ:a[CQ:b,c=d]"},
		{"Chinese", "你好[CQ:at,qq=all]，世界", Message{text("你好"), segment("at", "qq", "all"), text("，世界")}, ""},
	} {
		got := ParseCQ(test.cq)
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v; want %v", test.name, got, test.want)
		}
		want := test.back
		if want == "" {
			want = test.cq
		}
		if back := got.CQ(); back != want {
			t.Errorf("%s: got %s back; want %s", test.name, back, want)
		}
		if again := ParseCQ(got.CQ()); !reflect.DeepEqual(again, got) {
			t.Errorf("%s: read again, it is %v; want %v", test.name, again, got)
		}
	}
}

// Whatever a person writes is text, and stays it.
func FuzzText(f *testing.F) {
	f.Add("[CQ:image,file=/etc/passwd]")
	f.Add("&#91;&amp;,")
	f.Add("[CQ:a[CQ:b]")
	f.Fuzz(func(t *testing.T, s string) {
		m := ParseCQ(Text(s).CQ())
		if s == "" && m == nil {
			return
		}
		if !reflect.DeepEqual(m, Text(s)) {
			t.Fatalf("%q came back as %v", s, m)
		}
		codes := ParseCQ(s)
		if again := ParseCQ(codes.CQ()); !reflect.DeepEqual(again, codes) && len(codes) > 0 {
			if codes.Text() != again.Text() {
				t.Fatalf("%q is %v, and then %v", s, codes, again)
			}
		}
	})
}

func TestMessageJSON(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     Message
	}{
		{"array", `[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" /ping"}}]`, Message{segment("at", "qq", "10001"), text(" /ping")}},
		{"string", `"[CQ:at,qq=10001] /ping"`, Message{segment("at", "qq", "10001"), text(" /ping")}},
		{"one segment", `{"type":"text","data":{"text":"a"}}`, Message{text("a")}},
		{"numbers and booleans", `[{"type":"x","data":{"id":123,"on":true,"off":null}}]`, Message{segment("x", "id", "123", "on", "true")}},
		{"no data", `[{"type":"shake","data":null},{"type":"dice"}]`, Message{segment("shake"), segment("dice")}},
		{"a type that nobody knows", `[{"type":"flashtransfer","data":{"list":[1,2]}}]`, Message{segment("flashtransfer", "list", "[1,2]")}},
		{"null", `null`, nil},
	} {
		var got Message
		if err := json.Unmarshal([]byte(test.in), &got); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, %v; want %v", test.name, got, err, test.want)
		}
	}
	var m Message
	if err := json.Unmarshal([]byte("7"), &m); err == nil {
		t.Error("a number was read as a message")
	}
}

func TestID(t *testing.T) {
	for in, want := range map[string]ID{`1`: 1, `"2"`: 2, `-1412`: -1412, `null`: 0, `""`: 0, `9223372036854775807`: 1<<63 - 1} {
		var got ID
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{`"x"`, `1.5`, `true`, `9223372036854775808`, `{}`} {
		var got ID
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s was read as %v", in, got)
		}
	}
}

func TestSignature(t *testing.T) {
	body := []byte(`{"time":1760000000,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","interval":15000,"status":{"online":true,"good":true}}`)
	const want = "sha1=49766005f2d72a5847a2efbfa16f9e21b4bcb67b"
	if len(body) != 144 {
		t.Fatalf("the vector has %d bytes; want 144", len(body))
	}
	if got := Sign("s3cret", body); got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	for _, test := range []struct {
		name, secret, signature string
		body                    []byte
		want                    bool
	}{
		{"right", "s3cret", want, body, true},
		{"another secret", "secret", want, body, false},
		{"another body", "s3cret", want, body[1:], false},
		{"none", "s3cret", "", body, false},
		{"no prefix", "s3cret", want[5:], body, false},
		{"cut short", "s3cret", want[:20], body, false},
		{"no hex", "s3cret", "sha1=xyz", body, false},
	} {
		if got := Verify(test.secret, test.body, test.signature); got != test.want {
			t.Errorf("%s: got %t; want %t", test.name, got, test.want)
		}
	}
}

func TestEncodeKeepsHTML(t *testing.T) {
	got, err := encode(Text("a<b>&c"))
	if want := `[{"type":"text","data":{"text":"a<b>&c"}}]`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
