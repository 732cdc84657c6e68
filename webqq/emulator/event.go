package emulator

// An Event is something that a person watching the service would want to know.
// All numbers in it are the scene's own, never a session's. The types are
// [Ready], [Login], [Send], [Delivered], [Refused], [Logout] and [Failure].
type Event interface {
	// AppendJSON appends the event as one JSON object without a newline. The
	// member "event" is the first; text is raw UTF-8.
	AppendJSON(dst []byte) []byte
}

// Era is one of the two services that were spoken to over the same hosts.
type Era string

const (
	SmartQQ Era = "smartqq" // w.qq.com, 2014 to 2018: QR login
	WebQQ   Era = "webqq"   // web.qq.com, to 2015: password login
)

// Kind is where a message goes to or comes from.
type Kind string

const (
	ToFriend  Kind = "friend"
	ToGroup   Kind = "group"
	ToDiscuss Kind = "discuss"
	ToSess    Kind = "sess" // a stranger, by way of a common group
)

// Ready is the first event of a running service. The service leaves it to the
// driver, which knows the addresses: see [Service.Ready].
type Ready struct {
	HTTP, HTTPS string // address:port; HTTPS is empty where nobody listens
	Account     int64
	Friends     []ReadyFriend
	Groups      []ReadyGroup
}

// A ReadyFriend is a friend as Ready names it.
type ReadyFriend struct {
	Uin  int64
	Nick string
}

// A ReadyGroup is a group as Ready names it. The account is among the members.
type ReadyGroup struct {
	GID     int64
	Name    string
	Members []int64
}

// Login says that login2 succeeded.
type Login struct {
	Uin int64
	Era Era
}

// Send says that a message of the account's was accepted.
type Send struct {
	Kind Kind
	To   int64
	Text string // text items joined, fonts and faces left out
}

// Delivered says that a poll reply with this message was written.
type Delivered struct {
	Kind Kind
	From int64 // who said it
	Text string
}

// Refused says that a request was refused, and why.
type Refused struct{ Path, Why string }

// Logout says that the client ended its session.
type Logout struct{ Uin int64 }

// Failure says that a command could not be carried out. The service leaves it
// to whoever reads the commands and counts the lines.
type Failure struct {
	Line    int // 1 is the first
	Message string
}

// AppendJSON implements [Event].
func (e Ready) AppendJSON(dst []byte) []byte {
	var https any
	if e.HTTPS != "" {
		https = e.HTTPS
	}
	friends, groups := list{}, list{}
	for _, f := range e.Friends {
		friends = append(friends, object{"uin", f.Uin, "nick", f.Nick})
	}
	for _, g := range e.Groups {
		members := list{}
		for _, qq := range g.Members {
			members = append(members, qq)
		}
		groups = append(groups, object{"gid", g.GID, "name", g.Name, "members", members})
	}
	return appendJSON(dst, object{"event", "ready", "http", e.HTTP, "https", https, "account", e.Account, "friends", friends, "groups", groups})
}

// AppendJSON implements [Event].
func (e Login) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "login", "uin", e.Uin, "era", string(e.Era)})
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
func (e Refused) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "refused", "path", e.Path, "why", e.Why})
}

// AppendJSON implements [Event].
func (e Logout) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "logout", "uin", e.Uin})
}

// AppendJSON implements [Event].
func (e Failure) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, object{"event", "error", "line", e.Line, "message", e.Message})
}
