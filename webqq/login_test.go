package webqq

import (
	"encoding/json"
	"errors"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qqloop/qqloop/sched"
	"github.com/qqloop/qqloop/webqq/emulator"
)

// A second process with the session of the first one needs no code, and
// answers what was said in between.
func TestResume(t *testing.T) {
	for _, tt := range []struct {
		name  string
		era   Era
		event string // what happens between the two
		codes int
	}{
		{"a restart", SmartQQ, "# nothing", 1},
		{"a restart, classic", Classic, "# nothing", 0},
		{"the session expired", SmartQQ, "expire", 1},
		{"the session expired, classic", Classic, "expire", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newStage(t, emulator.DefaultScene(), func(o *Options) {
				if tt.era == Classic {
					classic(o)
				}
			})
			g.start()
			g.client.Stop()
			g.run(time.Second)
			if len(g.stopped) != 1 || g.stopped[0] != nil {
				t.Fatalf("stopped: got %v; want [nil]", g.stopped)
			}
			saved := string(g.session)
			g.command("say friend 20002 between")
			g.command(tt.event)

			g.newStream()
			g.client = g.newClient(func(o *Options) {
				if tt.era == Classic {
					classic(o)
				}
				o.Session = []byte(saved)
			})
			pages := g.requests["/cgi-bin/login"]
			g.start()
			if g.codes != tt.codes {
				t.Errorf("got %d codes; want %d", g.codes, tt.codes)
			}
			if fresh := g.requests["/cgi-bin/login"] - pages; fresh != 0 && tt.event != "expire" {
				t.Errorf("the login page was asked for %d times; want the session resumed", fresh)
			}
			if tt.event != "expire" && !slices.Equal(g.texts(), []string{"between"}) {
				t.Errorf("heard %q; want what was said between", g.texts())
			}
			if g.client.Account() != 10001 || g.client.Nick() != "bot" {
				t.Errorf("got account %d, nick %q; want 10001, bot", g.client.Account(), g.client.Nick())
			}
		})
	}
}

func TestUselessSessions(t *testing.T) {
	good, _ := json.Marshal(session{Era: "smartqq", UIN: 10001, ClientID: "53999199", PSessionID: "ab"})
	for _, tt := range []struct{ name, session, log string }{
		{"garbage", "{{", "damaged"},
		{"another file", `{"name":"x"}`, "lacks uin"},
		{"another era", strings.Replace(string(good), "smartqq", "webqq", 1), "of the era"},
		{"another account", strings.Replace(string(good), "10001", "10002", 1), "of the account 10002"},
		{"an odd clientid", strings.Replace(string(good), "53999199", "x", 1), "no number"},
		{"of a service that has forgotten", string(good), "a login step failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newStage(t, emulator.DefaultScene(), func(o *Options) {
				o.Account, o.Session = 10001, []byte(tt.session)
			})
			g.start()
			if g.codes != 1 {
				t.Errorf("got %d codes; want 1", g.codes)
			}
			if !strings.Contains(g.log.String(), tt.log) {
				t.Errorf("the log does not say %q:\n%s", tt.log, g.log.String())
			}
		})
	}
}

