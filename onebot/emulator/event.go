package emulator

import "encoding/json"

// An Event is something that a person watching the service would want to know.
// The types are [Ready], [Login], [Logout], [Send], [Delivered], [Action],
// [Refused] and [Failure].
type Event interface {
	// AppendJSON appends the event as one JSON object without a newline. The
	// member "event" is the first; text is raw UTF-8.
	AppendJSON(dst []byte) []byte
}

// Kind is where a message goes to or comes from.
type Kind string

// The two kinds.
const (
	ToFriend Kind = "friend" // or anyone else in private
	ToGroup  Kind = "group"
)

// Ready is the first event of a running service. The service leaves it to the
// driver, which knows the address: see [Service.Ready].
type Ready struct {
	HTTP    string // address:port
	Account int64
	Friends []Friend
	Groups  []Group
}

// Login says that a client listens for events where none did: an event stream
// or a WebSocket was opened, or a poll has begun. What is said from now on reaches
// it.
type Login struct{ Uin int64 }

// Logout says that the last stream or WebSocket for events has ended.
type Logout struct{ Uin int64 }

// Send says that a message of the account's was accepted.
type Send struct {
	Kind Kind
	To   int64
	Text string // text segments joined, the others left out
}

// Delivered says that this message was written to a client, for the first time.
type Delivered struct {
	Kind Kind
	From int64 // who said it
	Text string
}

// Action says that a client has done something that is no send and no question.
type Action struct {
	Name   string
	Params []byte // a JSON object
}

// Refused says that a request was refused, and why.
type Refused struct{ Path, Why string }

// Failure says that a command could not be carried out. The service leaves it
// to whoever reads the commands and counts the lines.
type Failure struct {
	Line    int // 1 is the first
	Message string
}

// AppendJSON implements [Event].
func (e Ready) AppendJSON(dst []byte) []byte {
	friends, groups := list{}, list{}
	for _, f := range e.Friends {
		friends = append(friends, object{"uin", f.QQ, "nick", nick(f.Nick, f.QQ)})
	}
	for _, g := range e.Groups {
		members := list{}
		for _, qq := range g.Members {
			members = append(members, qq)
		}
		groups = append(groups, object{"gid", g.Number, "name", g.Name, "members", members})
	}
	return appendJSON(dst, object{"event", "ready", "http", e.HTTP, "https", nil, "account", e.Account, "friends", friends, "groups", groups})
}

// AppendJSON implements [Event].
func (e Login) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "login", "uin", e.Uin, "era", "onebot"})
}

// AppendJSON implements [Event].
func (e Logout) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "logout", "uin", e.Uin})
}

// AppendJSON implements [Event].
func (e Send) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "send", "kind", string(e.Kind), "to", e.To, "text", e.Text})
}

// AppendJSON implements [Event].
func (e Delivered) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "delivered", "kind", string(e.Kind), "from", e.From, "text", e.Text})
}

// AppendJSON implements [Event].
func (e Action) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "action", "action", e.Name, "params", json.RawMessage(e.Params)})
}

// AppendJSON implements [Event].
func (e Refused) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "refused", "path", e.Path, "why", e.Why})
}

// AppendJSON implements [Event].
func (e Failure) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "error", "line", e.Line, "message", e.Message})
}
