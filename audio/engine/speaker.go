package engine

import (
	"fmt"
	"slices"
	"time"

	"orionbox/audio/resample"
)

// Speaker is one voice in the mix of what the box plays: mono, at its writer's rate and on its writer's clock. One
// goroutine writes it.
type Speaker struct {
	engine    *Engine
	rate      int
	lane      *lane
	resampler *resample.Resampler
	drift     *resample.Drift
	scratch   []float32
}

// Speaker adds a voice at rate Hz to the mix, until Close.
func (e *Engine) Speaker(rate int) *Speaker {
	block := e.cfg.blockLen()
	s := &Speaker{
		engine:    e,
		rate:      rate,
		lane:      newLane(e.cfg.Format, block+int(e.cfg.Format.Samples(voiceBlock))),
		resampler: resample.New(rate, e.cfg.Format.Rate, 1),
		drift:     resample.NewDrift(e.cfg.Format.Rate, voiceBlock),
		scratch:   make([]float32, 4096),
	}
	e.edit.Lock()
	defer e.edit.Unlock()
	speakers := append(e.out.alive(), s)
	e.out.speakers.Store(&speakers)
	return s
}

// alive is the speakers that are not closed and played out, as a new list.
func (out *output) alive() []*Speaker {
	return slices.DeleteFunc(slices.Clone(*out.speakers.Load()), func(s *Speaker) bool { return s.lane.ended() })
}

// WriteVoice plays src after what was written before, some 45 ms later. Write in real time, blocks of at most 100 ms:
// what runs further ahead is skipped. It never blocks. Real-time.
func (s *Speaker) WriteVoice(src []float32) {
	s.steer(len(src))
	for len(src) > 0 {
		made, used := s.resampler.Process(s.scratch, src)
		s.lane.ring.Write(s.scratch[:made])
		src = src[used:]
	}
}

// steer bends the resampler so that the lane stays at its target: what playing begins with, less the block that is
// about to be written. The card empties the lane in blocks: between them it is taken to have gone on with the time.
func (s *Speaker) steer(block int) {
	if !s.lane.playing.Load() {
		s.drift.Restart()
		return
	}
	out := s.engine.out
	age := min(max(out.now()-time.Duration(out.last.Load()), 0), maxAge)
	fill := s.lane.ring.Len() - int(out.format.Samples(age))
	target := int(s.lane.prime.Load()) - block*out.format.Rate/s.rate
	s.resampler.Adjust(s.drift.Next(fill, max(target, 0)))
}

// Close takes the voice out of the mix after what was written has been played. Nothing may be written after it.
func (s *Speaker) Close() {
	s.lane.last.Store(true)
	e := s.engine
	e.edit.Lock()
	defer e.edit.Unlock()
	speakers := e.out.alive()
	e.out.speakers.Store(&speakers)
}

// String names the voice.
func (s *Speaker) String() string {
	return fmt.Sprintf("speaker(%d Hz to %s)", s.rate, s.engine.cfg.Speakers)
}
