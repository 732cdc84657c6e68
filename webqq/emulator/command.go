package emulator

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrQuit is what Command returns for the line "quit".
var ErrQuit = errors.New("emulator: quit")

// commands is what a wrong line is answered with.
const commands = "say, scan, refuse, kick, expire, fail, empty, drop, slow, quit"

// Command carries out one line, without its newline; blank lines and those
// that begin with '#' do nothing:
//
//	say friend QQ TEXT            a friend says TEXT, the rest of the line as it is
//	say group GROUP QQ TEXT       a member says it in a group
//	say discuss DID QQ TEXT       a member says it in a discussion
//	scan                          the newest QR code is scanned: 67, then 0
//	refuse                        the newest QR code is refused: 68
//	kick                          the account is logged in elsewhere
//	expire                        the session and its login are over
//	fail PATH STATUS COUNT        the next COUNT requests to PATH get that HTTP status,
//	                              or with a STATUS that is none that retcode
//	empty PATH COUNT              they get an empty 200
//	drop PATH COUNT               they are executed, then closed without a byte
//	slow PATH MS COUNT            they are executed, and answered MS milliseconds late
//	quit                          Command returns ErrQuit
//
// Other errors are sentences about the line; nothing has changed then.
func (s *Service) Command(now time.Time, line string) error {
	s.Advance(now)
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	word, rest, _ := strings.Cut(line, " ")
	if word == "say" {
		return s.sayCommand(rest)
	}
	usage, ok := map[string]string{
		"scan": "", "refuse": "", "kick": "", "expire": "", "quit": "",
		"fail": " PATH STATUS COUNT", "empty": " PATH COUNT", "drop": " PATH COUNT", "slow": " PATH MS COUNT",
	}[word]
	if !ok {
		return fmt.Errorf("%q is no command; want one of %s", word, commands)
	}
	args := strings.Fields(rest)
	if len(args) != len(strings.Fields(usage)) {
		return fmt.Errorf("%s has %d words behind it; want %q", word, len(args), word+usage)
	}
	switch word {
	case "scan":
		return s.phone(func(k *code) { k.scanned = true })
	case "refuse":
		return s.phone(func(k *code) { k.refused = true })
	case "kick":
		return s.endLive("the account was logged in elsewhere", true)
	case "expire":
		return s.endLive("the session has expired", false)
	case "fail":
		return s.addFault(&fault{kind: fail}, args, 1, 999999)
	case "empty":
		return s.addFault(&fault{kind: empty}, args, 0, 0)
	case "drop":
		return s.addFault(&fault{kind: drop}, args, 0, 0)
	case "slow":
		return s.addFault(&fault{kind: slow}, args, 0, 3_600_000)
	}
	return ErrQuit
}

// sayCommand reads "friend QQ TEXT" and its like. One blank ends each word;
// what follows the last is text, blanks and all.
func (s *Service) sayCommand(rest string) error {
	where, rest, _ := strings.Cut(rest, " ")
	kind := Kind(where)
	var room int64
	var err error
	usage := "say friend QQ TEXT"
	switch kind {
	case ToFriend:
	case ToGroup, ToDiscuss:
		usage = map[Kind]string{ToGroup: "say group GROUP QQ TEXT", ToDiscuss: "say discuss DID QQ TEXT"}[kind]
		if room, rest, err = cutNumber(rest, usage); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%q cannot be said to; want say friend, say group or say discuss", where)
	}
	from, text, err := cutNumber(rest, usage)
	if err != nil {
		return err
	}
	if text == "" {
		return fmt.Errorf("there is no text; want %q", usage)
	}
	return s.say(kind, room, from, text)
}

func cutNumber(text, usage string) (int64, string, error) {
	word, rest, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, "", fmt.Errorf("%q is no number; want %q", word, usage)
	}
	return n, rest, nil
}

// phone does something with the code that a person would hold a phone to.
func (s *Service) phone(do func(*code)) error {
	k := s.newestCode()
	if k == nil {
		return errors.New("no QR code is shown; it is ptqrshow that shows one, for 120 s")
	}
	do(k)
	return nil
}

// endLive ends the session that gets the messages. A kick leaves the login as
// it is, so that login2 works again; an expired one is over as a whole.
func (s *Service) endLive(why string, kick bool) error {
	ses := s.live()
	if ses == nil {
		return errors.New("nobody is logged in")
	}
	if !kick {
		ses.grant.over = why
	}
	s.end(ses, why, kick)
	return nil
}

// addFault reads PATH, a number between low and high if the kind has one, and
// COUNT.
func (s *Service) addFault(f *fault, args []string, low, high int) error {
	path, _, _ := strings.Cut(args[0], "?")
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q is no path; want one such as %s", args[0], pollPath)
	}
	f.path = path
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
