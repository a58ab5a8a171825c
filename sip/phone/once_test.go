package phone_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"orionbox/sip/phone"
	"orionbox/sip/siptest"
)

// account is a user of the lab at a server, with a memory that a single call must leave alone.
func account(t *testing.T, server string) phone.Config {
	return phone.Config{User: "1001", Password: siptest.Password("1001"), Server: server, CallNo: "600",
		StatePath: filepath.Join(t.TempDir(), "call.json"), AttemptTimeout: time.Second, RingTimeout: time.Second}
}

// called is what became of a single call that the test's peer plays along with.
type called struct {
	single *phone.Single
	err    error
}

func call(ctx context.Context, cfg phone.Config, number string) <-chan called {
	done := make(chan called, 1)
	go func() {
		s, err := phone.Once(ctx, cfg, number, slog.New(slog.DiscardHandler))
		done <- called{s, err}
	}()
	return done
}

// quit closes the call while the peer says yes to the BYE.
func quit(p *peer, s *phone.Single) error {
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	p.answer(p.take("BYE"), 200, "OK")
	return <-closed
}

func TestOnceCallsWithoutRegistering(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		p := newPeer(t)
		cfg := account(t, p.addr())
		cfg.Transport = transport
		done := call(t.Context(), cfg, "*43")
		m := p.take("INVITE") // and no REGISTER before
		if !strings.HasPrefix(m.line, "INVITE sip:*43@") {
			t.Errorf("called with %q", m.line)
		}
		p.answer(m, 401, "Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="a", qop="auth"`)
		p.take("ACK")
		if m = p.join(); m.get("authorization") == "" {
			t.Error("the challenge was not answered")
		}
		c := <-done
		if c.err != nil || c.single.Codec() != "PCMU" || c.single.Leg() == nil {
			t.Fatalf("%+v", c)
		}
		if err := quit(p, c.single); err != nil {
			t.Errorf("close: %v", err)
		}
		if _, err := os.Stat(cfg.StatePath); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the call is remembered: %v", err)
		}
	}
}

func TestOnceTellsThatTheServerHungUp(t *testing.T) {
	p := newPeer(t)
	done := call(t.Context(), account(t, p.addr()), "601")
	m := p.join()
	s := (<-done).single
	p.request(m, "BYE", 1, `Reason: Q.850;cause=16`)
	<-s.Done()
	for range 2 {
		if err := s.Close(); phone.ReasonOf(err) != phone.HungUp || !strings.Contains(err.Error(), "cause=16") {
			t.Errorf("close: %v", err)
		}
	}
}

func TestOnceCalledOffIsCancelled(t *testing.T) {
	p := newPeer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := account(t, p.addr())
	cfg.RingTimeout = time.Minute
	done := call(ctx, cfg, "622")
	p.answer(p.take("INVITE"), 180, "Ringing")
	p.indulge()
	cancel()
	if c := <-done; phone.ReasonOf(c.err) != phone.ToldToLeave || !errors.Is(c.err, context.Canceled) {
		t.Errorf("%+v", c)
	}
}

// TestOnceOutlivesItsContext: that of the dialling, as with net.Dialer.
func TestOnceOutlivesItsContext(t *testing.T) {
	p := newPeer(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := call(ctx, account(t, p.addr()), "601")
	m := p.join()
	s := (<-done).single
	cancel()
	p.request(m, "OPTIONS", 1)
	if a := p.take("SIP/2.0"); a.line != "SIP/2.0 200 OK" {
		t.Errorf("answered %q", a.line)
	}
	if err := quit(p, s); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestOnceWithNobodyThere(t *testing.T) {
	deaf, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := newPeer(t)
	gone.close()
	for _, c := range []struct {
		server, transport string
		want              phone.Reason
	}{
		{deaf.LocalAddr().String(), "udp", phone.Timeout}, {gone.addr(), "udp", phone.NoRoute}, {gone.addr(), "tcp", phone.NoRoute},
	} {
		cfg := account(t, c.server)
		cfg.Transport = c.transport
		got := <-call(t.Context(), cfg, "601")
		if phone.ReasonOf(got.err) != c.want || !strings.HasPrefix(got.err.Error(), "call 601: "+string(c.want)+": ") {
			t.Errorf("%s over %s: %v, want %q", c.server, c.transport, got.err, c.want)
		}
	}
	deaf.Close()
}

func TestOnceRefusesWhatCannotBeCalled(t *testing.T) {
	for _, number := range []string{"", "6 00", "600,PIN"} {
		c := <-call(t.Context(), account(t, "127.0.0.1"), number)
		if c.err == nil || phone.ReasonOf(c.err) != "" || strings.Contains(c.err.Error(), "PIN") {
			t.Errorf("%q: %v", number, c.err)
		}
	}
}

func TestOnceReasonsOfAsterisk(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, c := range []struct {
		number, password string
		want             phone.Reason
	}{
		{"620", "", phone.Busy}, {"621", "", phone.ServerError}, {"622", "", phone.NoAnswer}, {"625", "", phone.Forbidden},
		{"998", "", phone.NoSuchNumber}, {"601", "not the password", phone.WrongPassword},
	} {
		cfg := account(t, a.Addr())
		if c.password != "" {
			cfg.Password = c.password
		}
		got := <-call(t.Context(), cfg, c.number)
		if phone.ReasonOf(got.err) != c.want || strings.Contains(got.err.Error(), cfg.Password) {
			t.Errorf("%s: %v, want %q", c.number, got.err, c.want)
		}
		t.Log(got.err)
	}
	a.Wait("no channel to be left", func() bool { return a.Channels() == 0 })
}

func TestOnceLeavesTheBoxsCallAlone(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, transport := range []string{"udp", "tcp"} {
		cfg := account(t, a.Addr())
		r := ring(t, a.Addr(), "1001", "600", func(c *phone.Config) { c.Transport, c.StatePath = transport, cfg.StatePath })
		leg := r.up().Leg
		before := remembers(t, cfg.StatePath)
		cfg.Transport = transport
		c := <-call(t.Context(), cfg, "601")
		if c.err != nil || a.Channels() != 2 {
			t.Fatalf("%s: %v, %d channels", transport, c.err, a.Channels())
		}
		if err := c.single.Close(); err != nil {
			t.Errorf("%s: close: %v", transport, err)
		}
		a.Wait("the single call to be gone", func() bool { return a.Channels() == 1 })
		if after := remembers(t, cfg.StatePath); after != before {
			t.Errorf("%s: memory is %s, was %s", transport, after, before)
		}
		select {
		case e := <-r.phone.Events():
			t.Errorf("%s: the box noticed: %+v", transport, e)
		default:
		}
		if s := r.phone.Status(); s.State != phone.InConference || r.leg != leg || !s.Registered {
			t.Errorf("%s: %+v", transport, s)
		}
		r.stop()
		a.Wait("no channel to be left", func() bool { return a.Channels() == 0 })
	}
}

func remembers(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		t.Fatalf("no memory of the call: %v", err)
	}
	return string(text)
}

func TestOnceLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	p := newPeer(t)
	done := call(t.Context(), account(t, p.addr()), "601")
	p.join()
	if err := quit(p, (<-done).single); err != nil {
		t.Errorf("close: %v", err)
	}
	done = call(t.Context(), account(t, p.addr()), "601")
	p.answer(p.take("INVITE"), 404, "Not Found")
	p.take("ACK")
	<-done
	p.close()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, were %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}
