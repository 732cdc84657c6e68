package emulator

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestSignature(t *testing.T) {
	body := `{"time":1760000000,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","interval":15000,"status":{"online":true,"good":true}}`
	if got, want := signature("s3cret", []byte(body)), "sha1=49766005f2d72a5847a2efbfa16f9e21b4bcb67b"; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

// TestMessageForms holds the two forms of messages against each other: both
// ways where back is "", else the string comes back spelt so.
func TestMessageForms(t *testing.T) {
	for _, test := range []struct{ cq, array, back string }{
		{
			cq: `a &amp; b &#91;x&#93;, [CQ:at,qq=20002] [CQ:share,url=http://e.test/?p=1&amp;q=2,title=one&#44; two]`,
			array: `[{"type":"text","data":{"text":"a & b [x], "}},{"type":"at","data":{"qq":"20002"}},{"type":"text","data":{"text":" "}},` +
				`{"type":"share","data":{"url":"http://e.test/?p=1&q=2","title":"one, two"}}]`,
		},
		{cq: `[CQ:shake]`, array: `[{"type":"shake","data":{}}]`},
		{cq: ``, array: `[]`},
		{cq: `[CQ:at,qq=1`, array: `[{"type":"text","data":{"text":"[CQ:at,qq=1"}}]`, back: `&#91;CQ:at,qq=1`},
		{cq: `[[CQ:face,id=1]]`, array: `[{"type":"text","data":{"text":"["}},{"type":"face","data":{"id":"1"}},{"type":"text","data":{"text":"]"}}]`, back: `&#91;[CQ:face,id=1]&#93;`},
		{cq: `[cq:face,id=1][CQ:]`, array: `[{"type":"text","data":{"text":"[cq:face,id=1][CQ:]"}}]`, back: `&#91;cq:face,id=1&#93;&#91;CQ:&#93;`},
		{cq: `&amp;#91;&#44;`, array: `[{"type":"text","data":{"text":"&#91;,"}}]`, back: `&amp;#91;,`},
		{cq: `[CQ:json,data={"a":"b=c"}]`, array: `[{"type":"json","data":{"data":"{\"a\":\"b=c\"}"}}]`},
		{cq: `[CQ:face,id=1,]`, array: `[{"type":"text","data":{"text":"[CQ:face,id=1,]"}}]`, back: `&#91;CQ:face,id=1,&#93;`},
	} {
		message := parseCQ(test.cq)
		if got := string(appendJSON(nil, segments(message))); got != test.array {
			t.Errorf("%s:\ngot  %s\nwant %s", test.cq, got, test.array)
		}
		back := test.back
		if back == "" {
			back = test.cq
		}
		if got := cqText(message); got != back {
			t.Errorf("%s comes back as %s; want %s", test.cq, got, back)
		}
		read, err := readMessage(json.RawMessage(test.array), false)
		if got := string(appendJSON(nil, segments(parseCQ(cqText(read))))); err != nil || got != string(appendJSON(nil, segments(read))) {
			t.Errorf("%s: %v: read from its string it is %s", test.array, err, got)
		}
	}
}

func TestReadMessage(t *testing.T) {
	for _, test := range []struct{ raw, want string }{
		{`"a[CQ:face,id=1]"`, `[{"type":"text","data":{"text":"a"}},{"type":"face","data":{"id":"1"}}]`},
		{`{"type":"at","data":{"qq":20002}}`, `[{"type":"at","data":{"qq":"20002"}}]`},
		{`[{"type":"record","data":{"magic":true,"file":null}},{"type":"shake","data":null}]`,
			`[{"type":"record","data":{"file":"","magic":"true"}},{"type":"shake","data":{}}]`},
		{`[{"type":"node","data":{"content":[{"type":"text"}]}}]`, `[{"type":"node","data":{"content":[{"type":"text"}]}}]`},
		{`42`, `[{"type":"text","data":{"text":"42"}}]`},
		{`null`, `error: the message is missing`},
		{`["a"]`, `error: "a" is no segment; want {"type":"text","data":{"text":"hi"}}`},
		{`[{"data":{}}]`, `error: {"data":{}} is no segment; want {"type":"text","data":{"text":"hi"}}`},
	} {
		message, err := readMessage(json.RawMessage(test.raw), false)
		got := string(appendJSON(nil, segments(message)))
		if err != nil {
			got = fmt.Sprintf("error: %v", err)
		}
		if got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.raw, got, test.want)
		}
	}
}
