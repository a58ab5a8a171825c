package engine

import (
	"sync/atomic"
	"time"

	"orionbox/audio/pcm"
	"orionbox/audio/ring"
)

// input spreads what the microphone delivers. What is not atomic belongs to whoever is inside the gate.
type input struct {
	format pcm.Format
	now    func() time.Duration
	gate   gate
	pos    int64
	early  int64 // sample frames of silence before the stream began
	pace   pace
	mono   []float32
	studio *ring.Ring
	meter  *pcm.Meter
	clock  clock
	last   atomic.Int64 // time of the last delivery, ns
	mics   atomic.Pointer[[]*Mic]
	muted  atomic.Bool
	gain   gain
	tap    func(end time.Duration, block []float32, muted bool)
}

func newInput(cfg Config, now func() time.Duration) *input {
	block := cfg.blockLen()
	slots := int(cfg.Format.Samples(studioDepth))/block + 1
	in := &input{format: cfg.Format, now: now, mono: make([]float32, block), meter: pcm.NewMeter(cfg.Format), pace: pace{format: cfg.Format}}
	in.studio = ring.New(cfg.Format, slots, block)
	if in.tap = cfg.Tap; in.tap == nil {
		in.tap = func(time.Duration, []float32, bool) {}
	}
	in.clock.epoch = time.Now().Add(-now())
	in.mics.Store(new([]*Mic))
	return in
}

// deliver takes the next samples of the microphone, or the silence in their place; false when the ticket is void. It
// is called on the card's thread. Real-time.
func (in *input) deliver(ticket uint64, data []float32, filled bool) bool {
	if !in.gate.enter(ticket) {
		return false
	}
	defer in.gate.leave()
	at := in.now()
	if in.begun(data, filled) {
		in.pos += in.pace.missing(at, in.pos+int64(len(data)/in.format.Channels))
		frame := pcm.Frame{Format: in.format, Pos: in.pos, Filled: filled, Data: data}
		in.studio.Push(frame)
		in.pos = frame.End()
		in.clock.note(at, in.pos, filled)
	}
	in.meter.Add(data)
	mics := *in.mics.Load()
	for rest := data; len(rest) > 0; {
		n := pcm.Mono(in.mono, rest, in.format.Channels)
		for _, m := range mics {
			m.lane.ring.Write(in.mono[:n])
		}
		rest = rest[n*in.format.Channels:]
		in.tap(at-in.format.Duration(int64(len(rest)/in.format.Channels)), in.mono[:n], in.muted.Load())
	}
	in.last.Store(int64(at))
	return true
}

// startGrace is how long the stream waits for its first sound: for a card to open, and to call back for steadyFor.
const startGrace = 750 * time.Millisecond

// begun tells whether the stream has begun: with the first sound, or with the silence after startGrace. The silence of a
// start stands for nothing, and would be a gap at the head of an early take. Real-time.
func (in *input) begun(data []float32, filled bool) bool {
	if in.pos > 0 || !filled || in.early >= in.format.Samples(startGrace) {
		return true
	}
	in.early += int64(len(data) / in.format.Channels)
	return false
}
