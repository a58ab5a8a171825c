package director

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orionbox/audio/engine"
	"orionbox/audio/pcm"
	"orionbox/audio/recorder"
	"orionbox/firmware/health"
	"orionbox/firmware/preflight"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/hw/panel"
	"orionbox/sip/media"
	"orionbox/sip/phone"
	"orionbox/sip/rtp"
)

// card is a sound card that can be unplugged.
type card struct {
	mu      sync.Mutex
	status  engine.Status
	changed chan struct{}
	began   time.Time
}

func (c *card) set(change func(*engine.Status)) {
	c.mu.Lock()
	change(&c.status)
	c.mu.Unlock()
	c.changed <- struct{}{}
}

func (c *card) MuteMic(on bool)          { c.set(func(s *engine.Status) { s.MicMuted = on }) }
func (c *card) MuteSpeakers(on bool)     { c.set(func(s *engine.Status) { s.SpeakersMuted = on }) }
func (c *card) Changed() <-chan struct{} { return c.changed }
func (c *card) Clock() []engine.Stamp {
	return []engine.Stamp{{At: c.began, Pos: 0}, {At: time.Now(), Pos: format.Samples(time.Since(c.began))}}
}
func (c *card) Status() engine.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// line is a telephone line that the test makes ring and break.
type line struct {
	mu     sync.Mutex
	status phone.Status
	events chan phone.Event
}

func (l *line) Events() <-chan phone.Event { return l.events }
func (l *line) Status() phone.Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

func (l *line) is(state phone.State, reason phone.Reason, leg *media.Leg) {
	l.mu.Lock()
	l.status = phone.Status{State: state, Reason: reason, Since: time.Now()}
	e := phone.Event{Status: l.status, Leg: leg}
	l.mu.Unlock()
	l.events <- e
}

// store is a disk that can be slow, full or broken, over a real one.
type store struct {
	*takes.Store
	mu    sync.Mutex
	stall chan struct{} // Begin waits for it
	broke error
	free  int64
}

func (s *store) set(change func(*store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *store) Begin(now time.Time) (*takes.Session, error) {
	s.mu.Lock()
	stall, broke := s.stall, s.broke
	s.mu.Unlock()
	if stall != nil {
		<-stall
	}
	if broke != nil {
		return nil, broke
	}
	return s.Store.Begin(now)
}

func (s *store) Free() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == 0 {
		return 0, errors.New("stale file handle")
	}
	return s.free, nil
}

// source brings silence in real time, as a microphone with nothing before it.
type source struct {
	start time.Time
	pos   int64
	frame pcm.Frame
}

var format = pcm.Format{Rate: 8000, Channels: 1}

func newSource() *source {
	return &source{start: time.Now(), frame: pcm.Frame{Format: format, Data: make([]float32, 80)}}
}

func (s *source) Pop() (pcm.Frame, bool) {
	if s.pos+80 > format.Samples(time.Since(s.start)) {
		return pcm.Frame{}, false
	}
	s.frame.Pos = s.pos
	s.pos += 80
	return s.frame, true
}

// file is a recording whose disk may refuse it.
type file struct {
	*os.File
	size  int64
	broke func() error // of writing
	stuck func() error // of closing
	quick bool         // nothing waits for the disk's own pace
}

func (f *file) Sync() error {
	if f.quick {
		return nil
	}
	return f.File.Sync()
}

func (f *file) WriteFrame(p pcm.Frame) error {
	n, err := f.Write(make([]byte, 2*p.Len()))
	f.size += int64(n)
	return errors.Join(err, f.broke())
}
func (f *file) Size() int64  { return f.size }
func (f *file) Close() error { return errors.Join(f.File.Close(), f.stuck()) }

// word is what a disk says from now on, nil for yes.
type word struct {
	mu   sync.Mutex
	says error
}

func (w *word) is(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says = err
}

func (w *word) said() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.says
}

