package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A SceneError says what is wrong in a scene, where, and what would be right.
type SceneError struct {
	Name string // of the file, as it was given
	Line int    // 1 is the first; 0 if the scene came from no file
	Err  error
}

// Error returns "scene.toml:7: " and a sentence.
func (e *SceneError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *SceneError) Unwrap() error { return e.Err }

// ParseScene reads a scene written in TOML: the field tags of [Scene] are the
// whole vocabulary. The name is for errors, which are all *SceneError. Unknown
// keys are errors, and so are members whom nobody knows.
func ParseScene(name string, data []byte) (*Scene, error) {
	var scene Scene
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&scene); err != nil {
		return nil, decodeError(name, data, err)
	}
	if at, err := scene.check(); err != nil {
		return nil, &SceneError{name, lineOf(data, at), err}
	}
	return &scene, nil
}

// decodeError turns the decoder's error into ours: with the line, and for an
// unknown key with the keys that are known there.
func decodeError(name string, data []byte, err error) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(strict.Errors) > 0 {
		first := &strict.Errors[0]
		line, _ := first.Position()
		key := first.Key()
		table := ""
		if len(key) > 1 {
			table = key[0]
		}
		return &SceneError{name, line, fmt.Errorf("%q is no key of a scene; here the keys are %s", strings.Join(key, "."), sceneKeys(table))}
	}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := decode.Position()
		return &SceneError{name, line, errors.New(strings.TrimPrefix(decode.Error(), "toml: "))}
	}
	return &SceneError{name, 0, err}
}

func sceneKeys(table string) string {
	switch table {
	case "account":
		return "qq, nick, password, signature"
	case "friends":
		return "qq, nick, markname, category, status, client_type, signature"
	case "strangers":
		return "qq, nick"
	case "groups":
		return "number, name, markname, memo, mask, owner, members, admins, cards"
	case "discussions":
		return "number, name, owner, members"
	case "behaviour":
		return "buddies_first, friend_uin_closed, empty_ptwebqq, echo, captcha, quiet, send_reply"
	}
	return "account, friends, strangers, groups, discussions, behaviour"
}

// A place is where a value stands: "groups", 1, "owner" is the owner of the
// second group. Tables that are no lists have the index 0.
type place struct {
	table string
	index int
	key   string
}

var statuses = []string{"online", "hidden", "busy", "callme", "away", "silent", "offline"}

// check finds the first thing that cannot be, and where it stands.
func (s *Scene) check() (place, error) {
	known := map[int64]string{}
	name := func(p place, qq int64, what string) error {
		if qq <= 0 || qq > math.MaxUint32 {
			return fmt.Errorf("%d is no QQ number; want 1 to %d", qq, uint32(math.MaxUint32))
		}
		if was, ok := known[qq]; ok {
			return fmt.Errorf("%d is %s already; each number names one person", qq, was)
		}
		known[qq] = what
		return nil
	}
	at := place{"account", 0, "qq"}
	if s.Account.QQ == 0 {
		return at, errors.New("the account has no number; write qq = 10001 under [account]")
	}
	if err := name(at, s.Account.QQ, "the account"); err != nil {
		return at, err
	}
	for i, f := range s.Friends {
		at = place{"friends", i, "qq"}
		if err := name(at, f.QQ, "a friend"); err != nil {
			return at, err
		}
		if f.Status != "" && !slices.Contains(statuses, f.Status) {
			return place{"friends", i, "status"}, fmt.Errorf("%q is no status; want one of %s", f.Status, strings.Join(statuses, ", "))
		}
		if f.ClientType < 0 {
			return place{"friends", i, "client_type"}, fmt.Errorf("%d is no client type; want 1 for a PC, 21 for a phone, 41 for the web", f.ClientType)
		}
	}
	for i, p := range s.Strangers {
		at = place{"strangers", i, "qq"}
		if err := name(at, p.QQ, "a stranger"); err != nil {
			return at, err
		}
	}
	numbers := map[int64]bool{}
	for i, g := range s.Groups {
		if p, err := checkRoom("groups", i, g.Number, numbers, g.Owner, g.Members, known, s.Account.QQ); err != nil {
			return p, err
		}
		for _, qq := range g.Admins {
			if !slices.Contains(g.Members, qq) {
				return place{"groups", i, "admins"}, fmt.Errorf("%d is no member of the group %d; add it to members", qq, g.Number)
			}
		}
		for qq := range g.Cards {
			if n, err := strconv.ParseInt(qq, 10, 64); err != nil || !slices.Contains(g.Members, n) {
				return place{"groups", i, "cards"}, fmt.Errorf("%q is no member of the group %d; cards are written 20002 = \"name\"", qq, g.Number)
			}
		}
		if g.Mask < 0 || g.Mask > 2 {
			return place{"groups", i, "mask"}, fmt.Errorf("the mask is %d; want 0 receive, 1 silently, 2 block", g.Mask)
		}
	}
	numbers = map[int64]bool{}
	for i, d := range s.Discussions {
		if p, err := checkRoom("discussions", i, d.Number, numbers, d.Owner, d.Members, known, s.Account.QQ); err != nil {
			return p, err
		}
	}
	for _, choice := range []struct {
		key, value string
		ok         []string
	}{
		{"quiet", s.Behaviour.Quiet, []string{"error", "ok", "empty", "504"}},
		{"send_reply", s.Behaviour.SendReply, []string{"both", "errcode", "1202", "100100"}},
	} {
		if choice.value != "" && !slices.Contains(choice.ok, choice.value) {
			return place{"behaviour", 0, choice.key}, fmt.Errorf("%s is %q; want one of %s", choice.key, choice.value, strings.Join(choice.ok, ", "))
		}
	}
	return place{}, nil
}

