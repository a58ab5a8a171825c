package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"orionbox/audio/pcm"
)

// stream is a card that delivers blocks of 10 ms to a pace, with a crystal that is off and callbacks that are late.
type stream struct {
	pace pace
	now  time.Duration
	pos  int64
	lost int64
}

const paceBlock = 480

func newStream() *stream {
	return &stream{pace: pace{format: pcm.Format{Rate: 48000, Channels: 2}}}
}

// deliver hands over a block at the present time.
func (s *stream) deliver() {
	missing := s.pace.missing(s.now, s.pos+paceBlock)
	s.pos += missing + paceBlock
	s.lost += missing
}

func TestPaceOfAHealthyCard(t *testing.T) {
	for _, ppm := range []float64{-200, 0, 200} {
		s, random := newStream(), rand.New(rand.NewPCG(1, 2))
		for n := range 6 * 60 * 100 { // six minutes
			due := time.Duration(float64(n) * 10e6 * (1 + ppm/1e6))
			late := time.Duration(random.ExpFloat64() * 3e6)
			if random.IntN(1000) == 0 {
				late += 400 * time.Millisecond // the box was busy; all of it comes in the end
			}
			s.now = max(s.now, due+late)
			s.deliver()
		}
		if s.lost != 0 {
			t.Errorf("%g ppm: %d samples of a healthy card count as lost", ppm, s.lost)
		}
	}
}

// TestPaceOverAnOverrun stops everything for a while; the card starts afresh with what it hears then.
func TestPaceOverAnOverrun(t *testing.T) {
	for _, stop := range []time.Duration{200 * time.Millisecond, 2 * time.Second, 25 * time.Second} {
		s := newStream()
		for range 500 {
			s.now += 10 * time.Millisecond
			s.deliver()
		}
		s.now += stop
		for range 500 {
			s.now += 10 * time.Millisecond
			s.deliver()
		}
		want := s.pace.format.Samples(stop)
		if off := s.lost - want; off < -3*paceBlock || off > paceBlock {
			t.Errorf("stopped for %v: %d samples count as lost, want %d", stop, s.lost, want)
		}
	}
}

// TestPaceOverAStandstill stops only us: the server behind the card kept all, and delivers it at once.
func TestPaceOverAStandstill(t *testing.T) {
	s := newStream()
	for range 500 {
		s.now += 10 * time.Millisecond
		s.deliver()
	}
	s.now += 8 * time.Second
	for range 800 {
		s.now += 50 * time.Microsecond
		s.deliver()
	}
	for range 500 {
		s.now += 10 * time.Millisecond
		s.deliver()
	}
	if s.lost != 0 {
		t.Errorf("%d samples count as lost although all came", s.lost)
	}
}