// voice is a line with no tick: its recorder has a source of its own.
type voice struct {
	*recorder.Recorder
	mu       sync.Mutex
	rate     int
	began    time.Time
	attached *media.Leg
	played   media.Mic
	stop     func()
}

func (v *voice) Rate() int { return v.rate }
func (v *voice) Close()    { v.stop() }
func (v *voice) When(pos int64) (time.Time, bool) {
	return v.began.Add(format.Duration(pos)), true
}
func (v *voice) Detach() { _ = v.Attach(nil) }
func (v *voice) Attach(leg *media.Leg) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.attached = leg
	return nil
}

func (v *voice) Play(source media.Mic) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.played = source
}

func (v *voice) plays() media.Mic {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.played
}

func (v *voice) leg() *media.Leg {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.attached
}

// rig is a director with parts that a test can break.
type rig struct {
	t       testing.TB
	role    session.Role
	flush   time.Duration // of the recorders
	poll    time.Duration
	quick   bool         // its disk
	panel   *panel.Panel // nil without one
	seats   []string
	heard   *heard // the cues; nil without
	tones   bool   // in place of words
	talking func() bool
	echo    func(context.Context) (preflight.Echo, error)
	card    *card
	line    *line
	store   *store
	voice   *voice
	dir     string
	shop    *shop
	*Director
	leave   context.CancelFunc
	done    chan error
	hung    chan struct{}
	refuses func(error) // what the disk says to the next writes
	closes  func(error) // and to the closing of a file
}

func start(t *testing.T, role session.Role) *rig {
	t.Helper()
	return startIn(t, role, nil)
}

// startIn starts a director at a hub, nil for none.
func startIn(t *testing.T, role session.Role, room Hub) *rig {
	t.Helper()
	return startWith(t, role, room, nil)
}

// startWith starts a director that shall have a hub, but has none yet for a reason.
func startWith(t *testing.T, role session.Role, room Hub, noHub error) *rig {
	t.Helper()
	return newRig(t, role).start(room, noHub)
}

// newRig is one that has not started.
func newRig(t testing.TB, role session.Role) *rig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &rig{t: t, role: role, dir: t.TempDir(), shop: &shop{}, done: make(chan error, 1), hung: make(chan struct{}),
		flush: 50 * time.Millisecond, poll: 5 * time.Millisecond,
		card: &card{changed: make(chan struct{}, 64), began: time.Now()},
		line: &line{events: make(chan phone.Event, 16), status: phone.Status{State: phone.Registering}},
	}
	r.card.status.Mic.State, r.card.status.Speakers.State = engine.OK, engine.OK
	r.store = &store{Store: takes.New(takes.Config{Root: r.dir, Artist: "ann"}, log), free: 100 << 30}
	return r
}

func (r *rig) start(room Hub, noHub error) *rig {
	t, log := r.t, slog.New(slog.DiscardHandler)
	t.Helper()
	var writing, closing word
	r.refuses, r.closes = writing.is, closing.is
	open := func(path string) (recorder.File, error) {
		f, err := os.Create(path)
		return &file{File: f, broke: writing.said, stuck: closing.said, quick: r.quick}, err
	}
	newRecorder := func(name string) (*recorder.Recorder, func()) {
		rec := recorder.New(recorder.Config{Name: name, Source: newSource(), Flush: r.flush, Poll: r.poll}, log)
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = rec.Run(ctx) })
		return rec, func() { cancel(); running.Wait() }
	}
	studio, stopStudio := newRecorder("studio")
	t.Cleanup(stopStudio)
	ready := make(chan struct{})
	close(ready)
	r.Director = New(Config{
		Name: "ann", Role: r.role, Version: "test", Reserve: 500 << 20, Folder: r.dir, Studio: format, Bitrate: 320, VoiceRate: format.Rate, NoHub: noHub,
		OpenTake:  open,
		OpenVoice: func(path string, _ int) (recorder.File, error) { return open(path) },
		NewVoice: func(rate int) Voice {
			rec, stop := newRecorder("voice")
			r.voice = &voice{Recorder: rec, rate: rate, began: time.Now(), stop: stop}
			return r.voice
		},
		OpenPlayback: r.shop.open, Speak: r.shop.speak,
		HangUp: func() { close(r.hung) },
		Ready:  ready, Chip: panel.Sim, Peers: r.seats, Tones: r.tones, Talking: r.talking, Echo: r.echo,
	}, Parts{Audio: r.card, Studio: studio, Disk: r.store, Hub: room}, log)
	if r.line != nil {
		r.Director.parts.Phone = r.line
	}
	if r.panel != nil {
		r.Director.parts.Panel = r.panel
	}
	if r.heard != nil {
		r.Director.parts.Cues = r.heard
	}
	ctx, leave := context.WithCancel(context.Background())
	r.leave = leave
	go func() { r.done <- r.Run(ctx) }()
	t.Cleanup(func() { leave(); r.finish() })
	return r
}

