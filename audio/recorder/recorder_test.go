package recorder

import (
	"errors"
	"syscall"
	"testing"
	"time"
)

// near tells whether a is within a twentieth of a second of b, in samples.
func near(a, b int64) bool { return a-b < int64(mono.Rate)/20 && b-a < int64(mono.Rate)/20 }

func TestATakeHasItsPreRollAndAllUntilStop(t *testing.T) {
	s := newStudio(t, 2*time.Second)
	s.live(5 * time.Second)
	var m memory
	s.start(&m)
	s.live(3 * time.Second)
	s.Stop()
	pressed := s.card.pos
	s.live(time.Second)
	started, stopped := s.one(Started), s.one(Stopped)
	if started.Samples != 2*48000 || !near(started.Pos, 3*48000) {
		t.Errorf("started %+v", started)
	}
	s.seamless(&m, started.Pos, nil)
	if stopped.Pos < pressed || !near(stopped.Pos, pressed+samples(48000, margin)) {
		t.Errorf("stopped at %d, pressed at %d", stopped.Pos, pressed)
	}
	if stopped.Samples != int64(len(m.data)) || stopped.Bytes != m.Size() || stopped.Samples != stopped.Pos-started.Pos {
		t.Errorf("stopped %+v, file has %d", stopped, len(m.data))
	}
	if m.closed != 1 {
		t.Errorf("closed %d times", m.closed)
	}
}

func TestPreRollIsWhatThereWas(t *testing.T) {
	for _, before := range []time.Duration{0, 10 * time.Millisecond, 1990 * time.Millisecond, 7 * time.Second} {
		s := newStudio(t, 2*time.Second)
		s.live(before)
		var m memory
		s.start(&m)
		s.live(time.Second)
		want := min(before, 2*time.Second).Milliseconds() * 48
		if got := s.one(Started); !near(got.Samples, want) {
			t.Errorf("after %v: pre-roll of %d samples, want %d", before, got.Samples, want)
		}
		s.seamless(&m, s.one(Started).Pos, nil)
	}
	s := newStudio(t, 0)
	s.live(time.Second)
	var m memory
	s.start(&m)
	s.live(time.Second)
	if got := s.one(Started); got.Samples != 0 || !near(got.Pos, 48000) || !near(int64(len(m.data)), 48000) {
		t.Errorf("without pre-roll: %+v, %d samples", got, len(m.data))
	}
}

func TestWhatIsSyncedIsTold(t *testing.T) {
	s := newStudio(t, time.Second)
	s.live(2 * time.Second)
	var m memory
	s.start(&m)
	for range 100 {
		s.live(100 * time.Millisecond)
		if behind := len(m.data) - m.synced; behind > 48000*6/10 {
			t.Fatalf("%d samples are not on the disk", behind)
		}
		if st := s.Status(); s.now.Sub(st.LastSynced) > time.Second && len(s.events(Progress)) > 0 || int(st.Samples) > m.synced {
			t.Fatalf("status %+v, synced %d", st, m.synced)
		}
	}
	progress := s.events(Progress)
	if len(progress) < 18 {
		t.Fatalf("%d progress events in 10 s", len(progress))
	}
	for i, e := range progress[1:] {
		if e.Bytes <= progress[i].Bytes || e.Bytes != 2*e.Samples {
			t.Errorf("progress %+v after %+v", e, progress[i])
		}
	}
	// A card that delivers nothing must not look as if something reached the disk.
	last := s.Status()
	for range 300 {
		s.now = s.now.Add(10 * time.Millisecond)
		s.work()
	}
	if st := s.Status(); st.LastSynced.Sub(last.LastSynced) > time.Second || !st.Recording {
		t.Errorf("dry source: %+v, before %+v", st, last)
	}
}

