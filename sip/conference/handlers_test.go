package conference

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// exchange is a server transaction with nobody behind it.
type exchange struct {
	cancelled bool
	statuses  []int
	done      chan struct{}
}

func (e *exchange) Respond(res *sip.Response) error {
	e.statuses = append(e.statuses, res.StatusCode)
	_ = res.String()
	return nil
}
func (e *exchange) OnCancel(f sip.FnTxCancel) bool       { return !e.cancelled }
func (e *exchange) Terminate()                           {}
func (e *exchange) OnTerminate(f sip.FnTxTerminate) bool { return true }
func (e *exchange) Done() <-chan struct{}                { return e.done }
func (e *exchange) Err() error                           { return nil }
func (e *exchange) Acks() <-chan *sip.Request            { return nil }

// TestCancelBeforeTheAnswer is the side of TestCancel that the wire seldom shows.
func TestCancelBeforeTheAnswer(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	req := p.request(sip.INVITE, p.offer(""))
	res := p.want(p.do(req), 401)
	p.ack(req, res)
	req = p.request(sip.INVITE, p.offer(""), "Authorization: "+p.prove(req, res))
	req.SetSource(p.conn.LocalAddr().String())
	req.SetTransport("UDP")
	tx := &exchange{cancelled: true}
	c.invite(req, tx)
	waitFor(t, "the place to be free", func() bool { return c.places() == 0 })
	if len(tx.statuses) != 0 {
		t.Errorf("a cancelled call was answered %v", tx.statuses)
	}
}

// FuzzHandlers gives whatever sipgo takes for a request to every handler, with and without a known dialog.
func FuzzHandlers(f *testing.F) {
	const head = "%M sip:600@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx;rport\r\nFrom: <sip:a@h>;tag=1\r\n" +
		"To: <sip:600@h>\r\nCall-ID: c\r\nCSeq: 1 %M\r\n"
	for _, method := range []string{"INVITE", "REGISTER", "OPTIONS", "BYE", "ACK", "CANCEL", "UPDATE", "INFO", "FOO"} {
		f.Add([]byte(strings.ReplaceAll(head, "%M", method) + "Contact: <sip:a@h>\r\nSession-Expires: 90;refresher=uas\r\n" +
			"Authorization: Digest username=\"alice\", realm=\"orionbox\", nonce=\"n\", uri=\"sip:600@h\", response=\"x\", " +
			"cnonce=\"c\", qop=auth, nc=00000001\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"))
	}
	f.Add([]byte(strings.ReplaceAll(head, "%M", "INVITE") + "Contact: <sip:a@h>\r\nContent-Type: application/sdp\r\n\r\n" +
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 9 96\r\n" +
		"a=rtpmap:96 opus/48000/2\r\na=sendonly\r\n"))
	f.Add([]byte("REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: *;tag=1\r\nTo: *\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n" +
		"Contact: *\r\nExpires: x\r\nRequire: ,\r\n\r\n"))
	c, err := New(Config{Listen: "127.0.0.1:0", Users: members}, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	handlers := []func(*sip.Request, sip.ServerTransaction){c.invite, c.register, c.options, c.within}
	f.Fuzz(func(t *testing.T, data []byte) {
		for i, h := range handlers {
			msg, err := sip.ParseMessage(slices.Clone(data))
			req, ok := msg.(*sip.Request)
			if err != nil || !ok {
				return
			}
			req.SetSource("127.0.0.1:9")
			req.SetTransport("UDP")
			c.whole(h)(req, &exchange{})
			if fault, _ := fault(req); fault != 0 {
				continue
			}
			// What only users may do, as if they had proved who they are.
			switch i {
			case 0:
				if status, _, _ := c.unfit(req); status == 0 {
					invited(t, c, req)
				}
			case 1:
				if g, ok := readRegistration("alice", req); ok {
					c.registrar.register(g)
				}
			}
		}
	})
}

// invited takes a call up to the point where it would be answered.
func invited(t *testing.T, c *Conference, req *sip.Request) {
	l, answer, err := c.newLeg(req, "alice")
	if err != nil {
		return
	}
	res := l.ok(req, answer)
	if res.To() == nil || tag(res.To().Params) == "" {
		t.Errorf("answer without tag:\n%s", res)
	}
	_ = l.dialog.request(sip.BYE, c.addr).String()
	c.rooms.leave(l.room, l.seat)
	if err := l.sound.close(); err != nil {
		t.Error(err)
	}
}

func TestReadTimer(t *testing.T) {
	for _, c := range []struct {
		headers  []string
		interval time.Duration
		ours, ok bool
	}{
		{nil, 0, false, true},
		{[]string{"Session-Expires: 1800"}, 1800 * time.Second, true, true}, // the caller knows nothing of timers
		{[]string{"Session-Expires: 1800", "Supported: 100rel, timer"}, 1800 * time.Second, false, true},
		{[]string{"x: 1800 ; refresher=uac", "k: timer"}, 1800 * time.Second, false, true},
		{[]string{"Session-Expires: 1800;refresher=UAS", "Supported: timer"}, 1800 * time.Second, true, true},
		{[]string{"Session-Expires: 60", "Supported: timer"}, 90 * time.Second, false, false},
		{[]string{"Session-Expires: 60"}, 90 * time.Second, true, true},
		{[]string{"Session-Expires: soon", "Supported: timer"}, 0, false, true},
		{[]string{"Session-Expires: 99999999999999"}, 0, false, true},
	} {
		req := sip.NewRequest(sip.INVITE, sip.Uri{})
		for _, h := range c.headers {
			name, value, _ := strings.Cut(h, ": ")
			req.AppendHeader(sip.NewHeader(name, value))
		}
		got, ok := readTimer(req, 90*time.Second)
		if got.interval != c.interval || got.ours != c.ours || ok != c.ok {
			t.Errorf("%q: got %+v %t, want %v ours=%t %t", c.headers, got, ok, c.interval, c.ours, c.ok)
		}
	}
}