// finish waits until the director is done.
func (r *rig) finish() {
	r.t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		if err != nil {
			r.t.Errorf("run: %v", err)
		}
	case <-time.After(10 * time.Second):
		r.t.Fatal("the director does not end")
	}
}

func (r *rig) press(b session.Button) string {
	r.t.Helper()
	text, err := r.Press(context.Background(), b, 0)
	if err != nil {
		r.t.Fatalf("press %s: %v", b, err)
	}
	return text
}

func (r *rig) await(what string, ok func(Status) bool) Status {
	r.t.Helper()
	var last Status
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-ticker.C {
		var err error
		if last, err = r.Status(context.Background()); err == nil && ok(last) {
			return last
		}
	}
	r.t.Fatalf("waited for %s; last %+v", what, last)
	return last
}

func (r *rig) faulty(id string) func(Status) bool {
	return func(s Status) bool {
		for _, f := range s.Faults {
			if f.ID == id {
				return true
			}
		}
		return false
	}
}

func not(ok func(Status) bool) func(Status) bool { return func(s Status) bool { return !ok(s) } }

func (r *rig) leg() *media.Leg {
	r.t.Helper()
	socket, err := rtp.Listen(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		r.t.Fatal(err)
	}
	formats, err := media.Formats("PCMU")
	if err != nil {
		r.t.Fatal(err)
	}
	leg, err := media.NewLeg(media.LegConfig{Socket: socket, Remote: netip.MustParseAddrPort("127.0.0.1:9"), Format: formats[0], Rate: 8000})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { leg.Close() })
	return leg
}