// The disk hangs for 5 s, and both buttons are pressed meanwhile: nothing is lost, and the cut is where it was pressed.
func TestAStalledDiskLosesNothing(t *testing.T) {
	s := newStudio(t, 2*time.Second)
	s.live(3 * time.Second)
	var first, second memory
	s.start(&first)
	s.live(time.Second)
	s.stalled(time.Second)
	s.Stop()
	stopAt := s.card.pos
	s.stalled(2 * time.Second)
	s.start(&second)
	startAt := s.card.pos
	s.stalled(2 * time.Second)
	s.live(time.Second)
	s.Stop()
	s.live(time.Second)
	started, stopped := s.events(Started), s.events(Stopped)
	if len(started) != 2 || len(stopped) != 2 || len(s.events(Gap, Failed)) != 0 || s.card.dropped != 0 {
		t.Fatalf("%v", s.seen)
	}
	s.seamless(&first, started[0].Pos, nil)
	s.seamless(&second, started[1].Pos, nil)
	if stopped[0].Pos < stopAt || !near(stopped[0].Pos, stopAt+samples(48000, margin)) {
		t.Errorf("first take ends at %d, stop was pressed at %d", stopped[0].Pos, stopAt)
	}
	if !near(started[1].Pos, startAt-2*48000) {
		t.Errorf("second take begins at %d, start was pressed at %d", started[1].Pos, startAt)
	}
}

func TestWhatTheRingCouldNotHoldIsSilence(t *testing.T) {
	s := newStudio(t, time.Second)
	s.live(2 * time.Second)
	var m memory
	s.start(&m)
	s.live(time.Second)
	s.stalled(15 * time.Second)
	s.live(time.Second)
	s.Stop()
	s.live(time.Second)
	gap := s.one(Gap)
	if gap.Samples != s.card.dropped || gap.Samples < 2*48000 || !gap.Lost {
		t.Errorf("gap %+v, dropped %d", gap, s.card.dropped)
	}
	s.seamless(&m, s.one(Started).Pos, func(pos int64) bool { return pos >= gap.Pos && pos < gap.Pos+gap.Samples })
	if st := s.Status(); st.Lost != gap.Samples || st.Filled != 0 {
		t.Errorf("status %+v", s.Status())
	}
}

func TestSilenceOfAMissingCardIsOneGap(t *testing.T) {
	s := newStudio(t, 2*time.Second)
	s.live(3 * time.Second)
	s.pass(time.Second, true, true) // away, half of it in the pre-roll
	s.live(500 * time.Millisecond)
	s.pass(200*time.Millisecond, true, true)
	s.live(300 * time.Millisecond)
	var m memory
	s.start(&m)
	s.live(100 * time.Millisecond)
	s.pass(3*time.Second, true, true)
	s.live(100 * time.Millisecond)
	s.pass(time.Second, true, true)
	s.Stop()
	s.pass(time.Second, true, true)
	gaps := s.events(Gap)
	if len(gaps) != 4 {
		t.Fatalf("gaps %v", gaps)
	}
	for i, want := range []struct{ pos, n int64 }{{144000, 48000}, {216000, 9600}, {244800, 144000}, {393600, 0}} {
		if g := gaps[i]; g.Pos != want.pos || want.n > 0 && g.Samples != want.n || g.Lost {
			t.Errorf("gap %d: %+v, want %+v", i, g, want)
		}
	}
	s.seamless(&m, s.one(Started).Pos, func(pos int64) bool {
		for _, g := range gaps {
			if pos >= g.Pos && pos < g.Pos+g.Samples {
				return true
			}
		}
		return false
	})
}

// The card goes away while the recorder hangs: what the ring could not hold was captured up to then, and then nothing was.
func TestAGapOfEachKind(t *testing.T) {
	s := newStudio(t, 20*time.Second)
	s.live(time.Second)
	s.stalled(13 * time.Second) // the ring holds 12 of them
	s.live(10 * time.Millisecond)
	s.pass(500*time.Millisecond, true, true) // away at once, before the press and after it
	var m memory
	s.start(&m)
	s.pass(500*time.Millisecond, true, true)
	s.stalled(13 * time.Second)
	s.pass(time.Second, true, true)
	s.live(time.Second)
	s.Stop()
	s.live(time.Second)
	gaps := s.events(Gap)
	want := []Event{ // the block that finds the ring still full is lost as well
		{Pos: 13 * 48000, Samples: 48000 + block, Lost: true}, {Pos: 14*48000 + block, Samples: 48000},
		{Pos: 27*48000 + block, Samples: 48000 + block, Lost: true}, {Pos: 28*48000 + 2*block, Samples: 48000 - block},
	}
	if len(gaps) != len(want) {
		t.Fatalf("gaps %+v", gaps)
	}
	for i, g := range gaps {
		if g.Lost != want[i].Lost || g.Samples != want[i].Samples || g.Pos != want[i].Pos || g.ID != 1 {
			t.Errorf("gap %d: %+v, want %+v", i, g, want[i])
		}
	}
	if st := s.Status(); st.Lost != 2*(48000+block) || st.Filled != 2*48000-block {
		t.Errorf("status %+v", st)
	}
}

