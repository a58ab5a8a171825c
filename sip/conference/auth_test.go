package conference

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/sdp"
)

func TestRegisterOnTheWire(t *testing.T) {
	c := host(t, nil)
	for _, transport := range []string{"udp", "tcp"} {
		for _, algorithm := range []string{"SHA-256", "MD5"} {
			p := newPhone(t, c, transport, "alice")
			p.algorithm = algorithm
			_, res := p.proved(sip.REGISTER, "", "Expires: 120")
			p.want(res, 200)
			contact := res.Contact()
			if contact == nil || contact.Params.GetOr("expires", "") != "120" {
				t.Errorf("%s/%s: contact is %v, want one with expires=120", transport, algorithm, contact)
			}
			if got := c.Registered(); !slices.Equal(got, []string{"alice"}) {
				t.Errorf("registered are %q", got)
			}
			_, res = p.proved(sip.REGISTER, "", "Expires: 30")
			if p.want(res, 423); res.GetHeader("Min-Expires").Value() != "60" {
				t.Errorf("423 without Min-Expires: %s", res)
			}
			_, res = p.proved(sip.REGISTER, "", "Expires: 0")
			if p.want(res, 200); res.Contact() != nil {
				t.Errorf("contacts after un-REGISTER: %s", res)
			}
		}
	}
	if got := c.Registered(); len(got) != 0 {
		t.Errorf("registered are %q, want nobody", got)
	}
}

func TestRegisterRefuses(t *testing.T) {
	c := host(t, nil)
	for name, c := range map[string]struct {
		p      *phone
		change func(*phone)
		header string
		status int
	}{
		"wrong password": {newPhone(t, c, "udp", "alice"), func(p *phone) { p.password = "x" }, "Expires: 60", 403},
		"unknown user":   {newPhone(t, c, "udp", "mallory"), func(p *phone) { p.password = "x" }, "Expires: 60", 403},
		"star alone":     {newPhone(t, c, "udp", "alice"), func(*phone) {}, "Contact: *", 400},
		"too many":       {newPhone(t, c, "udp", "alice"), func(*phone) {}, "Contact: " + addresses(11), 403},
	} {
		t.Run(name, func(t *testing.T) {
			c.change(c.p)
			_, res := c.p.proved(sip.REGISTER, "", c.header)
			c.p.want(res, c.status)
		})
	}
	p := newPhone(t, c, "udp", "alice")
	req := p.request(sip.REGISTER, "")
	res := p.want(p.do(req), 401)
	proof := p.prove(req, res)
	req = p.request(sip.REGISTER, "", "Authorization: "+proof)
	req.To().Address.User = "bob"
	p.want(p.do(req), 403)
	if got := c.Registered(); len(got) != 0 {
		t.Errorf("registered are %q, want nobody", got)
	}
}

func addresses(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("<sip:a@127.0.0.1:%d>", 1000+i))
	}
	return strings.Join(list, ", ")
}

func TestChallengeTellsNothingAboutUsers(t *testing.T) {
	c := host(t, nil)
	var shapes []string
	for _, user := range []string{"alice", "mallory"} {
		p := newPhone(t, c, "udp", user)
		p.password = "wrong"
		req := p.request(sip.INVITE, p.offer(sdp.SendRecv))
		res := p.want(p.do(req), 401)
		p.ack(req, res)
		shape := ""
		for _, v := range values(res, "WWW-Authenticate") {
			shape += strings.Replace(v, challengeParam(t, v, "nonce"), "N", 1) + "\n"
		}
		req = p.request(sip.INVITE, p.offer(sdp.SendRecv), "Authorization: "+p.prove(req, res))
		res = p.want(p.do(req), 403)
		p.ack(req, res)
		shapes = append(shapes, shape+res.Reason)
	}
	if shapes[0] != shapes[1] {
		t.Errorf("a known user sees\n%s, an unknown one\n%s", shapes[0], shapes[1])
	}
	for _, must := range []string{"algorithm=SHA-256", "algorithm=MD5", `qop="auth"`, `realm="orionbox"`} {
		if !strings.Contains(shapes[0], must) {
			t.Errorf("challenge lacks %s:\n%s", must, shapes[0])
		}
	}
}

func TestStaleNonce(t *testing.T) {
	c := host(t, func(cfg *Config) { cfg.NonceLife = 50 * time.Millisecond })
	p := newPhone(t, c, "udp", "alice")
	req := p.request(sip.REGISTER, "")
	res := p.want(p.do(req), 401)
	old := challengeParam(t, values(res, "WWW-Authenticate")[0], "nonce")
	waitFor(t, "the nonce to age", func() bool { return !c.authority.fresh(old) })
	res = p.want(p.do(p.request(sip.REGISTER, "", "Authorization: "+p.prove(req, res))), 401)
	for _, v := range values(res, "WWW-Authenticate") {
		if challengeParam(t, v, "stale") != "true" {
			t.Errorf("challenge after an old nonce: %s, want stale=true", v)
		}
	}
}

func TestPlaybackIsRefused(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	req := p.request(sip.REGISTER, "")
	proof := "Authorization: " + p.prove(req, p.want(p.do(req), 401))
	p.want(p.do(p.request(sip.REGISTER, "", proof)), 200)
	thief := newPhone(t, c, "udp", "alice")
	thief.want(thief.do(thief.request(sip.REGISTER, "", proof)), 401)
	if strings.Contains(proof, members["alice"]) {
		t.Error("the test's own proof holds the password")
	}
}

// TestProofIsForOneNumber takes a digest made for one room to another.
func TestProofIsForOneNumber(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	req := p.request(sip.INVITE, p.offer(sdp.SendRecv))
	res := p.want(p.do(req), 401)
	p.ack(req, res)
	proof := "Authorization: " + p.prove(req, res)
	p.room = "601"
	req = p.request(sip.INVITE, p.offer(sdp.SendRecv), proof)
	p.ack(req, p.want(p.do(req), 401))
}

// TestNothingSecretIsLogged reads the log at its most talkative, sipgo's part included.
func TestNothingSecretIsLogged(t *testing.T) {
	var log lockedBuffer
	c, err := New(Config{Listen: "127.0.0.1:0", Users: members}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	p := newPhone(t, c, "udp", "alice")
	_, res := p.proved(sip.REGISTER, "")
	p.want(res, 200)
	p.dial()
	p.password = "guessed"
	p.toTag, p.callID = "", "another"
	_, res = p.proved(sip.REGISTER, "")
	p.want(res, 403)
	fmt.Fprint(p.conn, "REGISTER\r\nAuthorization: Digest response=\"telltale\"\r\n\r\n")
	waitFor(t, "sipgo's complaint", func() bool { return strings.Contains(log.String(), "failed to parse") })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, secret := range []string{members["alice"], "guessed", "telltale", "response="} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