func TestSessionFollowsTheCall(t *testing.T) {
	r := start(t, session.Artist)
	leg := r.leg()
	r.line.is(phone.InConference, "", leg)
	r.await("the session", func(s Status) bool { return s.Session != "" && s.Voice.Recording && s.Call == phone.InConference })
	if r.voice.rate != 8000 || r.voice.leg() != leg {
		t.Errorf("line at %d Hz with %v, want the codec's 8000 with the call", r.voice.rate, r.voice.leg())
	}
	r.press(session.Record)
	before := r.await("the take", func(s Status) bool { return s.Recording })
	r.line.is(phone.Retrying, "hung up", nil)
	r.await("the call to be gone", func(s Status) bool { return s.Call == phone.Retrying && r.voice.leg() == nil })
	after := r.await("more of the take", func(s Status) bool { return s.Take.Bytes > before.Take.Bytes })
	if !after.Recording || after.Session != before.Session {
		t.Errorf("the take did not go on: %+v", after)
	}
	r.leave()
	r.finish()
	select {
	case <-r.hung:
	default:
		t.Error("nobody hung up")
	}
	journal, err := os.ReadFile(filepath.Join(before.Session, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{`"session"`, `"call"`, `"voice-start"`, `"take-start"`, `"take-stop"`, `"voice-stop"`, `"closed"`} {
		if !strings.Contains(string(journal), kind) {
			t.Errorf("the journal lacks %s:\n%s", kind, journal)
		}
	}
}

// TestCallBeforeAnyDisk carries the call's sound even while no folder can be made, and records as soon as one can.
func TestCallBeforeAnyDisk(t *testing.T) {
	r := start(t, session.Artist)
	r.store.set(func(s *store) { s.broke = errors.New("no such disk") })
	leg := r.leg()
	r.line.is(phone.InConference, "", leg)
	r.await("the fault", r.faulty(health.VoiceFailed.ID))
	if r.voice.leg() != leg {
		t.Error("the call is silent for want of a disk")
	}
	r.store.set(func(s *store) { s.broke = nil })
	r.await("the recording", func(s Status) bool { return s.Voice.Recording && !r.faulty(health.VoiceFailed.ID)(s) })
	if r.voice.leg() != leg {
		t.Error("the call was taken off the line")
	}
}

// TestSlowDisk holds that a disk that does not answer keeps nobody waiting, and loses no take.
func TestSlowDisk(t *testing.T) {
	r := start(t, session.Artist)
	answer := make(chan struct{})
	r.store.set(func(s *store) { s.stall = answer })
	if got := r.press(session.Record); got != "take 1 starts" {
		t.Errorf("press says %q", got)
	}
	r.press(session.Mic)
	r.await("the mute", func(s Status) bool { return s.Audio.MicMuted && s.Take.State == session.Starting && !s.Recording })
	r.await("the fault", r.faulty(health.TakeFailed.ID))
	close(answer)
	r.await("the take", func(s Status) bool { return s.Recording && !r.faulty(health.TakeFailed.ID)(s) })
}

func TestTakeThatFailsIsTriedAgain(t *testing.T) {
	r := start(t, session.Artist)
	r.press(session.Record)
	r.await("the take", func(s Status) bool { return s.Recording })
	r.refuses(errors.New("input/output error"))
	s := r.await("the failure", func(s Status) bool { return s.Take.State == session.Failing })
	if s.Recording || !r.faulty(health.TakeFailed.ID)(s) {
		t.Errorf("nothing reaches the disk, yet %+v", s)
	}
	r.refuses(nil)
	s = r.await("the next take", func(s Status) bool { return s.Recording && !r.faulty(health.TakeFailed.ID)(s) })
	if s.Take.Number != 2 {
		t.Errorf("after the disk came back: %+v", s.Take)
	}
	r.press(session.Record)
	r.await("its end", func(s Status) bool { return s.Take.State == session.Idle })
}

func TestFullDiskClosesTheTake(t *testing.T) {
	r := start(t, session.Artist)
	r.press(session.Record)
	r.await("the take", func(s Status) bool { return s.Recording })
	r.store.set(func(s *store) { s.free = 501 << 20 })
	r.await("the warning", r.faulty(health.StorageLow.ID))
	r.store.set(func(s *store) { s.free = 400 << 20 })
	s := r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle })
	if !r.faulty(health.StorageFull.ID)(s) || r.faulty(health.StorageLow.ID)(s) {
		t.Errorf("faults %+v", s.Faults)
	}
	if _, err := r.Press(context.Background(), session.Record, 0); !errors.Is(err, ErrRefused) {
		t.Errorf("a take on a full disk: %v", err)
	}
	r.await("the end of the voice recording", func(s Status) bool { return !s.Voice.Recording })
	r.store.set(func(s *store) { s.free = 100 << 30 })
	r.await("room again", not(r.faulty(health.StorageFull.ID)))
	r.await("another voice recording", func(s Status) bool { return s.Voice.Recording })
	r.press(session.Record)
	r.await("another take", func(s Status) bool { return s.Recording })
}

