package director

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"orionbox/audio/engine"
	"orionbox/firmware/lamps"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/hw/button"
	"orionbox/hw/led"
	"orionbox/hw/panel"
	"orionbox/sip/media"
	"orionbox/sip/phone"
)

const ms = time.Millisecond

// newSimPanel is a panel as a box has it, without hardware.
func newSimPanel(t testing.TB, seats int) *panel.Panel {
	t.Helper()
	cfg := panel.Config{Chip: panel.Sim, Buttons: map[string]string{}, LEDs: map[string]string{},
		Gestures: map[string]button.Config{string(session.Status): {Hold: finishHold, Double: 400 * ms}}}
	for _, b := range session.Buttons {
		cfg.Buttons[string(b)] = panel.None
	}
	for _, name := range lamps.Names(seats) {
		cfg.LEDs[name] = panel.None
	}
	p, err := panel.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// model is a box as a musician thinks of it: what was pressed last counts, whatever broke meanwhile.
type model struct {
	wanted   bool      // a take
	began    time.Time // when a finger asked for it
	mic      bool      // muted
	speakers bool
	refuses  bool // the disk takes nothing
	low      bool
	full     bool
	micAway  bool
	call     phone.State
	broken   bool // a line of the panel
	faulty   bool // the disk has refused at some time: takes were cut, and tried again
	takes    int  // that were asked for
	segments int
	open     bool // a session is
}

func (m *model) press(b session.Button, at time.Time) {
	switch b {
	case session.Record:
		m.record(at)
	case session.Segment:
		if m.open {
			m.segments++
		}
	case session.Mic:
		m.mic = !m.mic
	case session.Speakers:
		m.speakers = !m.speakers
	}
}

func (m *model) record(at time.Time) {
	switch {
	case m.wanted && at.Sub(m.began) < session.Guard:
	case m.wanted:
		m.wanted = false
	case !m.full:
		m.wanted, m.began, m.open = true, at, true
		m.takes++
	}
}

// leds is what the panel must show for it once all is quiet.
func (m *model) leds() map[string]led.Pattern {
	on := func(is bool, p led.Pattern) led.Pattern {
		if is {
			return p
		}
		return led.Off
	}
	leds := map[string]led.Pattern{
		"record": on(m.wanted, led.On), "mic": on(m.mic, led.On), "speakers": on(m.speakers, led.On),
		"call": map[phone.State]led.Pattern{phone.InConference: led.On, phone.Retrying: led.Slow, phone.Refused: led.Fast}[m.call],
	}
	if m.low || m.full {
		leds["record"] = led.Slow
	}
	if m.wanted && m.refuses {
		leds["record"] = led.Fast
	}
	if m.micAway {
		leds["mic"] = led.Fast
	}
	return leds
}

// storm is one life of a box under random hands.
type storm struct {
	*rig
	m    model
	far  *media.Leg // of outside the bubble: its socket waits in no time of ours
	rand *rand.Rand
	last map[session.Button]time.Time // when each was let go
	did  []string                     // for who reads a failure
}

func (s *storm) say(format string, args ...any) {
	s.did = append(s.did, time.Since(s.born).Round(ms).String()+" "+fmt.Sprintf(format, args...))
}

// push moves a contact, which bounces.
func (s *storm) push(b session.Button, down bool) {
	for range s.rand.IntN(4) {
		s.edge(b, down)
		time.Sleep(time.Duration(s.rand.IntN(1200)) * time.Microsecond)
		s.edge(b, !down)
		time.Sleep(time.Duration(s.rand.IntN(1200)) * time.Microsecond)
	}
	s.edge(b, down)
}

func (s *storm) edge(b session.Button, down bool) {
	if err := s.panel.Push(string(b), down); err != nil {
		s.t.Error(err)
	}
}

// finger presses a button for a time. A finger is not faster than 40 ms.
func (s *storm) finger(b session.Button, hold time.Duration) {
	if rest := s.last[b].Add(40 * ms); time.Now().Before(rest) {
		time.Sleep(time.Until(rest))
	}
	s.say("%s for %v", b, hold)
	s.press(b, time.Now()) // the model's: the first touch counts
	s.push(b, true)
	time.Sleep(hold)
	s.push(b, false)
	s.last[b] = time.Now()
}

func (s *storm) press(b session.Button, at time.Time) { s.m.press(b, at) }

func (s *storm) pause(most int) { time.Sleep(time.Duration(s.rand.IntN(most)) * ms) }

// act does one random thing.
func (s *storm) act() {
	quick := time.Duration(10+s.rand.IntN(300)) * ms
	switch n := s.rand.IntN(20); {
	case n < 6:
		s.finger(session.Record, quick)
	case n < 8:
		s.finger(session.Mic, quick)
	case n < 10:
		s.finger(session.Speakers, quick)
	case n < 12:
		s.finger(session.Segment, quick)
	case n < 13:
		s.finger(session.Status, quick)
	case n < 14:
		s.finger(session.Status, 100*ms) // twice: a pre-flight
		time.Sleep(60 * ms)
		s.finger(session.Status, 100*ms)
	case n < 15:
		s.finger(session.Buttons[s.rand.IntN(4)], 4*time.Second) // only status means anything by it
	default:
		s.fault()
	}
	s.pause(1500)
}

// fault breaks something, or mends it.
func (s *storm) fault() {
	switch s.rand.IntN(5) {
	case 0:
		if s.m.low || s.m.full {
			return // what a take that the disk refuses does on a full one is a matter of milliseconds
		}
		s.m.refuses = !s.m.refuses
		s.m.faulty = true
		s.say("the disk refuses: %v", s.m.refuses)
		s.rig.refuses(map[bool]error{true: errors.New("input/output error")}[s.m.refuses])
		time.Sleep(5 * time.Second) // the next try comes within two
	case 1:
		if s.m.refuses {
			return
		}
		s.storage()
	case 2:
		s.m.micAway = !s.m.micAway
		s.say("the microphone is away: %v", s.m.micAway)
		state := map[bool]engine.State{true: engine.Lost, false: engine.OK}[s.m.micAway]
		s.card.set(func(now *engine.Status) { now.Mic.State = state })
	case 3:
		s.ring()
	case 4:
		s.m.broken = !s.m.broken
		s.say("the line of record is broken: %v", s.m.broken)
		if err := s.panel.Break("button_record", map[bool]error{true: errors.New("the wire came off")}[s.m.broken]); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *storm) storage() {
	free := []int64{100 << 30, 510 << 20, 400 << 20}[s.rand.IntN(3)]
	s.m.low, s.m.full = free == 510<<20, free == 400<<20
	s.say("%d bytes are free", free)
	s.store.set(func(st *store) { st.free = free })
	if s.m.full {
		s.m.wanted = false
	}
	time.Sleep(2 * time.Second) // nobody presses until it was seen: who is first is a matter of milliseconds
}

func (s *storm) ring() {
	s.m.call = []phone.State{phone.InConference, phone.Retrying, phone.Refused}[s.rand.IntN(3)]
	s.say("the call is %s", s.m.call)
	if s.m.call == phone.InConference {
		s.m.open = true
		s.line.is(s.m.call, "", s.far)
		return
	}
	s.line.is(s.m.call, "the line is cut", nil)
}

// quiet waits until nothing is under way, and compares.
func (s *storm) quiet() bool {
	time.Sleep(6 * time.Second)
	synctest.Wait()
	now, err := s.Status(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	want := session.Idle
	switch {
	case s.m.wanted && s.m.refuses: // nothing is being recorded, whatever is tried
		want = session.Failing
	case s.m.wanted:
		want = session.Recording
	}
	state := now.Take.State
	if want == session.Failing && (state == session.Starting || state == session.Recording) {
		state = session.Failing // it is being tried again at this very moment
	}
	ok := state == want && now.Audio.MicMuted == s.m.mic && now.Audio.SpeakersMuted == s.m.speakers && now.Recording == (want == session.Recording)
	lights := s.panel.Lights()
	for name, pattern := range s.m.leds() {
		ok = ok && lights[name].Pattern == pattern && now.Panel.LEDs[name] == pattern
	}
	if !ok {
		s.t.Errorf("want take %s, microphone muted %v, speakers %v, LEDs %v\ngot %s, recording %v, %v, %v, %+v\nafter %q",
			want, s.m.mic, s.m.speakers, s.m.leds(), now.Take.State, now.Recording, now.Audio.MicMuted, now.Audio.SpeakersMuted, lights, s.did)
	}
	return ok
}

// end holds status, and looks at what is on the disk: all takes, and all of them closed.
func (s *storm) end() {
	s.rig.refuses(nil)
	s.finger(session.Status, 3200*ms)
	s.finish()
	if got := s.panel.Patterns()["status"]; got != led.Halted {
		s.t.Errorf("a box that was held shows status %s", got)
	}
	files := glob(s.t, filepath.Join(s.dir, "SESSION_*", "HQ_*"))
	if !s.m.faulty && len(files) != s.m.takes {
		s.t.Errorf("%d takes were asked for, %d are there\nafter %q", s.m.takes, len(files), s.did)
	}
	started, stopped, markers := map[string]bool{}, map[string]int64{}, map[string]bool{}
	for _, path := range glob(s.t, filepath.Join(s.dir, "SESSION_*", "journal.jsonl")) {
		for _, e := range readJournal(s.t, path).Entries {
			switch e.Kind {
			case takes.KindTakeStart:
				started[e.File] = true
			case takes.KindTakeStop:
				stopped[e.File] = e.Bytes
			case takes.KindMarker:
				markers[e.Change.Marker] = true
			}
		}
	}
	if ended := len(stopped); !s.m.faulty && len(markers) != s.m.segments+ended {
		s.t.Errorf("segment was pressed %d times, %d takes ended, and there are %d markers\nafter %q", s.m.segments, ended, len(markers), s.did)
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			s.t.Fatal(err)
		}
		bytes, closed := stopped[filepath.Base(path)]
		if !closed || !started[filepath.Base(path)] || bytes != info.Size() {
			s.t.Errorf("take %s has %d bytes; the journal: started %v, closed %v with %d\nafter %q", path, info.Size(),
				started[filepath.Base(path)], closed, bytes, s.did)
		}
	}
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func readJournal(t testing.TB, path string) takes.Log {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log, err := takes.ReadJournal(f)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// life has so many sequences of presses pass over a box, until status is held.
func life(t *testing.T, far *media.Leg, seed uint64, sequences int) {
	r := newRig(t, session.Artist)
	r.flush, r.poll, r.quick, r.panel = 500*ms, 20*ms, true, newSimPanel(t, 4)
	r.start(nil, nil)
	s := &storm{rig: r, far: far, rand: rand.New(rand.NewPCG(seed, 5)), last: map[session.Button]time.Time{}}
	s.m.call = phone.Retrying
	r.line.is(s.m.call, "not yet", nil)
	for ok := true; ok && sequences > 0; sequences-- {
		for range 1 + s.rand.IntN(6) {
			s.act()
		}
		ok = s.quiet()
		s.did = nil
	}
	s.end()
	if err := r.panel.Close(); err != nil {
		t.Error(err)
	}
}

// TestRandomHands presses whatever can be pressed, in any order, while parts break and come back, and expects what a musician
// does: the box is as the last presses left it, and every take that was asked for is on the disk, whole and closed.
func TestRandomHands(t *testing.T) {
	const lives = 100
	for half := range 2 {
		t.Run(fmt.Sprint("half ", half+1), func(t *testing.T) {
			t.Parallel()
			for n := half * lives / 2; n < (half+1)*lives/2 && !t.Failed(); n++ {
				t.Run(fmt.Sprint("life ", n), func(t *testing.T) {
					far := (&rig{t: t}).leg()
					synctest.Test(t, func(t *testing.T) { life(t, far, uint64(n), stormy/lives) })
				})
			}
		})
	}
}
