package engine

import (
	"fmt"
	"slices"
	"time"

	"orionbox/audio/pcm"
	"orionbox/audio/resample"
)

// voiceBlock is the length of the caller's blocks that latency and drift are laid out for: a packet of a call.
const voiceBlock = 20 * time.Millisecond

// maxAge bounds how much a clock that is estimated from the last callback is trusted to have gone on since.
const maxAge = 100 * time.Millisecond

// Mic is the microphone as a call hears it: mono, at the call's rate, on the call's clock, muted and amplified. One
// goroutine reads it.
type Mic struct {
	engine    *Engine
	rate      int
	lane      *lane
	resampler *resample.Resampler
	drift     *resample.Drift
	fade      fader
	scratch   []float32
	lead      int // samples that wait beyond prime, on the average, when a block is read
}

// Mic makes a voice tap at rate Hz. It costs the card's thread a little until Close.
func (e *Engine) Mic(rate int) *Mic {
	block := e.cfg.blockLen()
	m := &Mic{
		engine:    e,
		rate:      rate,
		lane:      newLane(e.cfg.Format, block+int(e.cfg.Format.Samples(voiceBlock))),
		resampler: resample.New(e.cfg.Format.Rate, rate, 1),
		drift:     resample.NewDrift(e.cfg.Format.Rate, voiceBlock),
		fade:      newFader(rate),
		scratch:   make([]float32, 4096),
		lead:      block / 2,
	}
	m.lane.trim = true
	e.edit.Lock()
	defer e.edit.Unlock()
	mics := append(slices.Clone(*e.in.mics.Load()), m)
	e.in.mics.Store(&mics)
	return m
}

// ReadVoice fills dst with the next samples, or with silence when none came. Call it every len(dst)/rate seconds; some
// 55 ms of sound wait on the way. It never blocks. Real-time.
func (m *Mic) ReadVoice(dst []float32) {
	m.steer()
	for done := 0; done < len(dst); {
		n := min(m.resampler.Needed(len(dst)-done), len(m.scratch))
		m.lane.read(m.scratch[:n])
		made, _ := m.resampler.Process(dst[done:], m.scratch[:n])
		done += made
	}
	in := m.engine.in
	factor := in.gain.factor()
	if in.muted.Load() {
		factor = 0
	}
	m.fade.apply(dst, factor)
	if factor > 1 {
		pcm.SoftLimit(dst)
	}
}

// steer bends the resampler so that the lane stays at its target. The card fills the lane in blocks: between them
// the fill is taken to have gone on with the time, or the blocks would beat against the caller's.
func (m *Mic) steer() {
	if !m.lane.playing.Load() {
		m.drift.Restart()
		return
	}
	in := m.engine.in
	age := min(max(in.now()-time.Duration(in.last.Load()), 0), maxAge)
	fill := m.lane.ring.Len() + int(in.format.Samples(age))
	m.resampler.Adjust(m.drift.Next(fill, int(m.lane.prime.Load())+m.lead))
}

// Delay is how long ago the sound was captured that ReadVoice gives now, at the end of a block of 20 ms.
func (m *Mic) Delay() time.Duration {
	format := m.engine.cfg.Format
	waiting := m.lane.prime.Load() + int64(m.lead) - format.Samples(voiceBlock)
	return format.Duration(waiting) + m.resampler.Latency()
}

// Close takes the tap away.
func (m *Mic) Close() {
	e := m.engine
	e.edit.Lock()
	defer e.edit.Unlock()
	mics := slices.DeleteFunc(slices.Clone(*e.in.mics.Load()), func(o *Mic) bool { return o == m })
	e.in.mics.Store(&mics)
}

// String names the tap.
func (m *Mic) String() string { return fmt.Sprintf("mic(%s at %d Hz)", m.engine.cfg.Mic, m.rate) }