func TestPressedTwiceIsPressedOnce(t *testing.T) {
	s := newStudio(t, 0)
	s.live(time.Second)
	s.Stop()
	s.live(time.Second)
	var a, b memory
	s.start(&a)
	s.start(&b)
	s.live(time.Second)
	s.Stop()
	s.Stop()
	s.live(time.Second)
	if e := s.one(Failed); e.ID != 2 || !errors.Is(e.Err, ErrOpen) {
		t.Errorf("the second press: %+v", e)
	}
	if len(s.events(Started)) != 1 || s.one(Stopped).ID != 1 || b.data != nil || a.closed != 1 {
		t.Errorf("%v", s.seen)
	}
}

func TestTakesFollowEachOther(t *testing.T) {
	s := newStudio(t, 2*time.Second)
	s.live(3 * time.Second)
	files := make([]memory, 20)
	for i := range files {
		s.start(&files[i])
		s.stalled(30 * time.Millisecond)
		s.Stop()
		if i%3 == 0 {
			s.live(20 * time.Millisecond)
		}
	}
	s.live(time.Second)
	started, stopped := s.events(Started), s.events(Stopped)
	if len(started) != len(files) || len(stopped) != len(files) {
		t.Fatalf("%d started, %d stopped", len(started), len(stopped))
	}
	for i := range files {
		s.seamless(&files[i], started[i].Pos, nil)
		if id := int64(i + 1); started[i].ID != id || stopped[i].ID != id {
			t.Errorf("take %d: %+v, %+v", i, started[i], stopped[i])
		}
		if files[i].closed != 1 || stopped[i].Samples != int64(len(files[i].data)) {
			t.Errorf("take %d: %+v", i, stopped[i])
		}
	}
}

func TestAFileThatCannotBeOpened(t *testing.T) {
	s := newStudio(t, time.Second)
	s.live(2 * time.Second)
	s.Start(func() (File, error) { return nil, syscall.EROFS })
	s.live(time.Second)
	if e := s.one(Failed); !errors.Is(e.Err, syscall.EROFS) || s.Status().Recording {
		t.Errorf("%+v %+v", e, s.Status())
	}
	var m memory
	s.start(&m) // the history is still there
	s.live(time.Second)
	if e := s.one(Started); e.Samples != 48000 {
		t.Errorf("%+v", e)
	}
	s.seamless(&m, s.one(Started).Pos, nil)
}

func TestADiskThatFails(t *testing.T) {
	for name, breakIt := range map[string]func(*memory){
		"write": func(m *memory) { m.failWrite = syscall.ENOSPC },
		"sync":  func(m *memory) { m.failSync = syscall.ENOSPC },
		"close": func(m *memory) { m.failEnd = syscall.ENOSPC },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t, time.Second)
			s.live(2 * time.Second)
			var m, after memory
			s.start(&m)
			s.live(2 * time.Second)
			breakIt(&m)
			s.live(time.Second)
			s.Stop()
			s.live(time.Second)
			if e := s.one(Failed); !errors.Is(e.Err, syscall.ENOSPC) || m.closed != 1 || e.Samples == 0 {
				t.Errorf("%+v, closed %d times", e, m.closed)
			}
			if len(s.events(Stopped)) != 0 || s.Status().Recording {
				t.Errorf("%v %+v", s.seen, s.Status())
			}
			s.seamless(&m, s.one(Started).Pos, nil)
			s.start(&after)
			s.live(time.Second)
			s.seamless(&after, s.events(Started)[1].Pos, nil)
		})
	}
}

func TestASourceThatStartsAgain(t *testing.T) {
	s := newStudio(t, time.Second)
	s.live(2 * time.Second)
	var m memory
	s.start(&m)
	s.live(time.Second)
	had := len(m.data)
	s.card.pos = 0
	s.live(time.Second)
	s.Stop()
	s.live(time.Second)
	if len(m.data) < had+48000 || len(s.events(Stopped)) != 1 {
		t.Errorf("%d samples, %v", len(m.data), s.seen)
	}
}

