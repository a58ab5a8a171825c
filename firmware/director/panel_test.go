package director

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orionbox/audio/engine"
	"orionbox/firmware/clock"
	"orionbox/firmware/delivery"
	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/hw/led"
	"orionbox/hw/panel"
	"orionbox/sip/phone"
)

// withPanel starts a director with a panel without hardware, and somebody who listens to its cues.
func withPanel(t *testing.T, role session.Role, room Hub) *rig {
	t.Helper()
	r := newRig(t, role)
	r.panel, r.heard, r.seats = newSimPanel(t, 4), &heard{}, make([]string, 4)
	t.Cleanup(func() {
		if err := r.panel.Close(); err != nil {
			t.Error(err)
		}
	})
	return r.start(room, nil)
}

// delivering is one at a hub, with an outbox that the test is.
func delivering(t *testing.T) (*rig, *table, *mail) {
	t.Helper()
	at, m := newTable(), &mail{}
	r := withPanel(t, session.Artist, at)
	r.Meet(at, outgoing{m})
	at.sync()
	r.synced()
	return r, at, m
}

// lit waits until an LED shows a pattern, on its line and in the status alike.
func (r *rig) lit(name string, want led.Pattern) {
	r.t.Helper()
	r.await(name+" to be "+string(want), func(s Status) bool {
		return s.Panel.LEDs[name] == want && r.panel.Lights()[name].Pattern == want
	})
}

// finger presses a button on the panel, and takes as long as a finger does.
func (r *rig) finger(b session.Button) {
	r.t.Helper()
	for _, down := range []bool{true, false} {
		if err := r.panel.Push(string(b), down); err != nil {
			r.t.Fatal(err)
		}
		<-time.After(40 * ms)
	}
}

// TestRecordLED walks through the row of record, from what is measured to the line.
func TestRecordLED(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	r.lit("record", led.Off)
	r.finger(session.Record)
	r.lit("record", led.On)
	r.store.set(func(s *store) { s.free = 510 << 20 })
	r.lit("record", led.Slow)
	r.store.set(func(s *store) { s.free = 100 << 30 })
	r.lit("record", led.On)
	r.refuses(errors.New("input/output error"))
	r.lit("record", led.Fast)
	r.refuses(nil)
	r.lit("record", led.On)
	r.finger(session.Record)
	r.lit("record", led.Off)
}

// TestRecordLEDOfADiskThatStalls holds that recording is shown while the file grows, and not because it was asked for.
func TestRecordLEDOfADiskThatStalls(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	answer := make(chan struct{})
	r.store.set(func(s *store) { s.stall = answer })
	r.finger(session.Record)
	r.lit("record", led.Fast)
	close(answer)
	r.lit("record", led.On)
}

func TestDeviceLEDs(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	for _, c := range []struct {
		button session.Button
		state  func(*engine.Status) *engine.State
	}{
		{session.Mic, func(s *engine.Status) *engine.State { return &s.Mic.State }},
		{session.Speakers, func(s *engine.Status) *engine.State { return &s.Speakers.State }},
	} {
		name := string(c.button)
		r.lit(name, led.Off)
		r.finger(c.button)
		r.lit(name, led.On)
		r.card.set(func(s *engine.Status) { *c.state(s) = engine.Lost })
		r.lit(name, led.Fast)
		r.card.set(func(s *engine.Status) { *c.state(s) = engine.OK })
		r.lit(name, led.On)
		r.finger(c.button)
		r.lit(name, led.Off)
	}
}

func TestCallLED(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	for _, c := range []struct {
		state  phone.State
		reason phone.Reason
		want   led.Pattern
	}{
		{phone.Registering, "", led.Slow}, {phone.Dialling, "", led.Slow}, {phone.InConference, "", led.On},
		{phone.InConference, phone.NoDigits, led.Fast}, {phone.Retrying, "no route", led.Slow}, {phone.Refused, phone.WrongPassword, led.Fast},
	} {
		leg := r.leg()
		if c.state != phone.InConference {
			leg = nil
		}
		r.line.is(c.state, c.reason, leg)
		r.lit("call", c.want)
	}
}

