package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/qqloop/qqloop/httpwire"
	"github.com/qqloop/qqloop/sched"
)

// A record is one line of --ndjson. Its fields are part of the contract.
type record struct {
	URL          string        `json:"url"`
	EffectiveURL string        `json:"effective_url"`
	Method       string        `json:"method"`
	Status       int           `json:"status"`
	Proto        string        `json:"proto"`
	Header       fieldMap      `json:"header"`
	Trailer      fieldMap      `json:"trailer"`
	Body         string        `json:"body_base64"`
	BodySize     int           `json:"body_size"`
	Remote       string        `json:"remote"`
	Reused       bool          `json:"reused"`
	Attempts     int           `json:"attempts"`
	Timing       timingMS      `json:"timing_ms"`
	Error        *recordsError `json:"error"`
}

type recordsError struct {
	Kind    sched.Kind  `json:"kind"`
	Phase   sched.Phase `json:"phase"`
	Message string      `json:"message"`
}

// timingMS is sched.Timing in milliseconds. Null is a phase that did not
// happen, which is not the same as one that took no time.
type timingMS struct {
	Queue     *float64 `json:"queue"`
	Resolve   *float64 `json:"resolve"`
	Connect   *float64 `json:"connect"`
	TLS       *float64 `json:"tls"`
	FirstByte *float64 `json:"first_byte"`
	Total     *float64 `json:"total"`
}

func newTimingMS(t sched.Timing) timingMS {
	ms := func(d time.Duration) *float64 {
		if d < 0 {
			return nil
		}
		return new(float64(d) / float64(time.Millisecond))
	}
	return timingMS{
		Queue:     ms(t.Queue),
		Resolve:   ms(t.Resolve),
		Connect:   ms(t.Connect),
		TLS:       ms(t.TLS),
		FirstByte: ms(t.FirstByte),
		Total:     ms(t.Total),
	}
}

// noTiming is that of a request that never began.
var noTiming = sched.Timing{Queue: -1, Resolve: -1, Connect: -1, TLS: -1, FirstByte: -1}

// newRecord tells how a fetch ended. It keeps nothing of the response.
func newRecord(from *result) *record {
	r := &record{URL: from.target.given, EffectiveURL: from.effective, Method: from.method}
	if resp := from.resp; resp != nil {
		r.Status, r.Proto = resp.Status, resp.Proto
		r.Header, r.Trailer = newFieldMap(resp.Header), newFieldMap(resp.Trailer)
		r.Body, r.BodySize = base64.StdEncoding.EncodeToString(resp.Body), len(resp.Body)
	}
	if err := from.err; err != nil {
		r.Error = &recordsError{Kind: err.Kind, Phase: err.Phase, Message: from.message()}
	}
	info := from.info()
	if info.Remote.IsValid() {
		r.Remote = info.Remote.String()
	}
	r.Reused, r.Attempts, r.Timing = info.Reused, info.Attempts, newTimingMS(info.Timing)
	return r
}

// A fieldMap is a header section as JSON: an object of lists, in the order of
// the wire, each name as it was first spelt.
type fieldMap []fieldValues

type fieldValues struct {
	name   string
	values []string
}

func newFieldMap(f httpwire.Fields) fieldMap {
	var m fieldMap
	index := make(map[string]int, f.Len())
	for name, value := range f.All() {
		key := strings.ToLower(string(name))
		i, ok := index[key]
		if !ok {
			i = len(m)
			index[key] = i
			m = append(m, fieldValues{name: latin1(name)})
		}
		m[i].values = append(m[i].values, latin1(value))
	}
	return m
}

// MarshalJSON writes {"Name":["value",...],...}.
func (m fieldMap) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range m {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(f.name)
		if err != nil {
			return nil, err
		}
		values, err := json.Marshal(f.values)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), values...)
	}
	return append(out, '}'), nil
}

// latin1 reads each byte as the character of that number, so that a JSON
// string can carry every value and lose nothing.
func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// line returns the record as one line of JSON.
func (r *record) line() ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	return line.Bytes(), nil
}
