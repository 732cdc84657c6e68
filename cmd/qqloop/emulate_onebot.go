package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	onebotemulator "github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// oneBotFlags are those of qqloop emulate --service onebot.
type oneBotFlags struct {
	Flavour   *string        `enum:"napcat,llbot" placeholder:"napcat|llbot" help:"Whose OneBot to be. Default: napcat."`
	Token     *string        `placeholder:"TEXT" help:"The access token that OneBot's clients must have: a test's, no secret."`
	Strings   bool           `help:"Messages in OneBot's events are strings with CQ codes, not lists of segments."`
	Self      bool           `help:"Tell OneBot's clients of the account's own messages too."`
	Heartbeat *time.Duration `placeholder:"TIME" help:"The interval of OneBot's heartbeats, 0s for none. Default: 30s."`
	Report    []string       `sep:"none" placeholder:"URL" help:"POST OneBot's events there."`
}

// foreign refuses flags of the other service.
func (f *oneBotFlags) foreign(c *emulateCmd) error {
	if c.Service != "onebot" {
		if f.Flavour != nil || f.Token != nil || f.Strings || f.Self || f.Heartbeat != nil || len(f.Report) > 0 {
			return usagef("--flavour, --token, --strings, --self, --heartbeat and --report are for --service onebot")
		}
		return nil
	}
	if c.HTTPS != "" || c.CAOut != "" || c.Lenient || c.ScanAfter != 0 {
		return usagef("--https, --ca-out, --lenient and --scan-after are for --service webqq")
	}
	if f.Heartbeat != nil && *f.Heartbeat < 0 {
		return usagef("--heartbeat %v: a time above 0, or 0s for none", *f.Heartbeat)
	}
	for _, at := range f.Report {
		if u, err := url.Parse(at); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return usagef("--report %s: not a URL such as http://127.0.0.1:8080/hook", at)
		}
	}
	return nil
}

func (f *oneBotFlags) options() onebotemulator.Options {
	o := onebotemulator.Options{Strings: f.Strings, ReportSelf: f.Self, Reports: f.Report}
	if f.Flavour != nil {
		o.Flavour = onebotemulator.Flavour(*f.Flavour)
	}
	if f.Token != nil {
		o.Token = *f.Token
	}
	if f.Heartbeat != nil {
		if o.Heartbeat = *f.Heartbeat; o.Heartbeat == 0 {
			o.Heartbeat = -1
		}
	}
	return o
}

// oneBot serves OneBot until it is told to stop.
func (c *emulateCmd) oneBot(e *env, scene *emulator.Scene, out *eventWriter) error {
	o := c.OneBot.options()
	o.Log = func(what string) { fmt.Fprintf(e.stderr, "qqloop: %s\n", what) }
	service := onebotemulator.New(oneBotScene(scene), o)
	server, err := onebotemulator.Start(service, onebotemulator.ServerOptions{HTTP: c.HTTP, OnEvent: func(e onebotemulator.Event) { out.event(e) }})
	if err != nil {
		return err
	}
	defer server.Close()
	if c.ConfigOut != "" {
		if err := writeOneBotConfig(c.ConfigOut, scene.Account.Nick, server.HTTPAddr(), o.Token); err != nil {
			return err
		}
	}
	out.ready(server.Ready())
	return c.serve(e, server, out)
}

// writeOneBotConfig writes a configuration that leads qqloop run to the
// emulator; a token goes into a file of its own beside it.
func writeOneBotConfig(file, nick, address, token string) error {
	at, err := reachable(address)
	if err != nil {
		return err
	}
	c := &config{Account: accountConfig{Service: serviceOneBot, Nick: nick, serviceConfig: serviceConfig{Address: "http://" + at}}}
	if token != "" {
		tokenFile := strings.TrimSuffix(file, filepath.Ext(file)) + ".token"
		if err := writeSecret(tokenFile, []byte(token+"\n")); err != nil {
			return err
		}
		c.Account.TokenFile = filepath.Base(tokenFile)
	}
	text, err := configText(c)
	if err != nil {
		return err
	}
	return writeSecret(file, text)
}

// oneBotScene is the scene of the other emulator: one file serves both. What
// OneBot does not have is left out.
func oneBotScene(s *emulator.Scene) *onebotemulator.Scene {
	o := &onebotemulator.Scene{Account: onebotemulator.Person{QQ: s.Account.QQ, Nick: s.Account.Nick}}
	for _, f := range s.Friends {
		o.Friends = append(o.Friends, onebotemulator.Friend{QQ: f.QQ, Nick: f.Nick, Remark: f.Markname})
	}
	for _, p := range s.Strangers {
		o.Strangers = append(o.Strangers, onebotemulator.Person{QQ: p.QQ, Nick: p.Nick})
	}
	for _, g := range s.Groups {
		cards := map[int64]string{}
		for qq, card := range g.Cards {
			n, err := strconv.ParseInt(qq, 10, 64)
			if err == nil { // ParseScene has seen to it
				cards[n] = card
			}
		}
		o.Groups = append(o.Groups, onebotemulator.Group{
			Number: g.Number, Name: g.Name, Owner: g.Owner, Admins: g.Admins, Members: g.Members, Cards: cards,
		})
	}
	return o
}