func TestFaultsOfOthers(t *testing.T) {
	r := start(t, session.Listener)
	for _, c := range []struct {
		fault health.Kind
		comes func()
		goes  func()
	}{
		{health.CallRefused, func() { r.line.is(phone.Refused, "wrong password", nil) }, func() { r.line.is(phone.Dialling, "", nil) }},
		{health.CallDown, func() { r.line.is(phone.Retrying, "no route", nil) }, func() { r.line.is(phone.InConference, "", r.leg()) }},
		{health.PINUnsent, func() { r.line.is(phone.InConference, phone.NoDigits, r.leg()) }, func() { r.line.is(phone.InConference, "", r.leg()) }},
		{health.NoMicrophone, func() { r.card.set(func(s *engine.Status) { s.Mic.State = engine.Lost }) },
			func() { r.card.set(func(s *engine.Status) { s.Mic.State = engine.OK }) }},
		{health.NoSpeakers, func() { r.card.set(func(s *engine.Status) { s.Speakers.State = engine.Missing }) },
			func() { r.card.set(func(s *engine.Status) { s.Speakers.State = engine.OK }) }},
		{health.StorageUnknown, func() { r.store.set(func(s *store) { s.free = 0 }) }, func() { r.store.set(func(s *store) { s.free = 100 << 30 }) }},
	} {
		c.comes()
		s := r.await(c.fault.ID, r.faulty(c.fault.ID))
		if (s.Worst() != nil) != (c.fault.Severity == health.Error) {
			t.Errorf("%s: worst is %v", c.fault.ID, s.Worst())
		}
		if c.goes != nil {
			c.goes()
			r.await("the end of "+c.fault.ID, not(r.faulty(c.fault.ID)))
		}
	}
}

func TestPressesThatAreRefused(t *testing.T) {
	r := start(t, session.Listener)
	if _, err := r.Press(context.Background(), session.Record, 0); !errors.Is(err, ErrRefused) {
		t.Errorf("record on a listener's box: %v", err)
	}
	if _, err := r.Press(context.Background(), "doorbell", 0); !errors.Is(err, ErrUnknownButton) {
		t.Errorf("unknown button: %v", err)
	}
	if text, err := r.Press(context.Background(), session.Status, 3*time.Second); err != nil || !strings.HasPrefix(text, "finishing") {
		t.Errorf("status held: %q, %v", text, err)
	}
	r.finish()
	if _, err := r.Status(context.Background()); err == nil {
		t.Error("a box that stopped still answers")
	}
}

// TestLeaveWhileTheDiskIsGone ends even when the session never had a folder.
func TestLeaveWhileTheDiskIsGone(t *testing.T) {
	r := start(t, session.Artist)
	r.store.set(func(s *store) { s.broke = errors.New("no such disk") })
	r.press(session.Record)
	r.await("the failure", func(s Status) bool { return s.Take.State == session.Failing })
	r.leave()
	r.finish()
}

// TestFolderThatIsTakenAway goes on in another folder, take and voice both.
func TestFolderThatIsTakenAway(t *testing.T) {
	r := start(t, session.Artist)
	r.line.is(phone.InConference, "", r.leg())
	r.press(session.Record)
	before := r.await("take and voice", func(s Status) bool { return s.Recording && s.Voice.Recording })
	if err := os.Rename(before.Session, before.Session+".away"); err != nil {
		t.Fatal(err)
	}
	there := func(s Status, names ...string) bool {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(s.Session, name)); err != nil {
				return false
			}
		}
		return s.Session != ""
	}
	r.await("both in another folder", func(s Status) bool {
		return s.Recording && s.Voice.Recording && there(s, s.Take.File, s.Voice.File, "journal.jsonl")
	})
	r.leave()
	r.finish()
}

// TestTakeThatCannotBeClosed tells so, although nothing is being recorded any more.
func TestTakeThatCannotBeClosed(t *testing.T) {
	r := start(t, session.Artist)
	r.press(session.Record)
	r.await("the take", func(s Status) bool { return s.Recording })
	r.closes(errors.New("input/output error"))
	r.press(session.Record)
	s := r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle })
	if !r.faulty(health.TakeCut.ID)(s) {
		t.Errorf("a take that could not be closed is no fault: %+v", s.Faults)
	}
	r.closes(nil)
	r.press(session.Record)
	r.await("the next take", func(s Status) bool { return s.Recording && !r.faulty(health.TakeCut.ID)(s) })
}