// checkRoom checks what groups and discussions have in common.
func checkRoom(table string, i int, number int64, numbers map[int64]bool, owner int64, members []int64, known map[int64]string, account int64) (place, error) {
	if number <= 0 || number > math.MaxUint32 || numbers[number] {
		return place{table, i, "number"}, fmt.Errorf("the number is %d; want one from 1 to %d that no other has", number, uint32(math.MaxUint32))
	}
	numbers[number] = true
	seen := map[int64]bool{}
	for _, qq := range members {
		if known[qq] == "" {
			return place{table, i, "members"}, fmt.Errorf("nobody knows the member %d; add it to [[friends]] or [[strangers]]", qq)
		}
		if seen[qq] {
			return place{table, i, "members"}, fmt.Errorf("%d is a member twice; want it once", qq)
		}
		seen[qq] = true
	}
	if !seen[account] {
		return place{table, i, "members"}, fmt.Errorf("the account %d is not among the members %d; add it", account, members)
	}
	if owner != 0 && !seen[owner] {
		return place{table, i, "owner"}, fmt.Errorf("the owner %d is not among the members %d; add it, or name another", owner, members)
	}
	return place{}, nil
}

// lineOf finds the line where a value stands, or failing that its table. The
// decoder has forgotten it by the time that a value proves wrong.
func lineOf(data []byte, at place) int {
	var p unstable.Parser
	p.Reset(data)
	line, table, index := 1, "", map[string]int{}
	for p.NextExpression() {
		e := p.Expression()
		var path []string
		row := 0
		for it := e.Key(); it.Next(); {
			if row == 0 {
				row = p.Shape(it.Node().Raw).Start.Line
			}
			path = append(path, string(it.Node().Data))
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = path[0]
			if e.Kind == unstable.ArrayTable && len(path) == 1 {
				index[table]++
			}
			path = path[1:]
		case unstable.KeyValue:
			if table == "" && len(path) > 1 {
				if path[0] != at.table {
					continue
				}
				path = path[1:]
			} else if table == "" {
				if path[0] == at.table { // friends = [{...}]: one line for all
					return row
				}
				continue
			}
		default:
			continue
		}
		if table != "" && (table != at.table || max(index[table]-1, 0) != at.index) {
			continue
		}
		if len(path) > 0 && path[0] == at.key {
			return row
		}
		if len(path) == 0 {
			line = row
		}
	}
	return line
}
