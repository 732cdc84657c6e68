package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/qqloop/qqloop/bot"
)

// A Scene is what a template speaks of.
type Scene struct {
	Account string     // the name of the account
	Chat    bot.Chat   // where it was heard: .Chat.Kind, .Chat.ID
	Sender  bot.Person // who said it: .Sender.ID, .Sender.Name, .Sender.Role
	Text    string     // what was said, a mention of the bot taken out
	Rest    string     // what follows the prefix; without one, all of Text
	Match   []string   // what regexp matched: the whole, then its groups
	Event   string     // the type of an event, such as "offline"
	Cause   string     // the service's words for the event
	Time    time.Time  // when: {{.Time.Format "15:04"}}
}

// A Template is a text with places for what was heard, as in text/template.
// Its fields are those of Scene.
type Template struct {
	*template.Template
	source string
}

// UnmarshalText compiles text, and refuses a field that Scene has not.
func (t *Template) UnmarshalText(text []byte) error {
	compiled, err := template.New("").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return fmt.Errorf("the template %q: %s", text, strings.TrimPrefix(err.Error(), "template: :1: "))
	}
	if compiled.Tree != nil {
		if bad := unknownField(compiled.Root, true); bad != "" {
			return fmt.Errorf("the template %q asks for .%s, which there is not: there are %s", text, bad, fields())
		}
	}
	t.Template, t.source = compiled, string(text)
	return nil
}

// render returns what the template says of s.
func (t *Template) render(s *Scene) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		return "", fmt.Errorf("the template %q: %s", t.source, strings.TrimPrefix(err.Error(), `template: :1:`))
	}
	return b.String(), nil
}

// fields returns ".Account, .Chat, ...".
func fields() string {
	var names []string
	for f := range reflect.TypeFor[Scene]().Fields() {
		names = append(names, "."+f.Name)
	}
	return strings.Join(names, ", ")
}

// unknownField returns the first field below n that a Scene does not have. Only
// where dot is the scene can it be known: within range and with it is not.
func unknownField(n parse.Node, scene bool) string {
	all := func(nodes ...parse.Node) string {
		for _, n := range nodes {
			if bad := unknownField(n, scene); bad != "" {
				return bad
			}
		}
		return ""
	}
	branch := func(b *parse.BranchNode, inside bool) string {
		bad := unknownField(b.Pipe, scene)
		for _, list := range []*parse.ListNode{b.List, b.ElseList} {
			if bad == "" && list != nil {
				bad = unknownField(list, inside || list == b.ElseList && scene)
			}
		}
		return bad
	}
	switch n := n.(type) {
	case *parse.ListNode:
		return all(n.Nodes...)
	case *parse.ActionNode:
		return all(n.Pipe)
	case *parse.PipeNode:
		if n == nil {
			return ""
		}
		for _, c := range n.Cmds {
			if bad := all(c.Args...); bad != "" {
				return bad
			}
		}
	case *parse.IfNode:
		return branch(&n.BranchNode, scene)
	case *parse.RangeNode:
		return branch(&n.BranchNode, false)
	case *parse.WithNode:
		return branch(&n.BranchNode, false)
	case *parse.TemplateNode:
		return all(n.Pipe)
	case *parse.FieldNode:
		if scene {
			return missing(n.Ident)
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			return missing(n.Ident[1:])
		}
	}
	return ""
}

// missing returns the part of a path of fields and methods that does not exist.
func missing(path []string) string {
	typ := reflect.TypeFor[Scene]()
	for i, name := range path {
		if _, ok := typ.MethodByName(name); ok {
			return ""
		}
		if typ.Kind() != reflect.Struct {
			return strings.Join(path[:i+1], ".")
		}
		f, ok := typ.FieldByName(name)
		if !ok || !f.IsExported() {
			return strings.Join(path[:i+1], ".")
		}
		typ = f.Type
	}
	return ""
}

// sceneOf returns what templates know of a message.
func sceneOf(account string, m *bot.Message) Scene {
	return Scene{Account: account, Chat: m.Chat, Sender: m.Sender, Text: m.Text, Rest: strings.TrimSpace(m.Text), Time: m.Time}
}

// sceneOfEvent returns what templates know of an event.
func sceneOfEvent(account string, e *bot.Event) Scene {
	return Scene{Account: account, Chat: e.Chat, Sender: e.Sender, Event: string(e.Type), Cause: e.Text, Time: e.Time}
}

// is reports whether id, or a word that stands for it, is in list.
func (p *People) is(id string, list []string) bool {
	return id != "" && slices.ContainsFunc(list, func(who string) bool {
		switch who {
		case "owner":
			return id == p.Owner
		case "admins":
			return id == p.Owner || slices.Contains(p.Admins, id)
		}
		return id == who
	})
}
