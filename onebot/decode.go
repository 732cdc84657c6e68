package onebot

import (
	"encoding/json"
)

// A reply is the answer to an action, over HTTP and WebSocket alike.
type reply struct {
	Status  string          `json:"status"`
	Retcode int             `json:"retcode"`
	Data    json.RawMessage `json:"data"`
	Message string          `json:"message"`
	Msg     string          `json:"msg"` // of go-cqhttp
	Wording string          `json:"wording"`
	Echo    json.RawMessage `json:"echo"`
}

func decodeReply(action string, b []byte) (reply, error) {
	what := "the reply of " + action
	var r reply
	if err := json.Unmarshal(b, &r); err != nil {
		return r, badFormat(what, err.Error(), b)
	}
	if r.Status == "" {
		return r, badFormat(what, "it has no status", b)
	}
	return r, nil
}

// outcome returns the data of an action that was done, or accepted: "async".
// Which retcode a failure has differs among implementations, so none is
// looked at.
func (r *reply) outcome(action string) (json.RawMessage, error) {
	if r.Status == "ok" || r.Status == "async" {
		return r.Data, nil
	}
	text := r.Message
	if text == "" {
		text = r.Msg
	}
	if r.Wording != "" && r.Wording != text {
		if text != "" {
			text += ": "
		}
		text += r.Wording
	}
	return nil, &ActionError{action, r.Retcode, text}
}

func decodeData(action string, data json.RawMessage, into any) error {
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	if err := json.Unmarshal(data, into); err != nil {
		return badFormat("the reply of "+action, err.Error(), data)
	}
	return nil
}
