package recorder

import (
	"syscall"
	"testing"
	"time"
)

func TestTimeAtIsTheInverseOfPosAt(t *testing.T) {
	for _, rate := range []int{8000, 44100, 48000, 192000} {
		l := timeline{}
		l.observe(1_000_000, rate, time.Unix(1e9, 123))
		for _, d := range []int64{0, 1, -1, 7, 44099, -44101, 1 << 40, -1 << 40} {
			pos := l.pos + d
			if got := l.posAt(l.timeAt(pos)); got-pos > 1 || pos-got > 1 {
				t.Errorf("at %d Hz: sample %d is at the time of %d", rate, pos, got)
			}
		}
	}
}

// captured is when the card of s took the sample pos: it has run without a break since the test began.
func (s *studio) captured(pos int64) time.Time {
	return time.Unix(1e9, 0).Add(duration(mono.Rate, pos))
}

// A journal line pairs At with Pos, however late the recorder was when it told.
func TestATimeBelongsToItsSample(t *testing.T) {
	s := newStudio(t, 2*time.Second)
	s.live(3 * time.Second)
	var m memory
	s.start(&m)
	s.live(time.Second)
	s.stalled(15 * time.Second)
	s.pass(time.Second, true, true)
	s.Stop()
	pressed := s.now
	s.stalled(5 * time.Second)
	s.live(time.Second)
	told := s.events(Started, Gap, Stopped)
	if len(told) != 4 {
		t.Fatalf("%+v", told)
	}
	for _, e := range told {
		if off := e.At.Sub(s.captured(e.Pos)).Abs(); off > 20*time.Millisecond {
			t.Errorf("%+v is off by %v", e, off)
		}
	}
	if late := told[3].At.Sub(pressed); late < 0 || late > 2*margin {
		t.Errorf("stopped %v after the press", late)
	}
}

func TestATakeThatFailsHasTheTimeOfItsEnd(t *testing.T) {
	s := newStudio(t, time.Second)
	s.live(2 * time.Second)
	var m memory
	s.start(&m)
	s.live(time.Second)
	m.failWrite = syscall.EIO
	s.stalled(3 * time.Second)
	s.live(time.Second)
	e := s.one(Failed)
	if off := e.At.Sub(s.captured(e.Pos)).Abs(); off > 20*time.Millisecond {
		t.Errorf("%+v is off by %v", e, off)
	}
}

// With a source that counts anew while a gap goes on, the gap keeps the time that it had.
func TestAGapKeepsItsTimeWhenTheSourceStartsAgain(t *testing.T) {
	s := newStudio(t, 0)
	s.live(time.Second)
	var m memory
	s.start(&m)
	s.live(time.Second)
	s.pass(time.Second, true, true)
	s.card.pos = 0
	s.pass(time.Second, true, true)
	s.live(time.Second)
	s.Stop()
	s.live(time.Second)
	gaps := s.events(Gap)
	if len(gaps) != 2 || gaps[1].Pos != 0 {
		t.Fatalf("%+v", gaps)
	}
	for i, want := range []time.Time{s.captured(2 * 48000), s.captured(3 * 48000)} {
		if off := gaps[i].At.Sub(want).Abs(); off > 20*time.Millisecond {
			t.Errorf("%+v is off by %v", gaps[i], off)
		}
	}
	if e := s.one(Stopped); e.At.After(s.now) || s.now.Sub(e.At) > 2*time.Second {
		t.Errorf("%+v", e)
	}
}
