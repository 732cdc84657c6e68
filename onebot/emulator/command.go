package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrQuit is what Command returns for the line "quit".
var ErrQuit = errors.New("emulator: quit")

// Command carries out one line, without its newline; blank lines and those
// that begin with '#' do nothing:
//
//	say friend QQ TEXT           somebody says TEXT, the rest of the line as it is
//	say group GROUP QQ TEXT      a member says it in a group; "@bot" mentions the account
//	cq friend QQ TEXT            the same, with CQ codes in TEXT: pictures, replies
//	cq group GROUP QQ TEXT
//	recall friend QQ             takes back the last that was said
//	recall group GROUP QQ
//	poke friend QQ               pokes the account
//	poke group GROUP QQ
//	request QQ TEXT              wants to be a friend
//	kick                         the account is logged in elsewhere: bot_offline, and offline
//	offline                      the account is off line, and only get_status and heartbeats say so
//	online                       it is back
//	close                        every event stream and WebSocket is cut
//	fail PATH STATUS COUNT       the next COUNT requests to PATH get that HTTP status,
//	                             or with a STATUS that is none that retcode
//	empty PATH COUNT             they get an empty 200, or by WebSocket no answer
//	drop PATH COUNT              they are executed, then closed without a byte
//	slow PATH MS COUNT           they are executed, and answered MS milliseconds late
//	quit                         Command returns ErrQuit
//
// Other errors are sentences about the line; nothing has changed then.
func (s *Service) Command(now time.Time, line string) error {
	s.Advance(now)
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "say", "cq":
		return s.sayCommand(word, rest)
	case "request":
		return s.requestCommand(rest)
	}
	usage, ok := map[string]string{
		"recall": " friend QQ", "poke": " friend QQ",
		"kick": "", "offline": "", "online": "", "close": "", "quit": "",
		"fail": " PATH STATUS COUNT", "empty": " PATH COUNT", "drop": " PATH COUNT", "slow": " PATH MS COUNT",
	}[word]
	if !ok {
		return fmt.Errorf("%q is no command; want one of say, cq, recall, poke, request, kick, offline, online, close, fail, empty, drop, slow, quit", word)
	}
	args := strings.Fields(rest)
	if len(args) > 0 && args[0] == "group" && usage == " friend QQ" {
		usage = " group GROUP QQ"
	}
	if len(args) != len(strings.Fields(usage)) {
		return fmt.Errorf("%s has %d words behind it; want %q", word, len(args), word+usage)
	}
	switch word {
	case "recall", "poke":
		g, qq, _, err := s.where(rest, word+usage)
		if err != nil {
			return err
		}
		if word == "poke" {
			s.poke(g, qq)
			return nil
		}
		return s.recallLast(g, qq)
	case "kick", "offline", "online":
		return s.setOnline(word)
	case "close":
		for _, l := range slices.Clone(s.listeners) {
			s.cut(l)
		}
		return nil
	case "fail":
		return s.addFault(&fault{kind: fail}, args, 1, 999_999)
	case "empty":
		return s.addFault(&fault{kind: empty}, args, 0, 0)
	case "drop":
		return s.addFault(&fault{kind: drop}, args, 0, 0)
	case "slow":
		return s.addFault(&fault{kind: slow}, args, 0, 3_600_000)
	}
	return ErrQuit
}

// sayCommand reads "friend QQ TEXT" or "group GROUP QQ TEXT". One blank ends
// each word; what follows the last is text, blanks and all.
func (s *Service) sayCommand(word, rest string) error {
	usage := word + " friend QQ TEXT"
	if strings.HasPrefix(rest, "group ") {
		usage = word + " group GROUP QQ TEXT"
	}
	g, qq, text, err := s.where(rest, usage)
	if err != nil {
		return err
	}
	if text == "" {
		return fmt.Errorf("there is no text; want %q", usage)
	}
	content := []segment{textSegment(text)}
	switch {
	case word == "cq":
		content = parseCQ(text)
	case g != nil:
		content = s.mentions(g, text)
	}
	s.say(g, qq, content, text)
	return nil
}