func FuzzSession(f *testing.F) {
	f.Add([]byte(`{"era":"smartqq","uin":1,"clientid":"5","psessionid":"x","cookies":{"qq.com":{"skey":"@a"}}}`))
	f.Add([]byte(`{"uin":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := decodeSession(text)
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Fatalf("got a %T; want a *FormatError", err)
			}
			return
		}
		jar, _ := cookiejar.New(nil)
		importCookies(jar, s.Cookies)
		exportCookies(jar)
	})
}

// The phone says no, then the code gets old, then somebody scans.
func TestCodes(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.service = emulator.New(emulator.DefaultScene(), emulator.Options{ScanAfter: emulator.NeverScan})
	g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
	g.run(time.Second)
	g.command("refuse")
	g.until("another code", 20*time.Second, func() bool { return g.codes == 2 })
	g.run(3 * time.Minute) // a code lives two minutes
	if g.codes != 3 {
		t.Errorf("got %d codes; want 3", g.codes)
	}
	g.command("scan")
	g.online(20 * time.Second)
	var got []State
	for _, s := range g.states {
		got = append(got, s.State)
	}
	want := []State{LoggingIn, WaitingForScan, Waiting, WaitingForScan, Scanned, LoggingIn, LoadingContacts, Online}
	if !slices.Equal(got, want) {
		t.Errorf("got the states %v; want %v", got, want)
	}
}

func TestCaptcha(t *testing.T) {
	scene := emulator.DefaultScene()
	scene.Behaviour.Captcha = true
	var answers []func(string)
	g := newStage(t, scene, func(o *Options) {
		classic(o)
		o.Captcha = func(image []byte, answer func(string)) {
			if len(image) == 0 {
				t.Error("the image is empty")
			}
			answers = append(answers, answer)
		}
	})
	g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
	g.until("asked", time.Second, func() bool { return len(answers) == 1 })
	g.run(time.Minute)
	answers[0]("") // cannot read it
	g.until("asked again", time.Second, func() bool { return len(answers) == 2 })
	answers[0]("late")
	answers[1]("zzzz") // wrong
	g.until("asked a third time", 10*time.Second, func() bool { return len(answers) == 3 })
	letters := strings.ToLower(g.service.Captcha())
	answers[2](" " + letters + "\n")
	answers[2]("again")
	g.online(10 * time.Second)
	if n := g.requests["/login"]; n != 2 {
		t.Errorf("got %d logins; want 2", n)
	}
}

// What only a person can mend ends Start with a sentence, not a loop.
func TestGivingUp(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options)
		scene  func(*emulator.Scene)
		want   string
		is     error
	}{
		{"wrong password", func(o *Options) { classic(o); o.Password = "no" }, nil, "您输入的帐号或密码不正确", nil},
		{"nobody to read a captcha", classic, func(s *emulator.Scene) { s.Behaviour.Captcha = true }, "", ErrCaptcha},
		{"nobody to scan", func(o *Options) { o.QRCode = nil }, nil, "", ErrQRCode},
		{"somebody else scans", func(o *Options) { o.Account = 10009 }, nil, "", errWrongAccount},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scene := emulator.DefaultScene()
			if tt.scene != nil {
				tt.scene(scene)
			}
			g := newStage(t, scene, tt.change)
			g.client.Start(func(err error) { g.stopped = append(g.stopped, err) })
			g.run(time.Minute)
			if len(g.stopped) != 1 || g.stopped[0] == nil || tt.is != nil && !errors.Is(g.stopped[0], tt.is) ||
				!strings.Contains(g.stopped[0].Error(), tt.want) {
				t.Fatalf("stopped: got %v; want one error that says %q, %v", g.stopped, tt.want, tt.is)
			}
			if g.client.State() != Offline {
				t.Errorf("got state %v; want offline", g.client.State())
			}
		})
	}
}

// Login and Listen one by one.
func TestLoginAndListen(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	var early, twice, login []error
	g.client.Listen(func(err error) { early = append(early, err) })
	g.client.Login(func(err error) { login = append(login, err) })
	g.client.Login(func(err error) { twice = append(twice, err) })
	if len(early)+len(twice)+len(login) != 0 {
		t.Fatal("a done was called before its method returned")
	}
	g.run(10 * time.Second)
	if len(early) != 1 || !errors.Is(early[0], ErrNotLoggedIn) {
		t.Errorf("Listen before Login: got %v; want ErrNotLoggedIn", early)
	}
	if len(twice) != 1 || !errors.Is(twice[0], ErrBusy) {
		t.Errorf("a second Login: got %v; want ErrBusy", twice)
	}
	if len(login) != 1 || login[0] != nil {
		t.Fatalf("Login: got %v; want [nil]", login)
	}
	if n := g.requests["/channel/poll2"]; n != 0 {
		t.Errorf("got %d polls after Login; want none", n)
	}
	g.client.Listen(func(err error) { g.stopped = append(g.stopped, err) })
	g.online(time.Second)

	// A login that fails says so once, and does not try for ever.
	h := newStage(t, emulator.DefaultScene(), func(o *Options) { classic(o); o.Password = "no" })
	var failed []error
	h.client.Login(func(err error) { failed = append(failed, err) })
	h.run(time.Minute)
	if len(failed) != 1 || failed[0] == nil {
		t.Errorf("got %v; want one error", failed)
	}
}

// A stream that is closed ends the client with its error.
func TestStreamClosed(t *testing.T) {
	g := newStage(t, emulator.DefaultScene(), nil)
	g.start()
	if err := g.stream.Close(); err != nil {
		t.Fatal(err)
	}
	g.run(time.Second)
	if len(g.stopped) != 1 || !errors.Is(g.stopped[0], sched.ErrClosed) {
		t.Errorf("stopped: got %v; want the stream's error", g.stopped)
	}
}

// Every way in which the real service behaved in some year.
func TestBehaviours(t *testing.T) {
	for _, tt := range []struct {
		name  string
		scene func(*emulator.Behaviour)
	}{
		{"no poll before get_online_buddies2", func(b *emulator.Behaviour) { b.BuddiesFirst = true }},
		{"the empty ptwebqq of 2018", func(b *emulator.Behaviour) { b.EmptyPtwebqq = true }},
		{"own messages come back", func(b *emulator.Behaviour) { b.Echo = true }},
		{"quiet: ok", func(b *emulator.Behaviour) { b.Quiet = "ok" }},
		{"quiet: empty", func(b *emulator.Behaviour) { b.Quiet = "empty" }},
		{"quiet: 504", func(b *emulator.Behaviour) { b.Quiet = "504" }},
		{"send: errcode", func(b *emulator.Behaviour) { b.SendReply = "errcode" }},
		{"send: 1202", func(b *emulator.Behaviour) { b.SendReply = "1202" }},
		{"send: 100100", func(b *emulator.Behaviour) { b.SendReply = "100100" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, outcome := answering(t, nil)
			scene := emulator.DefaultScene()
			tt.scene(&scene.Behaviour)
			g.service = emulator.New(scene, emulator.Options{})
			g.start()
			for i, line := range []string{"say friend 20002 a", "say group 900 20003 b", "say discuss 700 20002 c"} {
				g.command(line)
				g.run(3 * time.Minute)
				if text := string(rune('a' + i)); outcome[text] != nil {
					t.Errorf("the answer to %s: %v", text, outcome[text])
				}
			}
			if got, want := g.texts(), []string{"a", "b", "c"}; !slices.Equal(got, want) {
				t.Errorf("heard %q; want %q", got, want)
			}
			if got := len(g.sends()); got != 3 {
				t.Errorf("got %d sends; want 3: %q", got, g.sends())
			}
			if g.codes != 1 {
				t.Errorf("got %d codes; want 1", g.codes)
			}
		})
	}
}
