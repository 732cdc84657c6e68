package emulator

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"go.uber.org/goleak"
)

// A user is somebody with a server, and stock clients to try it with.
type user struct {
	t      *testing.T
	server *Server
	events chan Event
	http   *http.Client
}

func newUser(t *testing.T, o Options) *user {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	u := &user{t: t, events: make(chan Event, 1000), http: &http.Client{Transport: &http.Transport{}}}
	var err error
	u.server, err = Start(New(DefaultScene(), o), ServerOptions{OnEvent: func(e Event) { u.events <- e }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		u.http.CloseIdleConnections()
		if err := u.server.Close(); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t, ignore)
	})
	return u
}

func (u *user) command(line string) {
	u.t.Helper()
	if err := u.server.Command(line); err != nil {
		u.t.Fatal(err)
	}
}

// event returns the next event, which must be written so.
func (u *user) event(want string) {
	u.t.Helper()
	if got := string((<-u.events).AppendJSON(nil)); got != want {
		u.t.Fatalf("got event %s; want %s", got, want)
	}
}

func (u *user) post(action, body string) string {
	u.t.Helper()
	resp, err := u.http.Post("http://"+u.server.HTTPAddr()+"/"+action, "application/json", strings.NewReader(body))
	if err != nil {
		u.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return string(text)
}

func TestServerStream(t *testing.T) {
	u := newUser(t, Options{Heartbeat: -1})
	resp, err := u.http.Get("http://" + u.server.HTTPAddr() + "/_events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	u.event(`{"event":"login","uin":10001,"era":"onebot"}`)
	u.command("say friend 20002 hi")
	lines := bufio.NewReader(resp.Body)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `data: {"time":`) || !strings.Contains(line, `"raw_message":"hi"`) {
		t.Errorf("got %q, %v", line, err)
	}
	u.event(`{"event":"delivered","kind":"friend","from":20002,"text":"hi"}`)
	u.command("close")
	u.event(`{"event":"logout","uin":10001}`)
	if rest, err := io.ReadAll(lines); string(rest) != "\n" || err == nil {
		t.Errorf("got %q, %v; want a blank line, and a stream that was cut", rest, err)
	}
}

// TestServerPoll holds a poll until there is news.
func TestServerPoll(t *testing.T) {
	u := newUser(t, Options{Flavour: LLBot})
	u.post("get_event", `{"key":"k","timeout":0}`)
	u.event(`{"event":"login","uin":10001,"era":"onebot"}`)
	answer := make(chan string)
	go func() { answer <- u.post("get_event", `{"key":"k","timeout":600000}`) }()
	u.command("say group 900 20003 @bot hi") // before it is parked, or after: it is news
	if got := <-answer; !strings.Contains(got, `"raw_message":"[CQ:at,qq=10001] hi"`) {
		t.Errorf("got %s", got)
	}
	u.event(`{"event":"delivered","kind":"group","from":20003,"text":"@bot hi"}`)
}

// TestServerSocket talks over a WebSocket of github.com/gobwas/ws.
func TestServerSocket(t *testing.T) {
	u := newUser(t, Options{Token: "s3cret", Heartbeat: -1})
	dialer := ws.Dialer{Header: ws.HandshakeHeaderHTTP{"Authorization": {"Bearer s3cret"}}}
	conn, buffered, _, err := dialer.Dial(t.Context(), "ws://"+u.server.HTTPAddr()+"/")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var in io.Reader = conn
	if buffered != nil { // the first event came with the head
		in = io.MultiReader(buffered, conn)
	}
	both := struct {
		io.Reader
		io.Writer
	}{in, conn}
	read := func(want string) {
		t.Helper()
		got, err := wsutil.ReadServerText(both)
		if err != nil || !strings.Contains(string(got), want) {
			t.Fatalf("got %s, %v; want %s", got, err, want)
		}
	}
	read(`"sub_type":"connect"`)
	if err := wsutil.WriteClientText(both, []byte(`{"action":"get_login_info","echo":[1,"<a&b>"]}`)); err != nil {
		t.Fatal(err)
	}
	read(`"echo":[1,"<a&b>"]`)
	u.command("say friend 20002 hi")
	read(`"raw_message":"hi"`)
	big := bytes.Repeat([]byte("a"), 1<<20)
	call := fmt.Appendf(nil, `{"action":"send_private_msg","params":{"user_id":20002,"message":[{"type":"image","data":{"file":"base64://%s"}}]},"echo":"big"}`, big)
	if err := wsutil.WriteClientText(both, call); err != nil {
		t.Fatal(err)
	}
	read(`"echo":"big"`)
	if err := wsutil.WriteClientMessage(both, ws.OpClose, ws.NewCloseFrameBody(1000, "")); err != nil {
		t.Fatal(err)
	}
	if _, err := wsutil.ReadServerText(both); err == nil {
		t.Error("a closed WebSocket goes on")
	}
}

// TestServerReports is an application that is told of events, checks who tells
// it, and answers with a quick operation.
func TestServerReports(t *testing.T) {
	got := make(chan string, 10)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("X-Signature") != signature("s3cret", body) {
			got <- fmt.Sprint("a bad report: ", err)
		}
		got <- r.Header.Get("X-Self-ID") + " " + string(body)
		if bytes.Contains(body, []byte(`"post_type":"message"`)) {
			io.WriteString(w, `{"reply":"pong"}`)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer app.Close()
	u := newUser(t, Options{Token: "s3cret", Reports: []string{app.URL + "/hook"}, Heartbeat: -1})
	if hello := <-got; !strings.HasPrefix(hello, "10001 {") || !strings.Contains(hello, `"sub_type":"enable"`) {
		t.Errorf("got %s", hello)
	}
	u.command("say friend 20002 ping")
	if said := <-got; !strings.Contains(said, `"raw_message":"ping"`) {
		t.Errorf("got %s", said)
	}
	u.event(`{"event":"delivered","kind":"friend","from":20002,"text":"ping"}`)
	u.event(`{"event":"send","kind":"friend","to":20002,"text":"pong"}`)
}

// TestServerClose ends what is under way: a stream, a poll and a WebSocket.
func TestServerClose(t *testing.T) {
	u := newUser(t, Options{Flavour: LLBot})
	resp, err := u.http.Get("http://" + u.server.HTTPAddr() + "/_events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	conn, _, _, err := ws.Dialer{}.Dial(t.Context(), "ws://"+u.server.HTTPAddr()+"/api")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	polled := make(chan error)
	go func() {
		_, err := u.http.Post("http://"+u.server.HTTPAddr()+"/get_event", "application/json", strings.NewReader(`{"key":"k","timeout":600000}`))
		polled <- err
	}()
	if err := u.server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-polled; err == nil { // parked by then or not
		t.Error("the poll has an answer")
	}
	if rest, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("the stream has an end in order, after %q", rest)
	}
	if rest, err := io.ReadAll(conn); len(rest) > 0 {
		t.Errorf("the WebSocket says %q, %v", rest, err)
	}
}

// TestNode plays Koishi's start and an answer with Node's own WebSocket and
// fetch, which know nothing of us.
func TestNode(t *testing.T) {
	const flag = "--experimental-websocket"
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := exec.CommandContext(ctx, node, flag, "-e", "new WebSocket('ws://127.0.0.1:1').onerror = () => process.exit(0)").Run(); err != nil {
		t.Skipf("node has no WebSocket: %v", err)
	}
	u := newUser(t, Options{Token: "s3cret", Flavour: LLBot})
	cmd := exec.CommandContext(ctx, node, flag, "testdata/koishi.mjs", u.server.HTTPAddr(), "s3cret")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "online bot" {
			u.command("say group 900 20002 @bot ping & <b>")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for e := range u.events {
		if s, ok := e.(Send); ok {
			if s != (Send{ToGroup, 900, "pong & <b>"}) {
				t.Errorf("got %+v", s)
			}
			break
		}
	}
}
