package director

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/audio/cue"
	"orionbox/audio/engine"
	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/hw/board"
	"orionbox/hw/led"
	"orionbox/sip/phone"
)

// heard is what a musician hears in the headphones.
type heard struct {
	mu   sync.Mutex
	said []string
}

func (h *heard) Play(s cue.Sound, _ cue.Priority) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, s.Name)
	return nil
}

func (h *heard) Busy() bool { return false }

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.said)
}

// hears waits until something was said, and returns all that was until then.
func (r *rig) hears(what string) []string {
	r.t.Helper()
	r.await(what, func(Status) bool { return slices.Contains(r.heard.all(), what) })
	return r.heard.all()
}

func TestCuesOfATake(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	r.finger(session.Record)
	r.hears("recording, take one")
	r.finger(session.Segment)
	r.hears("mark")
	r.press(session.Record)
	r.hears("recording stopped.")
	r.finger(session.Mic)
	r.hears("microphone muted.")
	r.finger(session.Speakers)
	r.lit("speakers", led.On)
	r.finger(session.Speakers)
	r.hears("speakers live.")
}

func TestCuesOfFaults(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	r.store.set(func(s *store) { s.free = 510 << 20 })
	r.hears("storage, low.")
	r.store.set(func(s *store) { s.free = 400 << 20 })
	r.hears("storage, full.")
	r.store.set(func(s *store) { s.free = 100 << 30 })
	r.await("room", not(r.faulty(health.StorageFull.ID)))
	r.card.set(func(s *engine.Status) { s.Mic.State = engine.Lost })
	r.hears("no microphone.")
	r.line.is(phone.Refused, phone.WrongPassword, nil)
	r.hears("call refused.")
	r.refuses(errors.New("input/output error"))
	r.press(session.Record)
	r.hears("recordings do not reach the disk.")
}

// TestAFaultThatComesAndGoesIsNotSaidEachTime: a weak power supply does every few seconds.
func TestAFaultThatComesAndGoesIsNotSaidEachTime(t *testing.T) {
	inBubble(t, session.Artist, func(*rig) {}, func(t *testing.T, r *rig) {
		for i := range 60 {
			r.Observe(board.State{Power: &board.Power{Undervoltage: i%2 == 0}})
			time.Sleep(5 * time.Second)
		}
		if n := count(r.heard.all(), "power supply too weak."); n < 4 || n > 5 {
			t.Errorf("in five minutes it was said %d times", n)
		}
	})
}

// TestARefusedPressIsHeard is all that a listener's finger gets from record.
func TestARefusedPressIsHeard(t *testing.T) {
	r := withPanel(t, session.Listener, nil)
	r.finger(session.Record)
	r.hears(cue.ToneWarning.String())
}

func TestTonesInPlaceOfWords(t *testing.T) {
	r := newRig(t, session.Artist)
	r.panel, r.heard, r.tones = newSimPanel(t, 4), &heard{}, true
	t.Cleanup(func() { _ = r.panel.Close() }) // which has its own test
	r.start(nil, nil)
	r.finger(session.Record)
	r.hears(cue.ToneStarted.String())
	r.press(session.Record)
	r.hears(cue.ToneStopped.String())
	for _, said := range r.heard.all() {
		if !slices.ContainsFunc(cue.Tones(), func(tone cue.Tone) bool { return tone.String() == said }) {
			t.Errorf("%q is no tone", said)
		}
	}
}

func TestMutedTalking(t *testing.T) {
	r := newRig(t, session.Artist)
	r.heard = &heard{}
	var talks atomic.Bool
	r.talking = func() bool { return talks.Swap(false) }
	r.start(nil, nil)
	talks.Store(true)
	r.await("that to be asked for", func(Status) bool { return !talks.Load() })
	if said := r.heard.all(); slices.Contains(said, "microphone muted while you talk.") {
		t.Errorf("the microphone is live, and it was said %q", said)
	}
	r.press(session.Mic)
	talks.Store(true)
	r.hears("microphone muted while you talk.")
}

// TestStatusIsSpoken presses status once, and hears how the box is.
func TestStatusIsSpoken(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	r.line.is(phone.InConference, "", r.leg())
	r.finger(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.finger(session.Mic)
	r.lit("mic", led.On)
	r.finger(session.Status)
	r.hears("ready. recording, take one, in the conference. microphone muted. storage, five hundred and thirty hours left.")
}

func TestSpoken(t *testing.T) {
	ready := Status{Role: session.Artist, Call: phone.InConference, Storage: StorageStatus{MinutesLeft: 40}, Safe: SafeStatus{Safe: true}}
	with := func(change func(*Status)) Status { s := ready; change(&s); return s }
	fault := func(k health.Kind) health.Fault { return health.Fault{ID: k.ID, Severity: k.Severity} }
	present := hub.Peer{State: hub.Present}
	for _, c := range []struct {
		what     string
		status   Status
		starting bool
		leaving  bool
		owed     int
		want     string
	}{
		{"ready", ready, false, false, 0, "ready. not recording, in the conference. storage, forty minutes left."},
		{"starting", ready, true, false, 0, "starting. not recording, in the conference. storage, forty minutes left."},
		{"a listener", with(func(s *Status) { s.Role, s.Call = session.Listener, phone.Retrying }), false, false, 0, "ready. calling."},
		{"a room", with(func(s *Status) {
			s.Role, s.Peers = session.Listener, []hub.Peer{present, present, present, {State: hub.Unknown}}
		}), false, false, 0,
			"ready. in the conference. two musicians here."},
		{"delivering", with(func(s *Status) { s.Take.Number = 2; s.Safe.Safe = false }), false, false, 2,
			"ready. not recording, in the conference. storage, forty minutes left. not yet, two takes to deliver."},
		{"delivered", with(func(s *Status) { s.Take.Number = 2 }), false, false, 0,
			"ready. not recording, in the conference. storage, forty minutes left. safe to unplug."},
		{"a fault", with(func(s *Status) { s.Faults = []health.Fault{fault(health.NoMicrophone), fault(health.HubDown)} }), false, false, 0,
			"fault, no microphone. fault, no hub. not recording, in the conference. storage, forty minutes left."},
		{"faults without words", with(func(s *Status) { s.Faults = []health.Fault{fault(health.SoundLost), fault(health.TakeCut)} }), false, false, 0,
			"fault, not recording, in the conference. storage, forty minutes left."},
		{"leaving", with(func(s *Status) { s.Role, s.Call = session.Producer, phone.NotConfigured }), false, true, 0,
			"shutting down. no conference is set up."},
	} {
		if got := cue.Say(spoken(c.status, c.starting, c.leaving, c.owed)...).Name; got != c.want {
			t.Errorf("%s is spoken as %q, want %q", c.what, got, c.want)
		}
	}
}
