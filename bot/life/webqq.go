package life

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/sim"
	"github.com/qqloop/qqloop/webqq"
	"github.com/qqloop/qqloop/webqq/emulator"
)

const pollPath = "/channel/poll2"

// A webqqService is WebQQ's emulator.
type webqqService struct {
	l       *life
	server  *server
	service *emulator.Service
	parked  map[emulator.Ticket]*sim.Exchange
	timer   *sim.Timer
}

func newWebQQ(l *life, s *server) *webqqService {
	return &webqqService{l: l, server: s, parked: map[emulator.Ticket]*sim.Exchange{},
		service: emulator.New(webqqScene(l.rand), emulator.Options{
			Rand: rand.New(rand.NewPCG(l.o.Seed, 5)),
			Hold: time.Duration(100+l.rand.IntN(15)) * time.Second,
		})}
}

func (*webqqService) hosts() []string { return emulator.Hosts() }

// repeats: the service lets go of a message with the first poll that has it.
func (*webqqService) repeats() bool { return false }

func (s *webqqService) queued() int { return s.service.Queued() }

func (s *webqqService) people() (friends []int64, groups map[int64][]int64, discussion int64) {
	ready := s.service.Ready("", "")
	for _, f := range ready.Friends {
		friends = append(friends, f.Uin)
	}
	groups = map[int64][]int64{}
	for _, g := range ready.Groups {
		for _, m := range g.Members {
			if m != ready.Account {
				groups[g.GID] = append(groups[g.GID], m)
			}
		}
	}
	return friends, groups, 700
}

func (s *webqqService) command(line string) error {
	err := s.service.Command(s.server.now(), line)
	s.settle()
	return err
}

func (s *webqqService) handle(x *sim.Exchange) {
	r := x.Request
	ticket, reply := s.service.Handle(s.server.now(), &emulator.Request{
		Method: r.Method, Host: r.Host, Path: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header, Body: x.Body,
	})
	if reply == nil {
		s.parked[ticket] = x
		x.OnGone = func() {
			delete(s.parked, ticket)
			s.service.Abandon(ticket)
			s.settle()
		}
	} else {
		s.write(ticket, x, reply)
	}
	s.settle()
}

// settle carries out what the service has come to.
func (s *webqqService) settle() {
	for {
		done := s.service.Completed()
		for _, c := range done {
			if x := s.parked[c.Ticket]; x != nil {
				delete(s.parked, c.Ticket)
				s.write(c.Ticket, x, c.Reply)
			}
		}
		if len(done) == 0 {
			break
		}
	}
	for _, e := range s.service.Events() {
		switch e := e.(type) {
		case emulator.Send:
			s.l.people.answered(string(e.Kind), e.To, e.Text)
		case emulator.Login:
			s.l.result.Logins++
		}
	}
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if due, ok := s.service.Next(); ok {
		s.timer = s.l.world.After(due.Sub(s.server.now()), func() {
			s.timer = nil
			s.service.Advance(s.server.now())
			s.settle()
		})
	}
}

func (s *webqqService) write(t emulator.Ticket, x *sim.Exchange, reply *emulator.Reply) {
	poll := x.Request.URL.Path == pollPath
	if poll {
		s.l.people.carried(x, reply.Body)
	}
	if reply.Drop {
		x.OnGone = nil
		x.Peer.Close()
		s.service.Delivered(t, false)
		return
	}
	s.server.write(x, reply.Status, reply.Header, reply.Body, poll)
	s.service.Delivered(t, true)
}

// A jar remembers what it has said of each URL: to sort the cookies anew for each
// request is an eighth of a life.
type jar struct {
	*cookiejar.Jar
	said map[string][]*http.Cookie
}

// Cookies implements http.CookieJar. Nobody may change what it returns.
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	at := u.Scheme + u.Host + u.Path
	cookies, ok := j.said[at]
	if !ok {
		cookies = j.Jar.Cookies(u)
		if j.said == nil {
			j.said = map[string][]*http.Cookie{}
		}
		j.said[at] = cookies
	}
	return cookies
}

// SetCookies implements http.CookieJar.
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.Jar.SetCookies(u, cookies)
	clear(j.said)
}

