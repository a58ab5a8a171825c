package conference

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/media"
	"orionbox/sip/rtp"
	"orionbox/sip/sdp"
)

// TestMain makes SIP hurry: T1 of 20 ms suits loopback, and what waits for 64 T1 takes 1.3 s.
func TestMain(m *testing.M) {
	sip.SetTimers(20*time.Millisecond, 160*time.Millisecond, 200*time.Millisecond)
	os.Exit(m.Run())
}

// patience is how long a test waits for what must come.
const patience = 15 * time.Second

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// members are the users of the conferences under test.
var members = map[string]string{"alice": "wonder", "bob": "builder", "carol": "singer"}

// host runs a conference on loopback for the length of the test.
func host(t *testing.T, change func(*Config)) *Conference {
	t.Helper()
	cfg := Config{Listen: "127.0.0.1:0", Users: members}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("conference ended: %v", err)
		}
	})
	return c
}

// phone is a telephone for tests: it speaks SIP message by message over one socket, so that a test can say what a good
// telephone would not, and has a media.Leg for its voice.
type phone struct {
	t         *testing.T
	user      string
	password  string
	algorithm string
	conn      net.Conn
	server    netip.AddrPort
	transport string

	responses chan *sip.Response
	requests  chan *sip.Request
	mute      chan struct{} // closed: no answers to requests any more
	closed    sync.Once
	gone      sync.WaitGroup

	callID, fromTag, toTag, room string
	seq                          uint32
	codec                        string
	port                         int
	socket                       *rtp.Socket
	leg                          *media.Leg
	hang                         func()
	heard                        ear
}

func newPhone(t *testing.T, c *Conference, transport, user string) *phone {
	t.Helper()
	server := c.Addr()
	if server.Addr().IsUnspecified() {
		server = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), server.Port())
	}
	conn, err := net.Dial(transport, server.String())
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{
		t: t, user: user, password: members[user], algorithm: "SHA-256", codec: "Default",
		conn: conn, server: server, transport: transport,
		responses: make(chan *sip.Response, 64), requests: make(chan *sip.Request, 64), mute: make(chan struct{}),
		callID: rand.Text(), fromTag: rand.Text(), room: "600",
	}
	p.gone.Go(p.read)
	t.Cleanup(func() {
		if p.toTag != "" { // so that the conference need not wait for an answer to its own BYE
			p.send(p.request(sip.BYE, ""))
		}
		p.close()
	})
	return p
}

// close takes the telephone off the net without a word, as a power cut does.
func (p *phone) close() {
	p.closed.Do(func() {
		p.stopTalking()
		p.conn.Close()
		p.gone.Wait()
		if p.socket != nil {
			p.socket.Close()
		}
	})
}

func (p *phone) stopTalking() {
	if p.hang != nil {
		p.hang()
	}
}

// read sorts what comes and answers requests with 200.
func (p *phone) read() {
	stream := sip.NewParser().NewSIPStream()
	buffer := make([]byte, 65536)
	for {
		n, err := p.conn.Read(buffer)
		if err != nil {
			return
		}
		if p.transport == "udp" {
			if msg, err := sip.ParseMessage(bytes.Clone(buffer[:n])); err == nil {
				p.sort(msg)
			}
			continue
		}
		if err := stream.ParseSIPStream(buffer[:n], p.sort); err != nil && !errors.Is(err, sip.ErrParseSipPartial) {
			p.t.Errorf("conference sent what cannot be read: %v", err)
			return
		}
	}
}

func (p *phone) sort(msg sip.Message) {
	switch m := msg.(type) {
	case *sip.Response:
		p.responses <- m
	case *sip.Request:
		select {
		case <-p.mute:
		default:
			p.send(sip.NewResponseFromRequest(m, 200, "OK", nil))
		}
		p.requests <- m
	}
}

func (p *phone) send(msg interface{ StringWrite(io.StringWriter) }) {
	var b bytes.Buffer
	msg.StringWrite(&b)
	if _, err := p.conn.Write(b.Bytes()); err != nil && !errors.Is(err, net.ErrClosed) {
		p.t.Logf("%s cannot send: %v", p.user, err)
	}
}

