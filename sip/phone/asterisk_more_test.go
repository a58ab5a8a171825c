package phone_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"orionbox/sip/phone"
	"orionbox/sip/siptest"
)

func TestAsteriskReasons(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, c := range []struct {
		callNo, password string
		media            time.Duration
		reason           phone.Reason
		state            phone.State
	}{
		{"620", "", 0, phone.Busy, phone.Retrying},
		{"621", "", 0, phone.ServerError, phone.Retrying},
		{"622", "", 0, phone.NoAnswer, phone.Retrying},
		{"623", "", 0, phone.NoAnswer, phone.Retrying},
		{"625", "", 0, phone.Forbidden, phone.Refused},
		{"626", "", 0, phone.ServerError, phone.Retrying},
		{"998", "", 0, phone.NoSuchNumber, phone.Refused},
		{"600", "not the password", 0, phone.WrongPassword, phone.Refused},
		{"627", "", 2 * time.Second, phone.NoMedia, phone.Retrying},
		{"624", "", 0, phone.HungUp, phone.Retrying},
	} {
		t.Run(c.callNo+c.password, func(t *testing.T) {
			r := ring(t, a.Addr(), "1002", c.callNo, func(cfg *phone.Config) {
				cfg.RingTimeout, cfg.MediaTimeout = time.Second, c.media
				if c.password != "" {
					cfg.Password = c.password
				}
			})
			r.reason(c.reason, c.state)
			r.stop()
			a.Wait("no channel to be left", func() bool { return a.Channels() == 0 })
		})
	}
}

func TestAsteriskHangsUpAndTheBoxComesBack(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	r := ring(t, a.Addr(), "1001", "600", nil)
	r.up()
	for range 3 {
		a.HangUp()
		r.until("the end of the call", func(e phone.Event) bool { return e.Leg == nil })
		r.up()
	}
}

func TestAsteriskIsStoppedAndStartedInMidCall(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
			r := ring(t, a.Addr(), "1001", "600", func(c *phone.Config) {
				c.Transport, c.KeepAlive = transport, 200*time.Millisecond
			})
			r.up()
			a.Stop()
			r.until("the loss", func(e phone.Event) bool { return e.Status.Reason == phone.NoRoute })
			a.Start()
			r.up()
			a.Kill()
			r.until("the loss", func(e phone.Event) bool { return e.Status.Reason == phone.NoRoute })
			a.Start()
			r.up()
			if n := a.Channels(); n != 1 {
				t.Errorf("%d channels", n)
			}
		})
	}
}

// TestAsteriskEndsTheGhost: a box that died in a call comes back, ends the call it left behind, and only then dials.
func TestAsteriskEndsTheGhost(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
			first := ring(t, a.Addr(), "1001", "600", func(c *phone.Config) { c.Transport = transport })
			first.up()
			left, err := os.ReadFile(first.state)
			if err != nil || strings.Contains(string(left), siptest.Password("1001")) {
				t.Fatalf("state on disk: %v\n%s", err, left)
			}
			if info, err := os.Stat(first.state); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			// A second phone with a copy of the state stands for the box after the crash: the first is as good as dead.
			began := time.Now()
			second := ring(t, a.Addr(), "1001", "601", func(c *phone.Config) {
				c.Transport = transport
				if err := os.WriteFile(c.StatePath, left, 0o600); err != nil {
					t.Fatal(err)
				}
			})
			second.up()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("back in the call after %s", took)
			}
			if calls := a.CLI("core show channels concise"); strings.Contains(calls, "!600!") || !strings.Contains(calls, "!601!") {
				t.Errorf("channels:\n%s", calls)
			}
		})
	}
}

func TestAsteriskHearsThePIN(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	r := ring(t, a.Addr(), "1003", "612,1234#", nil)
	r.up()
	a.WaitLog("DTMF-GOT 1234")
}

func TestAsteriskAsksForALongerRegistration(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{MinExpires: 60})
	r := ring(t, a.Addr(), "1001", "600", func(c *phone.Config) { c.Expires = 20 * time.Second })
	if e := r.up(); !e.Status.Registered {
		t.Errorf("%+v", e.Status)
	}
	r.stop()
}

func TestAsteriskWithSessionTimers(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	r := ring(t, a.Addr(), "1104", "600", nil)
	r.up()
	r.stop()
}

func TestAsteriskCodecs(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	for _, codec := range []string{"opus", "G722", "PCMU", "PCMA"} {
		r := ring(t, a.Addr(), "1001", "611", func(c *phone.Config) { c.Codec = codec })
		if e := r.up(); e.Status.Codec != codec {
			t.Errorf("asked for %s, got %s", codec, e.Status.Codec)
		}
		a.Wait("media", func() bool { m := r.phone.Status().Media; return m != nil && m.Received > 20 })
		r.stop()
	}
}

// TestAServerThatFallsSilentIsAsked holds that a server which is gone is not taken for a quiet one: neither the signs of life
// nor the time-out for sound could tell within the hour.
func TestAServerThatFallsSilentIsAsked(t *testing.T) {
	a := siptest.StartAsterisk(t, siptest.AsteriskOptions{})
	r := ring(t, a.Addr(), "1001", "600", func(c *phone.Config) { c.KeepAlive, c.MediaTimeout = time.Hour, time.Hour })
	r.up()
	a.Kill()
	r.until("the loss", func(e phone.Event) bool { return e.Leg == nil && e.Status.Reason == phone.NoRoute })
	a.Start()
	r.up()
}
