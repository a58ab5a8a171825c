package phone_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/sip/media"
	"orionbox/sip/phone"
	"orionbox/sip/siptest"
)

// rig is a phone that runs against a real Asterisk, as a user.
type rig struct {
	t     *testing.T
	phone *phone.Phone
	state string
	stop  func()
	leg   *media.Leg
	log   *lockedLog
}

// ring starts a phone with quick retries; edit changes the configuration.
func ring(t *testing.T, server, user, callNo string, edit func(*phone.Config)) *rig {
	t.Helper()
	cfg := phone.Config{
		User: user, Password: siptest.Password(user), Server: server, CallNo: callNo,
		StatePath: filepath.Join(t.TempDir(), "call.json"),
		First:     50 * time.Millisecond, Cap: 200 * time.Millisecond, Slow: 300 * time.Millisecond,
	}
	if edit != nil {
		edit(&cfg)
	}
	log := &lockedLog{}
	p, err := phone.New(cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	r := &rig{t: t, phone: p, state: cfg.StatePath, log: log}
	r.stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
			done <- nil
		case <-time.After(15 * time.Second):
			t.Error("the phone did not stop")
		}
	}
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Logf("phone's log:\n%s", log)
		}
		if strings.Contains(log.String(), cfg.Password) {
			t.Error("the password is in the log")
		}
	})
	return r
}

// until reads events until one satisfies the condition.
func (r *rig) until(what string, ok func(phone.Event) bool) phone.Event {
	r.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-r.phone.Events():
			if ok(e) {
				r.leg = e.Leg
				return e
			}
		case <-deadline:
			r.t.Fatalf("waited for %s, phone is at %+v", what, r.phone.Status())
		}
	}
}

func (r *rig) up() phone.Event {
	r.t.Helper()
	return r.until("the call", func(e phone.Event) bool { return e.Status.State == phone.InConference && e.Leg != nil })
}

// left waits for the event that takes the call away; it must tell why.
func (r *rig) left(want phone.Reason, state phone.State) {
	r.t.Helper()
	e := r.until("the end of the call", func(e phone.Event) bool { return e.Leg == nil })
	if e.Status.Reason != want || e.Status.State != state || e.Status.Detail == "" {
		r.t.Errorf("the call went away with %+v, want %q", e.Status, want)
	}
}

func (r *rig) reason(want phone.Reason, state phone.State) {
	r.t.Helper()
	r.until(string(want), func(e phone.Event) bool { return e.Status.Reason == want && e.Status.State == state })
}

func TestAsteriskCallsOverUDPAndTCP(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, transport := range []string{"udp", "tcp"} {
		r := ring(t, a.Addr(), "1001", "600", func(c *phone.Config) { c.Transport = transport })
		e := r.up()
		if e.Status.Codec != "opus" || !e.Status.Registered || a.Channels() != 1 {
			t.Errorf("%s: %+v, %d channels", transport, e.Status, a.Channels())
		}
		r.stop()
		a.Wait("the channel to be gone", func() bool { return a.Channels() == 0 })
		if contacts := a.CLI("pjsip show contacts"); strings.Contains(contacts, "1001") {
			t.Errorf("%s: still registered:\n%s", transport, contacts)
		}
	}
}
