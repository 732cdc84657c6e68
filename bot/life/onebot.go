package life

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/onebot"
	"github.com/qqloop/qqloop/onebot/emulator"
	"github.com/qqloop/qqloop/sim"
)

const (
	onebotHost  = "onebot.example"
	onebotToken = "s3cret"
)

// A onebotService is OneBot's emulator, in either flavour, followed in any way.
type onebotService struct {
	l         *life
	server    *server
	service   *emulator.Simulated
	ready     emulator.Ready
	transport onebot.Transport
}

func newOneBot(l *life, server *server) *onebotService {
	s := &onebotService{l: l, server: server}
	s.transport = []onebot.Transport{onebot.SSE, onebot.Poll, onebot.WS, onebot.Auto}[l.rand.IntN(4)]
	heartbeat := time.Duration(60+l.rand.IntN(120)) * time.Second
	if s.transport != onebot.WS && l.rand.IntN(2) == 0 {
		heartbeat = -1 // then get_status tells how the account is
	}
	service := emulator.New(onebotScene(l.rand), emulator.Options{
		Flavour:    []emulator.Flavour{emulator.NapCat, emulator.LLBot}[l.rand.IntN(2)],
		Token:      onebotToken,
		Strings:    l.rand.IntN(3) == 0,
		Heartbeat:  heartbeat,
		ReportSelf: l.rand.IntN(3) == 0,
		Rand:       rand.New(rand.NewPCG(l.o.Seed, 5)),
	})
	s.ready = service.Ready("")
	s.service = emulator.Simulate(l.world, service)
	s.service.OnEvent = func(e emulator.Event) {
		switch e := e.(type) {
		case emulator.Send:
			l.people.answered(string(e.Kind), e.To, e.Text)
		case emulator.Login:
			l.result.Logins++
		}
	}
	s.service.Write = func(x *sim.Exchange, r *emulator.Reply) {
		server.write(x, r.Status, r.Header, r.Body, true)
	}
	return s
}

// onebotScene is who there is.
func onebotScene(rnd *rand.Rand) *emulator.Scene {
	s := emulator.DefaultScene()
	members := []int64{s.Account.QQ}
	for i := range 2 + rnd.IntN(4) {
		qq := int64(30000 + i)
		s.Friends = append(s.Friends, emulator.Friend{QQ: qq, Nick: fmt.Sprint("friend ", i)})
		members = append(members, qq)
	}
	s.Strangers = []emulator.Person{{QQ: 40001, Nick: "stranger"}}
	members = append(members, 40001)
	s.Groups = append(s.Groups, emulator.Group{Number: 901, Name: "二群", Members: members})
	return s
}

func (*onebotService) hosts() []string { return []string{onebotHost} }

// repeats: the history is looked through again after each restart.
func (*onebotService) repeats() bool { return true }

// queued: what nobody has fetched is in the history.
func (*onebotService) queued() int { return 0 }

func (s *onebotService) people() (friends []int64, groups map[int64][]int64, discussion int64) {
	for _, f := range s.ready.Friends {
		friends = append(friends, f.QQ)
	}
	groups = map[int64][]int64{}
	for _, g := range s.ready.Groups {
		for _, m := range g.Members {
			if m != s.ready.Account {
				groups[g.Number] = append(groups[g.Number], m)
			}
		}
	}
	return friends, groups, 0
}

func (s *onebotService) command(line string) error { return s.service.Command(line) }

func (s *onebotService) handle(x *sim.Exchange) { s.service.Handle(x) }

// onebotPaths are where the implementation may fail.
var onebotPaths = [...]string{
	"/get_login_info", "/get_version_info", "/get_status", "/get_group_list", "/get_friend_list",
	"/get_group_msg_history", "/get_friend_msg_history", "/send_private_msg", "/send_group_msg", "/_events", "/get_event",
}

func (s *onebotService) mishap(w *weather, kind int, left time.Duration) {
	switch kind {
	case 0:
		// For longer than the client may take to notice: after a notice it believes
		// no heartbeat until one has admitted it.
		word := []string{"kick", "offline"}[w.rand.IntN(2)]
		w.note("the account is put out (%s)", word)
		s.command(word) // it may be out already
		s.l.world.After(s.l.between(min(10*time.Minute, left), min(left, 6*time.Hour)), func() { s.command("online") })
		return
	case 1:
		w.note("every event stream is closed")
		s.command("close")
		return
	}
	path := onebotPaths[w.rand.IntN(len(onebotPaths))]
	n := 1 + w.rand.IntN(4)
	how := w.rand.IntN(4)
	if how == 3 && strings.HasPrefix(path, "/send_") && s.transport != onebot.SSE && s.transport != onebot.Poll {
		how = 2 // over a WebSocket a failure is a refusal, and that is for good
	}
	switch how {
	case 0:
		w.note("the service drops: %s", path)
		s.command(fmt.Sprintf("drop %s %d", path, n))
	case 1:
		w.note("the service answers nothing: %s", path)
		s.command(fmt.Sprintf("empty %s %d", path, n))
	case 2:
		w.note("the service is slow: %s", path)
		s.command(fmt.Sprintf("slow %s %d %d", path, 1000+w.rand.IntN(60000), n))
	default:
		// By nothing that would be for good.
		code := []int{500, 502, 503}[w.rand.IntN(3)]
		w.note("the service fails: %s %d", path, code)
		s.command(fmt.Sprintf("fail %s %d %d", path, code, n))
	}
}

func (s *onebotService) connect(p *process, store bot.Store) error {
	l := p.l
	p.open(nil)
	var account *bot.OneBot
	client, err := onebot.New(&adder{l.watch, p, p.stream}, onebot.Options{
		URL:       "http://" + onebotHost,
		Token:     onebotToken,
		Transport: s.transport,
		PollWait:  100 * time.Second,
		Check:     2 * time.Minute,
		Renew:     30 * time.Minute,
		OnMessage: func(e onebot.Event) { p.heard(account.Message(e)) },
		OnEvent:   func(e onebot.Event) { p.bot.Event(account.Event(e)) },
		OnState: func(c onebot.Change) {
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
	account = bot.NewOneBot(client, "")
	p.client, p.account = client, account
	p.state = func() string { return client.State().String() }
	p.stop = account.KeepHeard(p.loop, store, bot.Heard{Table: "heard", Most: 7 * day, Logger: p.log})
	return nil
}
