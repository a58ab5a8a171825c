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
	mono   []float32
	studio *ring.Ring
	meter  *pcm.Meter
	clock  clock
	last   atomic.Int64 // time of the last delivery, ns
	mics   atomic.Pointer[[]*Mic]
	muted  atomic.Bool
	gain   gain
}

func newInput(cfg Config, now func() time.Duration) *input {
	block := cfg.blockLen()
	slots := int(cfg.Format.Samples(studioDepth))/block + 1
	in := &input{format: cfg.Format, now: now, mono: make([]float32, block), meter: pcm.NewMeter(cfg.Format)}
	in.studio = ring.New(cfg.Format, slots, block)
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
	frame := pcm.Frame{Format: in.format, Pos: in.pos, Filled: filled, Data: data}
	in.studio.Push(frame)
	in.meter.Add(data)
	mics := *in.mics.Load()
	for rest := data; len(rest) > 0; {
		n := pcm.Mono(in.mono, rest, in.format.Channels)
		for _, m := range mics {
			m.lane.ring.Write(in.mono[:n])
		}
		rest = rest[n*in.format.Channels:]
	}
	in.pos = frame.End()
	in.clock.note(at, in.pos, filled)
	in.last.Store(int64(at))
	return true
}