// where reads "friend QQ" or "group GROUP QQ" and returns what follows.
func (s *Service) where(text, usage string) (g *Group, qq int64, rest string, err error) {
	kind, rest, _ := strings.Cut(text, " ")
	if kind != "friend" && kind != "group" {
		return nil, 0, "", fmt.Errorf("%q is neither friend nor group, and OneBot knows no other; want %q", kind, usage)
	}
	if kind == "group" {
		var number int64
		if number, rest, err = cutNumber(rest, usage); err != nil {
			return nil, 0, "", err
		}
		if g = s.scene.group(number); g == nil {
			return nil, 0, "", fmt.Errorf("the account is in no group %d", number)
		}
	}
	if qq, rest, err = cutNumber(rest, usage); err != nil {
		return nil, 0, "", err
	}
	if _, ok := s.scene.nick(qq); !ok || qq == s.scene.Account.QQ {
		return nil, 0, "", fmt.Errorf("nobody else in the scene is %d", qq)
	}
	if g != nil && !slices.Contains(g.Members, qq) {
		return nil, 0, "", fmt.Errorf("%d is no member of the group %d", qq, g.Number)
	}
	return g, qq, rest, nil
}

func cutNumber(text, usage string) (int64, string, error) {
	word, rest, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, "", fmt.Errorf("%q is no number; want %q", word, usage)
	}
	return n, rest, nil
}

// requestCommand reads "QQ TEXT". Whoever is nobody yet becomes a stranger.
func (s *Service) requestCommand(rest string) error {
	qq, text, err := cutNumber(rest, "request QQ TEXT")
	switch {
	case err != nil:
		return err
	case qq <= 0 || qq == s.scene.Account.QQ || s.scene.friend(qq) != nil:
		return fmt.Errorf("%d cannot become a friend: want the number of somebody who is none", qq)
	}
	if _, ok := s.scene.nick(qq); !ok {
		s.scene.Strangers = append(slices.Clip(s.scene.Strangers), Person{QQ: qq})
	}
	s.flags++
	flag := fmt.Sprintf("friend-%d-%d", qq, s.flags)
	s.requests[flag] = qq
	s.emit(s.event("request", "request_type", "friend", "user_id", qq, "comment", text, "flag", flag), about{flag: flag})
	return nil
}

func (s *Service) poke(g *Group, qq int64) {
	e := s.event("notice", "notice_type", "notify", "sub_type", "poke", "user_id", qq, "target_id", s.scene.Account.QQ)
	if g != nil {
		e = append(e, "group_id", g.Number)
	} else if s.o.Flavour == NapCat {
		e = append(e, "sender_id", qq)
	}
	s.emit(e, about{})
}

func (s *Service) recallLast(g *Group, qq int64) error {
	for _, m := range slices.Backward(s.messages) {
		if m.group == g && m.from == qq {
			s.recall(m, qq)
			return nil
		}
	}
	return fmt.Errorf("%d has said nothing there", qq)
}

// setOnline is kick, offline and online.
func (s *Service) setOnline(word string) error {
	if word == "online" {
		if s.offline == "" {
			return errors.New("the account is online")
		}
		s.offline = ""
		return nil
	}
	if s.offline != "" {
		return errors.New("the account is off line already")
	}
	s.offline = "账号已离线"
	if word == "kick" {
		s.emit(s.event("notice", "notice_type", "bot_offline", "user_id", s.scene.Account.QQ,
			"tag", "下线通知", "message", "您的帐号在另一地点登录，您已被迫下线。"), about{})
	}
	return nil
}

// addFault reads PATH, a number between low and high if the kind has one, and
// COUNT.
func (s *Service) addFault(f *fault, args []string, low, high int) error {
	path, _, _ := strings.Cut(args[0], "?")
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q is no path; want one such as /send_private_msg", args[0])
	}
	f.path = "/" + strings.Trim(path, "/")
	if len(args) == 3 {
		n, err := strconv.Atoi(args[1])
		if err != nil || n < low || n > high {
			return fmt.Errorf("%q is not between %d and %d", args[1], low, high)
		}
		f.status, f.delay = n, time.Duration(n)*time.Millisecond
	}
	count, err := strconv.Atoi(args[len(args)-1])
	if err != nil || count < 1 {
		return fmt.Errorf("the count is %q; want 1 or more", args[len(args)-1])
	}
	f.count = count
	s.faults = append(s.faults, f)
	return nil
}
