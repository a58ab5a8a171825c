package conference

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"orionbox/sip/sdp"
)

func TestTwoHearEachOther(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		for _, codec := range []string{"opus", "G722", "PCMU", "PCMA"} {
			t.Run(transport+"/"+codec, func(t *testing.T) {
				c := host(t, nil)
				alice, bob := newPhone(t, c, transport, "alice"), newPhone(t, c, transport, "bob")
				alice.codec = codec
				alice.join()
				bob.join()
				alice.hears("bob")
				bob.hears("alice")
			})
		}
	}
}

func TestThreeInOneRoomAndOneElsewhere(t *testing.T) {
	c := host(t, nil)
	alice, bob, carol := newPhone(t, c, "udp", "alice"), newPhone(t, c, "tcp", "bob"), newPhone(t, c, "udp", "carol")
	alice.codec, bob.codec, carol.codec = "PCMU", "opus", "G722"
	alice.algorithm = "MD5"
	for _, p := range []*phone{alice, bob, carol} {
		p.join()
	}
	alice.hears("bob", "carol")
	bob.hears("alice", "carol")
	carol.hears("alice", "bob")
	if rooms, legs := c.Status(); rooms != 1 || legs != 3 {
		t.Errorf("%d rooms, %d legs; want 1 and 3", rooms, legs)
	}
	elsewhere := newPhone(t, c, "udp", "carol")
	elsewhere.room = "601"
	elsewhere.join()
	elsewhere.hears()
	carol.want(carol.do(carol.request(sip.BYE, "")), 200)
	alice.hears("bob")
	if rooms, legs := c.Status(); rooms != 2 || legs != 3 {
		t.Errorf("%d rooms, %d legs; want 2 and 3", rooms, legs)
	}
}

func TestCodecIsTheCallersFirst(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	offer := strings.NewReplacer("RTP/AVP", "RTP/AVP 18 8").Replace(p.offer(sdp.SendRecv))
	_, res := p.proved(sip.INVITE, offer)
	p.want(res, 200)
	answer, err := sdp.Parse(res.Body())
	if err != nil {
		t.Fatal(err)
	}
	if voice, _ := answer.Audio(); voice.Name != "PCMA" {
		t.Errorf("got %s, want PCMA, the first that both know", voice.Name)
	}
	if _, digits := answer.Events(); !digits || len(answer.Formats) != 2 {
		t.Errorf("answer has %v, want the voice and its digits", answer.Formats)
	}
}

func TestCallWithoutOffer(t *testing.T) {
	c := host(t, nil)
	alice, bob := newPhone(t, c, "udp", "alice"), newPhone(t, c, "udp", "bob")
	alice.join()
	req, res := bob.proved(sip.INVITE, "")
	bob.want(res, 200)
	if _, err := sdp.Parse(res.Body()); err != nil {
		t.Fatalf("no offer in the 200: %v", err)
	}
	bob.toTag = tag(res.To().Params)
	bob.codec = "G722"
	bob.ack(req, res, bob.offer(sdp.SendRecv))
	waitFor(t, "media", func() bool {
		l := c.find(bob.request(sip.INFO, ""))
		return l != nil && l.sound.leg.Load() != nil
	})
}

func TestSilentLegIsDropped(t *testing.T) {
	c := host(t, func(cfg *Config) { cfg.MediaTimeout = 300 * time.Millisecond })
	for _, transport := range []string{"udp", "tcp"} {
		p := newPhone(t, c, transport, "alice")
		p.dial() // and says nothing
		p.expect(sip.BYE)
		p.want(p.do(p.request(sip.BYE, "")), 481)
	}
	talker := newPhone(t, c, "udp", "bob")
	talker.join()
	talker.listen(time.Second)
	if _, legs := c.Status(); legs != 1 {
		t.Errorf("%d legs, want the one that talks", legs)
	}
	talker.stopTalking()
	talker.hang = nil
	talker.expect(sip.BYE)
}

// expect waits for a request of the conference.
func (p *phone) expect(method sip.RequestMethod) *sip.Request {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case req := <-p.requests:
			if req.Method == method {
				return req
			}
		case <-deadline:
			p.t.Fatalf("%s: no %s came", p.user, method)
		}
	}
}