// webqqPaths are where the service itself may fail.
var webqqPaths = [...]string{
	"/channel/poll2", "/channel/send_buddy_msg2", "/channel/send_qun_msg2", "/channel/send_discu_msg2",
	"/channel/login2", "/api/getvfwebqq", "/api/get_user_friends2", "/api/get_group_name_list_mask2",
	"/channel/get_online_buddies2", "/api/get_group_info_ext2", "/ptqrlogin", "/ptqrshow", "/pt4_auth",
}

func (s *webqqService) mishap(w *weather, kind int, _ time.Duration) {
	switch kind {
	case 0:
		w.note("somebody logs in with the account")
		s.command("kick")
		return
	case 1:
		w.note("the session expires")
		s.command("expire")
		return
	}
	path := webqqPaths[w.rand.IntN(len(webqqPaths))]
	n := 1 + w.rand.IntN(4)
	switch how := w.rand.IntN(4); {
	case how == 0:
		w.note("the service drops: %s", path)
		s.command(fmt.Sprintf("drop %s %d", path, n))
	case how == 1:
		w.note("the service answers nothing: %s", path)
		s.command(fmt.Sprintf("empty %s %d", path, n))
	case how == 2 && path != pollPath:
		w.note("the service is slow: %s", path)
		s.command(fmt.Sprintf("slow %s %d %d", path, 1000+w.rand.IntN(60000), n))
	default:
		// A send is refused by nothing that would be for good.
		code := []int{500, 502, 503, 103, 121, 404, 100012}[w.rand.IntN(7)]
		if strings.Contains(path, "send_") {
			// Nor does it disown two sessions in a row.
			code, n = []int{500, 502, 103}[w.rand.IntN(3)], 1
		}
		w.note("the service fails: %s %d", path, code)
		s.command(fmt.Sprintf("fail %s %d %d", path, code, n))
	}
}

func (s *webqqService) connect(p *process, _ bot.Store) error {
	l := p.l
	cookies, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	jar := &jar{Jar: cookies}
	p.open(jar)
	var account *bot.WebQQ
	client, err := webqq.New(&adder{l.watch, p, p.stream}, webqq.Options{
		Jar:         jar,
		Plain:       true, // the simulated network has no TLS
		QRCode:      func([]byte) {},
		Session:     slices.Clone(l.disk.session),
		SaveSession: func(session []byte) { l.disk.session = session },
		OnMessage:   func(m webqq.Message) { p.heard(account.Message(m)) },
		OnState: func(c webqq.Change) {
			l.tell("the bot is %v", c.State)
			if e, ok := account.Change(c, p.loop.Wall()); ok {
				p.bot.Event(e)
			}
		},
		Rand:   rand.NewPCG(l.rand.Uint64(), 7),
		Logger: p.log,
	})
	if err != nil {
		return err
	}
	account = bot.NewWebQQ(client, "")
	p.client, p.account = client, account
	p.state = func() string { return client.State().String() }
	return nil
}

// webqqScene is who there is: the account, friends, groups, and how the service
// behaves this year.
func webqqScene(rnd *rand.Rand) *emulator.Scene {
	s := emulator.DefaultScene()
	members := []int64{s.Account.QQ}
	for i := range 2 + rnd.IntN(4) {
		qq := int64(30000 + i)
		s.Friends = append(s.Friends, emulator.Friend{QQ: qq, Nick: fmt.Sprint("friend ", i)})
		members = append(members, qq)
	}
	s.Strangers = []emulator.Stranger{{QQ: 40001, Nick: "stranger"}}
	members = append(members, 40001)
	s.Groups = append(s.Groups, emulator.Group{Number: 901, Name: "二群", Members: members})
	b := &s.Behaviour
	b.BuddiesFirst = rnd.IntN(3) == 0
	b.Echo = rnd.IntN(3) == 0
	b.EmptyPtwebqq = rnd.IntN(4) == 0
	b.Quiet = []string{"", "ok", "empty", "504"}[rnd.IntN(4)]
	b.SendReply = []string{"", "errcode", "1202", "100100"}[rnd.IntN(4)]
	return s
}
