package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

func (s *Service) sendFriend(c *call) *Reply {
	to, ok := c.session.people.scene(c.field("to"))
	if !ok || s.scene.friend(to) == nil {
		return s.refuse(c, 100001, fmt.Sprintf("the uin %q is of no friend in this session", c.field("to")))
	}
	return s.send(c, ToFriend, to)
}

func (s *Service) sendGroup(c *call) *Reply {
	to, ok := c.session.gids.scene(c.field("group_uin"))
	if !ok {
		return s.refuse(c, 100001, fmt.Sprintf("the group_uin %q is no gid of this session", c.field("group_uin")))
	}
	return s.send(c, ToGroup, to)
}

func (s *Service) sendDiscuss(c *call) *Reply {
	to, ok := c.session.dids.scene(c.field("did"))
	if !ok {
		return s.refuse(c, 100001, fmt.Sprintf("the did %q is of no discussion in this session", c.field("did")))
	}
	return s.send(c, ToDiscuss, to)
}

// sendSess wants the signature that get_c2cmsg_sig2 gave for the same person.
func (s *Service) sendSess(c *call) *Reply {
	to, ok := c.session.people.scene(c.field("to"))
	switch {
	case !ok:
		return s.refuse(c, 100001, fmt.Sprintf("the uin %q is of nobody in this session", c.field("to")))
	case !c.session.sigs[sigName(to, c.field("group_sig"))]:
		return s.refuse(c, 100001, "the group_sig is not one that get_c2cmsg_sig2 gave for this uin")
	}
	return s.send(c, ToSess, to)
}

func sigName(to int64, sig string) string { return fmt.Sprint(to, sig) }

// sessSig gives the signature for messages to anyone whom the account meets in
// a group or a discussion, a friend or not. The id says in which; twqq always
// sent the same one, so it cannot have mattered.
func (s *Service) sessSig(c *call) *Reply {
	to, ok := c.session.people.scene(c.field("to_uin"))
	if !ok {
		return s.refuse(c, 100001, fmt.Sprintf("the uin %q is of nobody in this session", c.field("to_uin")))
	}
	if len(c.session.sigs) >= maxSigs {
		clear(c.session.sigs)
	}
	sig := s.draw(hexDigits, 96)
	c.session.sigs[sigName(to, sig)] = true
	return okLast(object{"type", 0, "value", sig, "flags", object{"text", 1, "pic", 1, "file", 1, "audio", 1, "video", 1}})
}

// send accepts a message, and lets it come back where the scene says so. To a
// friend it comes back from the account itself, without a word about whom it
// was for.
func (s *Service) send(c *call, kind Kind, to int64) *Reply {
	content := c.r["content"]
	if c.r == nil {
		content = c.field("content")
	}
	text, err := contentText(content)
	if err != nil {
		return s.refuse(c, 100006, err.Error())
	}
	s.events = append(s.events, Send{kind, to, text})
	if s.scene.Behaviour.Echo && c.session.era == SmartQQ && kind != ToSess {
		room := to
		if kind == ToFriend {
			room = 0
		}
		if err := s.push(kind, c.session.account, room, text); err != nil {
			s.log("an echo was dropped: " + err.Error())
		}
	}
	return s.sendReply(c.session.era)
}

func (s *Service) sendReply(era Era) *Reply {
	if era == WebQQ {
		return ok("ok")
	}
	switch s.scene.Behaviour.SendReply {
	case "errcode":
		return jsonReply(object{"errCode", 0, "msg", "send ok"})
	case "1202":
		return jsonReply(object{"retcode", 1202, "errmsg", ""})
	case "100100":
		return jsonReply(object{"errmsg", "error!!!", "retcode", 100100})
	}
	return reply(http.StatusOK, typeJSON, []byte(`{"retcode":0,"errCode":0,"msg":"send ok"}`))
}

// contentText joins the text items of a message. On its way out content is a
// string that holds JSON, a list inside a string inside r; a client that put
// the bare list there is understood too.
func contentText(content any) (string, error) {
	items, isList := content.([]any)
	if !isList {
		text, isString := content.(string)
		if !isString {
			return "", errors.New("content is neither a string of JSON nor a list")
		}
		if err := json.Unmarshal([]byte(text), &items); err != nil || items == nil {
			return "", fmt.Errorf("content is %q; want a list in JSON", text)
		}
	}
	if len(items) == 0 {
		return "", errors.New("content is an empty list; want text, and a font at the end")
	}
	var b strings.Builder
	for _, item := range items {
		switch item := item.(type) {
		case string:
			b.WriteString(item)
		case []any: // a font, a face, a picture
		default:
			return "", fmt.Errorf("content holds %v; want strings and lists", item)
		}
	}
	return b.String(), nil
}