// TestBoxThatLostPower calls again while its old leg hangs there, and ends the old one by its dialog alone.
func TestBoxThatLostPower(t *testing.T) {
	c := host(t, nil)
	old := newPhone(t, c, "udp", "alice")
	old.dial()
	old.close()
	again := newPhone(t, c, "udp", "alice")
	again.join()
	if _, legs := c.Status(); legs != 2 {
		t.Fatalf("%d legs, want the old and the new", legs)
	}
	other := newPhone(t, c, "tcp", "alice") // another address, another transport
	other.callID, other.fromTag, other.toTag, other.seq = old.callID, old.fromTag, old.toTag, old.seq
	other.want(other.do(other.request(sip.BYE, "")), 200)
	waitFor(t, "the old leg to go", func() bool { _, legs := c.Status(); return legs == 1 })
	again.hears()
}

func TestShutdownHangsUp(t *testing.T) {
	c, err := New(Config{Listen: "127.0.0.1:0", Users: members}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	var phones []*phone
	for i, user := range []string{"alice", "bob", "carol"} {
		p := newPhone(t, c, []string{"udp", "tcp"}[i%2], user)
		p.dial()
		phones = append(phones, p)
	}
	stop()
	for _, p := range phones {
		p.expect(sip.BYE)
	}
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
	if rooms, legs := c.Status(); rooms != 0 || legs != 0 {
		t.Errorf("%d rooms, %d legs are left", rooms, legs)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close after run: %v", err)
	}
}

// TestEveryAddress listens on all addresses: SDP, Contact and our own requests must name and come from the one that the
// far end knows.
func TestEveryAddress(t *testing.T) {
	for _, listen := range []string{":0", "0.0.0.0:0"} {
		c := host(t, func(cfg *Config) { cfg.Listen, cfg.MediaTimeout = listen, 300*time.Millisecond })
		for _, transport := range []string{"udp", "tcp"} {
			p := newPhone(t, c, transport, "alice")
			res := p.dial()
			answer, err := sdp.Parse(res.Body())
			if err != nil || answer.Address.String() != "127.0.0.1" || res.Contact().Address.Host != "127.0.0.1" {
				t.Errorf("%s: media at %v (%v), contact %s; want 127.0.0.1", listen, answer.Address, err, res.Contact())
			}
			p.expect(sip.BYE)
		}
	}
}

func TestChurnLeavesNothingBehind(t *testing.T) {
	c := host(t, nil)
	p := newPhone(t, c, "udp", "alice")
	q := newPhone(t, c, "tcp", "bob")
	churn := func(n int) {
		for i := range n {
			for _, p := range []*phone{p, q} {
				p.callID, p.toTag, p.room = fmt.Sprint("call", p.seq, p.user), "", fmt.Sprint(600+i%3)
				p.dial()
				p.want(p.do(p.request(sip.BYE, "")), 200)
			}
		}
	}
	churn(1)
	before := runtime.NumGoroutine()
	churn(50)
	waitFor(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	if rooms, legs := c.Status(); rooms != 0 || legs != 0 {
		t.Errorf("%d rooms, %d legs are left", rooms, legs)
	}
	waitFor(t, "places to be free", func() bool { return c.places() == 0 })
}

// places are those taken, by calls and by dialogs.
func (c *Conference) places() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken + len(c.legs)
}

func TestFull(t *testing.T) {
	c := host(t, func(cfg *Config) { cfg.MaxLegs = 1 })
	alice, bob := newPhone(t, c, "udp", "alice"), newPhone(t, c, "udp", "bob")
	alice.dial()
	req, res := bob.proved(sip.INVITE, bob.offer(sdp.SendRecv))
	bob.want(res, 486)
	bob.ack(req, res)
	alice.want(alice.do(alice.request(sip.BYE, "")), 200)
	waitFor(t, "a place", func() bool { return c.places() == 0 })
	bob.callID = "again"
	bob.dial()
}

func TestNewRefuses(t *testing.T) {
	taken := host(t, nil)
	for name, cfg := range map[string]Config{
		"no users":      {Listen: "127.0.0.1:0"},
		"no address":    {Listen: "nowhere", Users: members},
		"taken address": {Listen: taken.Addr().String(), Users: members},
		"unknown codec": {Listen: "127.0.0.1:0", Users: members, Codec: "MP3"},
	} {
		if c, err := New(cfg, slog.New(slog.DiscardHandler)); err == nil {
			c.Close()
			t.Errorf("%s: was taken", name)
		}
	}
}

func TestConfigKeepsPasswords(t *testing.T) {
	cfg := Config{Listen: "x:1", Users: map[string]string{"alice": "hunter2"}}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "config", cfg)
	if s := cfg.String() + b.String(); strings.Contains(s, "hunter2") || !strings.Contains(s, "x:1") {
		t.Errorf("config prints as %s", s)
	}
}