// request builds one from this telephone, in its dialog once there is one.
func (p *phone) request(method sip.RequestMethod, body string, headers ...string) *sip.Request {
	p.t.Helper()
	if method != sip.ACK && method != sip.CANCEL {
		p.seq++
	}
	to := fmt.Sprintf("<sip:%s@%s>", p.room, p.server)
	uri := fmt.Sprintf("sip:%s@%s", p.room, p.server)
	if method == sip.REGISTER {
		to, uri = fmt.Sprintf("<sip:%s@%s>", p.user, p.server), "sip:"+p.server.String()
	}
	if p.toTag != "" {
		to += ";tag=" + p.toTag
	}
	lines := append([]string{
		fmt.Sprintf("%s %s SIP/2.0", method, uri),
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=z9hG4bK%s;rport", strings.ToUpper(p.transport), p.conn.LocalAddr(), rand.Text()),
		"Max-Forwards: 70",
		fmt.Sprintf("From: <sip:%s@%s>;tag=%s", p.user, p.server, p.fromTag),
		"To: " + to,
		"Call-ID: " + p.callID,
		fmt.Sprintf("CSeq: %d %s", p.seq, method),
		fmt.Sprintf("Contact: <sip:%s@%s;transport=%s>", p.user, p.conn.LocalAddr(), p.transport),
	}, headers...)
	if body != "" && !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Content-Type") }) {
		lines = append(lines, "Content-Type: application/sdp")
	}
	text := strings.Join(lines, "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	msg, err := sip.ParseMessage([]byte(text))
	if err != nil {
		p.t.Fatalf("test built a bad request: %v", err)
	}
	return msg.(*sip.Request)
}

// do sends a request and waits for its final response.
func (p *phone) do(req *sip.Request) *sip.Response {
	p.t.Helper()
	p.send(req)
	return p.final(req)
}

func (p *phone) final(req *sip.Request) *sip.Response {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case res := <-p.responses:
			if same := *res.CSeq() == *req.CSeq(); same && !res.IsProvisional() {
				return res
			}
		case <-deadline:
			p.t.Fatalf("%s: no answer to %s", p.user, req.StartLine())
		}
	}
}

// want checks the status of a response.
func (p *phone) want(res *sip.Response, status int) *sip.Response {
	p.t.Helper()
	if res.StatusCode != status {
		p.t.Fatalf("%s: got %d %s, want %d", p.user, res.StatusCode, res.Reason, status)
	}
	return res
}

// proved does a request twice: challenged, and with the answer to the challenge.
func (p *phone) proved(method sip.RequestMethod, body string, headers ...string) (*sip.Request, *sip.Response) {
	p.t.Helper()
	req := p.request(method, body, headers...)
	res := p.do(req)
	if res.StatusCode != 401 {
		return req, res
	}
	p.ack(req, res)
	req = p.request(method, body, append(headers, "Authorization: "+p.prove(req, res))...)
	return req, p.do(req)
}

// prove is the Authorization for a request that was challenged.
func (p *phone) prove(req *sip.Request, res *sip.Response) string {
	p.t.Helper()
	for _, challenge := range values(res, "WWW-Authenticate") {
		if challengeParam(p.t, challenge, "algorithm") != p.algorithm {
			continue
		}
		c := credentials{user: p.user, realm: challengeParam(p.t, challenge, "realm"), algorithm: p.algorithm,
			nonce: challengeParam(p.t, challenge, "nonce"), uri: req.Recipient.Addr(), cnonce: rand.Text(), qop: "auth"}
		return p.authorization(req.Method, c, 1)
	}
	p.t.Fatalf("no challenge for %s", p.algorithm)
	return ""
}

func (p *phone) authorization(method sip.RequestMethod, c credentials, count int) string {
	c.countText = fmt.Sprintf("%08x", count)
	sum, _ := hashOf(c.algorithm)
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, cnonce="%s", qop=auth, nc=%s`,
		c.user, c.realm, c.nonce, c.uri, response(sum, method.String(), p.password, c), c.algorithm, c.cnonce, c.countText)
}

// ack confirms the final response to an INVITE: one not taken within its transaction, a 2xx by a request of its own.
func (p *phone) ack(req *sip.Request, res *sip.Response, body ...string) {
	p.t.Helper()
	if !req.IsInvite() {
		return
	}
	ack := p.request(sip.ACK, strings.Join(body, ""))
	ack.CSeq().SeqNo = req.CSeq().SeqNo
	if !res.IsSuccess() {
		ack.Via().Params.Add("branch", req.Via().Params.GetOr("branch", ""))
		ack.To().Params.Add("tag", tag(res.To().Params))
	}
	p.send(ack)
}

// dial calls the room without a voice yet and returns the 200, confirmed.
func (p *phone) dial(headers ...string) *sip.Response {
	p.t.Helper()
	req, res := p.proved(sip.INVITE, p.offer(sdp.SendRecv), headers...)
	p.want(res, 200)
	p.toTag = tag(res.To().Params)
	p.ack(req, res)
	return res
}
