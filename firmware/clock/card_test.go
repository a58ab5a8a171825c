package clock

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/quick"
	"time"
)

// stream is a sound card whose blocks of 10 ms come late.
type stream struct {
	r     *rand.Rand
	ppm   float64
	began time.Time
	card  *Card
	t     time.Duration // of the last block
	ahead time.Duration // by which the stream stepped
	later time.Duration // of the next block only
}

func newStream(seed uint64, ppm float64) *stream {
	return &stream{r: rand.New(rand.NewPCG(seed, 5)), ppm: ppm, began: time.Unix(1_790_000_000, 0), card: NewCard(rate)}
}

func (s *stream) heard(t time.Duration) int64 {
	return 1000 + int64(math.Round((t+s.ahead).Seconds()*(1+s.ppm/1e6)*rate))
}

func (s *stream) until(t time.Duration) {
	for ; s.t < t; s.t += 10 * time.Millisecond {
		late := time.Duration(s.r.ExpFloat64()*float64(time.Millisecond)) + s.later
		s.later = 0
		s.card.Observe(s.began.Add(s.t+late), s.heard(s.t))
	}
}

// off is by how much what the card tells of t misses the truth.
func (s *stream) off(t time.Duration) time.Duration {
	pos, _ := s.card.Pos(s.began.Add(t))
	return time.Duration(float64(pos-s.heard(t)) / rate * perSecond)
}

func TestCardWithoutStampsKnowsNothing(t *testing.T) {
	c := NewCard(rate)
	_, pos := c.Pos(time.Unix(1, 0))
	_, when := c.When(7)
	if pos || when || c.Reading(time.Unix(1, 0)) != (CardReading{}) {
		t.Error("it knows something")
	}
}

func TestCardFollowsItsBlocks(t *testing.T) {
	for _, ppm := range []float64{0, 100, -100, 400, -400} {
		s := newStream(1, ppm)
		for at := time.Second; at < 3*time.Minute; at += time.Second {
			s.until(at)
			limit := time.Millisecond
			if at < longSpan && math.Abs(ppm) > 100 { // no crystal is; a clock that is slewed may be
				limit *= 3
			}
			if off := s.off(at); off.Abs() > limit {
				t.Fatalf("%v ppm: after %v off by %v", ppm, at, off)
			}
		}
		r := s.card.Reading(s.began.Add(s.t))
		if !r.Known || math.Abs(r.DriftPPM-ppm) > 3 || r.Residual > time.Millisecond || r.Residual <= 0 {
			t.Errorf("%v ppm: reading %+v", ppm, r)
		}
		if off := s.off(2 * time.Minute); off.Abs() > 300*time.Microsecond {
			t.Errorf("%v ppm: a minute ago it was off by %v", ppm, off)
		}
		if r := s.card.Reading(s.began.Add(time.Hour)); r.Known {
			t.Errorf("an hour later the reading is %+v", r)
		}
	}
}

func TestPosIsTheInverseOfWhen(t *testing.T) {
	s := newStream(2, 77)
	s.until(time.Minute)
	inverse := func(n uint32) bool {
		at, _ := s.card.When(int64(n))
		pos, _ := s.card.Pos(at)
		return pos == int64(n)
	}
	if err := quick.Check(inverse, nil); err != nil {
		t.Error(err)
	}
}

// A director that asks for what was kept is given the same stamps many times.
func TestStampsAreTakenInOnce(t *testing.T) {
	s, again := newStream(3, 50), NewCard(rate)
	type stamp struct {
		at  time.Time
		pos int64
	}
	var kept []stamp
	for n := range 3000 {
		st := stamp{s.began.Add(time.Duration(n)*20*time.Millisecond + time.Duration(s.r.Int64N(5e6))), s.heard(time.Duration(n) * 20 * time.Millisecond)}
		s.card.Observe(st.at, st.pos)
		kept = append(kept, st)
		for _, old := range kept[max(0, len(kept)-125):] {
			again.Observe(old.at, old.pos)
		}
	}
	now := s.began.Add(time.Minute)
	if s.card.Reading(now) != again.Reading(now) {
		t.Errorf("once %+v, again and again %+v", s.card.Reading(now), again.Reading(now))
	}
}

func TestLateCallbackChangesNothing(t *testing.T) {
	for _, late := range []time.Duration{5 * time.Millisecond, 100 * time.Millisecond, 700 * time.Millisecond} {
		s, same := newStream(4, -60), newStream(4, -60)
		s.until(20 * time.Second)
		same.until(20 * time.Second)
		s.later = late
		for at := 20 * time.Second; at < 25*time.Second; at += 10 * time.Millisecond {
			s.until(at)
			same.until(at)
			if off, usual := s.off(at), same.off(at); (off - usual).Abs() > 50*time.Microsecond {
				t.Fatalf("a callback %v late: after %v off by %v, without it by %v", late, at-20*time.Second, off, usual)
			}
		}
	}
}

// What is before a step stays where it was; what is behind is right within a second.
func TestStepOfTheStreamIsFollowed(t *testing.T) {
	for _, step := range []time.Duration{-3 * time.Second, -50 * time.Millisecond, -8 * time.Millisecond, 8 * time.Millisecond, 50 * time.Millisecond, time.Hour} {
		s := newStream(5, 80)
		s.until(30 * time.Second)
		s.ahead = step
		s.until(31 * time.Second)
		for at := 31 * time.Second; at < time.Minute; at += 100 * time.Millisecond {
			s.until(at)
			if off := s.off(at); off.Abs() > time.Millisecond {
				t.Fatalf("step of %v: %v later off by %v", step, at-30*time.Second, off)
			}
		}
		s.ahead = 0
		if off := s.off(25 * time.Second); off.Abs() > 500*time.Microsecond {
			t.Errorf("step of %v: what was before it is off by %v", step, off)
		}
		if step > 0 {
			at, _ := s.card.When(s.heard(25 * time.Second))
			if off := at.Sub(s.began.Add(25 * time.Second)); off.Abs() > 500*time.Microsecond {
				t.Errorf("step of %v: a sample before it is off by %v", step, off)
			}
		}
	}
}

// The first callbacks of a device may be late, all of them.
func TestLateStartIsForgotten(t *testing.T) {
	s := newStream(6, 20)
	for range 10 {
		s.later = 40 * time.Millisecond
		s.until(s.t + 10*time.Millisecond)
	}
	s.until(2 * time.Second)
	if off := s.off(2 * time.Second); off.Abs() > 500*time.Microsecond {
		t.Errorf("off by %v", off)
	}
}
