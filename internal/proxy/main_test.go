package proxy

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// A scene is one handshake of testdata/handshakes.txt: what is set up, what the
// proxy says, and the whole of it as a transcript.
//
//	== name
//	proxy URL
//	target HOST PORT [ADDR]
//	> what we send
//	< what the proxy sends
//	EOF
//	how it ends
type scene struct {
	name   string
	proxy  Proxy
	target Target
	in     []string
	eof    bool
	setup  string
	text   string
}

const transcripts = "testdata/handshakes.txt"

func loadScenes(t testing.TB) []scene {
	t.Helper()
	file, err := os.ReadFile(transcripts)
	if err != nil {
		t.Fatal(err)
	}
	var scenes []scene
	for block := range strings.SplitSeq(strings.TrimSpace(string(file)), "\n\n") {
		s := scene{text: strings.TrimSpace(block) + "\n"}
		for line := range strings.Lines(s.text) {
			word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if word == "==" || word == "proxy" || word == "target" {
				s.setup += line
			}
			switch word {
			case "==":
				s.name = rest
			case "proxy":
				if s.proxy, err = Parse(rest); err != nil {
					t.Fatal(err)
				}
			case "target":
				w := strings.Fields(rest)
				port, err := strconv.ParseUint(w[1], 10, 16)
				if err != nil {
					t.Fatal(err)
				}
				s.target = Target{Host: w[0], Port: uint16(port)}
				if len(w) > 2 {
					s.target.Addr = netip.MustParseAddr(w[2])
				}
			case "<":
				in, err := strconv.Unquote(rest)
				if err != nil {
					t.Fatalf("%s: %v in %s", s.name, err, rest)
				}
				s.in = append(s.in, in)
			case "EOF":
				s.eof = true
			}
		}
		scenes = append(scenes, s)
	}
	return scenes
}

// play is the handshake when the proxy's bytes come in these pieces, each in
// memory that is overwritten afterwards. It returns the transcript, and the
// same without regard to how things were cut and interleaved.
func (s scene) play(t testing.TB, pieces ...string) (transcript, verdict string) {
	t.Helper()
	h, err := s.proxy.Tunnel(s.target)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	var b strings.Builder
	var sent, tunnel string
	end := "waits"
	take := func(in string) (more bool) {
		lent := []byte(in)
		step, err := h.Next(lent)
		for i := range lent {
			lent[i] = 0xee
		}
		if err != nil {
			if _, again := h.Next(nil); again != err {
				t.Errorf("%s: asked again: %v; want the same error", s.name, again)
			}
			end = "error: " + err.Error()
			return false
		}
		if !step.Done && step.Used != len(in) {
			t.Errorf("%s: used %d of %d bytes and is not done", s.name, step.Used, len(in))
		}
		if len(step.Out) > 0 {
			fmt.Fprintf(&b, "> %q\n", step.Out)
			sent += string(step.Out)
		}
		if step.Done && len(step.Out) > 0 {
			t.Errorf("%s: done, and %q is to be sent", s.name, step.Out)
		}
		if step.Done {
			tunnel, end = in[step.Used:], "done"
			if again, err := h.Next([]byte("x")); err != nil || !again.Done || again.Used != 0 || len(again.Out) > 0 {
				t.Errorf("%s: asked again: %+v, %v; want done, and nothing else", s.name, again, err)
			}
			return false
		}
		return true
	}
	more := take("")
	for i, piece := range pieces {
		if !more {
			if end == "done" {
				tunnel += strings.Join(pieces[i:], "")
			}
			break
		}
		fmt.Fprintf(&b, "< %q\n", piece)
		more = take(piece)
	}
	if more && s.eof {
		b.WriteString("EOF\n")
		end = "error: " + h.EOF().Error()
	}
	if end == "done" && tunnel != "" {
		end += fmt.Sprintf(", and the tunnel begins with %q", tunnel)
	}
	b.WriteString(end + "\n")
	// How much of nonsense is quoted depends on how much there was.
	if nonsense, _, found := strings.Cut(end, "answer is not HTTP"); found {
		end = nonsense
	}
	return b.String(), fmt.Sprintf("sent %q, %s", sent, end)
}