// An answer to an earlier Start is known from one to a later Start, whatever became of either.
func TestEveryStartIsAnsweredByItsID(t *testing.T) {
	s := newStudio(t, 0)
	s.live(time.Second)
	refuse := func() (File, error) { return nil, syscall.EROFS }
	var m memory
	take := func() (File, error) { return &m, nil }
	for i, open := range []func() (File, error){refuse, take, refuse, take, take} {
		if id := s.Start(open); id != int64(i+1) {
			t.Errorf("start %d has ID %d", i+1, id)
		}
	}
	s.live(time.Second)
	s.Stop()
	s.Stop()
	again := s.Start(refuse)
	s.live(time.Second)
	if got := s.one(Started).ID; got != 2 || s.one(Stopped).ID != 2 || again != 6 {
		t.Errorf("%+v", s.seen)
	}
	failed := s.events(Failed)
	why := []error{1: syscall.EROFS, 3: ErrOpen, 4: ErrOpen, 5: ErrOpen, 6: syscall.EROFS}
	for _, e := range failed {
		if why[e.ID] == nil || !errors.Is(e.Err, why[e.ID]) {
			t.Errorf("%+v", e)
		}
	}
	for _, e := range s.events(Progress) {
		if e.ID != 2 {
			t.Errorf("%+v", e)
		}
	}
	if len(failed) != 5 {
		t.Errorf("%+v", failed)
	}
}

// With no sound at all the buttons still work.
func TestADrySource(t *testing.T) {
	s := newStudio(t, time.Second)
	var m memory
	s.start(&m)
	for range 100 {
		s.now = s.now.Add(10 * time.Millisecond)
		s.work()
	}
	if e := s.one(Started); e.Samples != 0 {
		t.Errorf("%+v", e)
	}
	s.card.pos = 12345
	s.live(time.Second)
	s.Stop()
	for range 100 {
		s.now = s.now.Add(10 * time.Millisecond)
		s.work()
	}
	s.one(Stopped)
	s.seamless(&m, 12345, nil)
	if len(s.events(Gap)) != 0 {
		t.Errorf("%v", s.seen)
	}
}

// Nobody reads the events: the recorder goes on, and nothing that matters is missing afterwards.
func TestAReaderThatSleeps(t *testing.T) {
	s := newStudio(t, 0)
	const takes = 100
	files := make([]memory, takes)
	for i := range files {
		s.start(&files[i])
		for range 300 {
			s.now = s.now.Add(10 * time.Millisecond)
			s.card.capture(block, false)
			s.step()
		}
		s.Stop()
		for range 30 {
			s.now = s.now.Add(10 * time.Millisecond)
			s.card.capture(block, false)
			s.step()
		}
	}
	if len(s.Recorder.events.held) > 4*takes {
		t.Errorf("%d events held", len(s.Recorder.events.held))
	}
	for range 2*takes + 2*room {
		s.work()
	}
	open := false
	for _, e := range s.events(Started, Stopped) {
		if open == (e.Kind == Started) {
			t.Fatalf("out of order: %+v", e)
		}
		open = e.Kind == Started
	}
	if n := len(s.events(Started, Stopped)); n != 2*takes {
		t.Errorf("%d events of %d", n, 2*takes)
	}
}

// Gaps without end that nobody reads are merged, each with those of its take and its reason.
func TestGapsThatNobodyReads(t *testing.T) {
	m := newMailbox()
	sum := map[[2]any]int64{}
	for i := range int64(5000) {
		e := Event{Kind: Gap, ID: 1 + i/2500, Pos: i, Samples: i, Lost: i%3 == 0}
		sum[[2]any{e.ID, e.Lost}] += e.Samples
		m.put(e)
		if i == 2499 {
			m.put(Event{Kind: Stopped, ID: 1})
		}
	}
	if len(m.held) > patience+10 {
		t.Errorf("%d events held", len(m.held))
	}
	for m.send(); len(m.out) > 0; m.send() {
		if e := <-m.out; e.Kind == Gap {
			sum[[2]any{e.ID, e.Lost}] -= e.Samples
		}
	}
	for key, left := range sum {
		if left != 0 {
			t.Errorf("%v: %d samples are missing", key, left)
		}
	}
}

func TestNothingIsAllocatedWhileWaiting(t *testing.T) {
	s := newStudio(t, 2*time.Second)
	s.live(3 * time.Second)
	if n := testing.AllocsPerRun(100, func() {
		f, ok := s.card.Pop()
		if ok {
			t.Fatal("not dry")
		}
		f.Format, f.Pos, f.Data = mono, s.next, s.silence[:block]
		s.hear(f)
		s.step()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