func TestCallLEDWithNoAccount(t *testing.T) {
	r := newRig(t, session.Artist)
	r.panel = newSimPanel(t, 4)
	t.Cleanup(func() { _ = r.panel.Close() }) // which has its own test
	r.line = nil
	r.start(nil, nil)
	r.lit("status", led.On)
	r.lit("call", led.Off)
}

// TestStatusLED walks through the row of status: a fault, deliveries, all delivered, and the end.
func TestStatusLED(t *testing.T) {
	r, at, m := delivering(t)
	r.lit("status", led.On)
	at.with(func() { at.status = hub.Status{State: hub.StateUnreachable, Detail: "cannot be reached"} })
	r.lit("status", led.Fast)
	r.await("the fault", r.faulty(health.HubDown.ID))
	at.with(func() { at.status = hub.Status{State: hub.StateConnected} })
	r.lit("status", led.On)

	r.finger(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.lit("status", led.On)
	m.with(func() { m.delivering, m.out.Waiting = true, []delivery.ParcelStatus{{File: "HQ_ann_1_200000.mp3"}} })
	r.lit("status", led.Slow)
	r.press(session.Record)
	r.await("its end", func(s Status) bool { return s.Take.State == session.Idle })
	m.with(func() { m.delivering = false }) // the hub has it all, and no producer
	r.lit("status", led.On)
	m.with(func() { m.out.Waiting = nil })
	r.lit("status", led.Double)
	if s, _ := r.Status(t.Context()); !s.Safe.Safe {
		t.Errorf("safe to unplug is shown and not told: %+v", s.Safe)
	}
}

// TestEndOnTheLEDs holds status: the take is closed, the LEDs say that it finishes, and then that it is off.
func TestEndOnTheLEDs(t *testing.T) {
	r, _, m := delivering(t)
	r.finger(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	m.with(func() { m.left = 1 })
	if err := r.panel.Press(string(session.Status), 3200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle && s.Panel.LEDs["record"] == led.Off })
	r.lit("status", led.Slow)
	m.with(func() { m.left = 0 })
	r.finish()
	if !r.Halted() {
		t.Error("nobody may switch the computer off")
	}
	for name, light := range r.panel.Lights() {
		if want := map[bool]led.Pattern{true: led.Halted, false: led.Off}[name == "status"]; light.Pattern != want {
			t.Errorf("at the end %s is %s, want %s", name, light.Pattern, want)
		}
	}
	if said := r.heard.all(); !slices.Contains(said, "shutting down.") || said[len(said)-1] != "safe to unplug." {
		t.Errorf("said %q", said)
	}
}

// TestAProgramThatIsEnded is not switched off: systemd stops a box for an update, and says nothing about the computer.
func TestAProgramThatIsEnded(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	r.lit("status", led.On)
	r.leave()
	r.finish()
	if r.Halted() || r.panel.Patterns()["status"] == led.Halted {
		t.Errorf("a program that is ended shows %v", r.panel.Patterns())
	}
}

// TestPeerLEDs lets a peer come, mute, record, go stale, leave and come back.
func TestPeerLEDs(t *testing.T) {
	at := newTable()
	r := withPanel(t, session.Artist, at)
	is := func(id string, state hub.PeerState, p hub.Presence) {
		at.events <- hub.PeersChanged{Peers: []hub.Peer{{ID: id, Name: id, State: state, Since: clock.InstantOf(time.Now()), Presence: p}}}
	}
	is("ann", hub.Present, hub.Presence{}) // the box itself has no seat
	is("bob", hub.Present, hub.Presence{})
	r.lit("peer1", led.On)
	is("cat", hub.Present, hub.Presence{})
	r.lit("peer2", led.On)
	is("bob", hub.Present, hub.Presence{MicMuted: true})
	r.lit("peer1", led.Wink)
	is("bob", hub.Present, hub.Presence{Recording: true, Take: session.Recording})
	r.lit("peer1", led.Fast)
	is("bob", hub.Unknown, hub.Presence{Recording: true, Take: session.Recording})
	r.lit("peer1", led.Slow)
	is("bob", hub.Present, hub.Presence{Take: session.Idle})
	r.lit("peer1", led.On)
	is("bob", hub.Absent, hub.Presence{})
	r.lit("peer1", led.Off)
	is("bob", hub.Present, hub.Presence{})
	r.lit("peer1", led.On)
	s := r.await("the seats", func(s Status) bool { return len(s.Panel.Peers) == 4 })
	if !slices.Equal(s.Panel.Peers, []string{"bob", "cat", "", ""}) {
		t.Errorf("seats %q", s.Panel.Peers)
	}
	if n := count(r.heard.all(), "a musician stopped recording."); n != 1 {
		t.Errorf("it was said %d times that bob stopped: %q", n, r.heard.all())
	}
}

func count(said []string, what string) int {
	n := 0
	for _, s := range said {
		if s == what {
			n++
		}
	}
	return n
}

// TestALineThatIsLost is a fault with its name, and the box goes on.
func TestALineThatIsLost(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	if err := r.panel.Break("button_record", errors.New("the wire came off")); err != nil {
		t.Fatal(err)
	}
	s := r.await("the fault", r.faulty(health.PanelBroken.ID))
	for _, f := range s.Faults {
		if f.ID == health.PanelBroken.ID && (!strings.Contains(f.Detail, "button_record") || !strings.Contains(f.Detail, "chip sim")) {
			t.Errorf("told as %q", f.Detail)
		}
	}
	r.lit("status", led.Fast)
	r.press(session.Record)
	r.lit("record", led.On)
}

// TestPanelTest names buttons and does not obey them, and gives the LEDs back.
func TestPanelTest(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	r.press(session.Mic)
	r.lit("mic", led.On)
	found := make(chan panel.Finding, 64)
	ended := make(chan error, 1)
	go func() { ended <- r.TestPanel(context.Background(), func(f panel.Finding) { found <- f }) }()
	r.await("the test", func(s Status) bool { return s.Panel.Testing })
	for _, b := range session.Buttons {
		if _, err := r.Press(t.Context(), b, 0); err != nil {
			t.Error(err)
		}
	}
	if err := r.TestPanel(t.Context(), func(panel.Finding) {}); !errors.Is(err, ErrRefused) {
		t.Errorf("a second test: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the test ended with %v", err)
	}
	named := map[string]bool{}
	for range len(found) {
		named[(<-found).Name] = true
	}
	for _, name := range []string{"button_record", "button_segment", "button_mic", "button_speakers", "button_status", "led_record", "led_peer4"} {
		if !named[name] {
			t.Errorf("%s was not named: %v", name, named)
		}
	}
	s := r.await("the end", func(s Status) bool { return !s.Panel.Testing })
	if s.Take.State != session.Idle || !s.Audio.MicMuted || s.Audio.SpeakersMuted {
		t.Errorf("the buttons were obeyed: %+v", s)
	}
	r.lit("mic", led.On)
	r.finger(session.Record)
	r.lit("record", led.On)
	if err := r.TestPanel(t.Context(), func(panel.Finding) {}); !errors.Is(err, ErrRefused) {
		t.Errorf("a test during a take: %v", err)
	}
}

// TestNothingBlinks has the panel sleep while nothing on it changes, though the director looks twice a second.
func TestNothingBlinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, session.Artist)
		r.panel, r.quick = newSimPanel(t, 4), true
		r.line = nil
		r.start(nil, nil)
		r.lit("status", led.On)
		time.Sleep(2 * time.Second)
		for range 2 { // idle, and while a take runs
			synctest.Wait()
			before := r.panel.Wakeups()
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := r.panel.Wakeups() - before; n != 0 {
				t.Errorf("the panel woke %d times in a minute, showing %v", n, r.panel.Patterns())
			}
			r.press(session.Record)
			r.lit("record", led.On)
			time.Sleep(time.Second)
		}
		r.leave()
		r.finish()
		if err := r.panel.Close(); err != nil {
			t.Error(err)
		}
	})
}
