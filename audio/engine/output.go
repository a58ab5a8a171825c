package engine

import (
	"sync/atomic"
	"time"

	"orionbox/audio/pcm"
)

// output mixes what the speakers play. What is not atomic belongs to whoever is inside the gate.
type output struct {
	format   pcm.Format
	now      func() time.Duration
	gate     gate
	mix, one []float32 // mono blocks
	fade     fader
	meter    *pcm.Meter
	last     atomic.Int64 // time of the last block, ns
	speakers atomic.Pointer[[]*Speaker]
	muted    atomic.Bool
	gain     gain
}

func newOutput(cfg Config, now func() time.Duration) *output {
	block := cfg.blockLen()
	out := &output{format: cfg.Format, now: now, mix: make([]float32, block), one: make([]float32, block)}
	out.fade = newFader(cfg.Format.Rate)
	out.meter = pcm.NewMeter(pcm.Format{Rate: cfg.Format.Rate, Channels: 1})
	out.speakers.Store(new([]*Speaker))
	return out
}

// render fills dst with what the speakers play next: silence and false when the ticket is void. It is called on the
// card's thread. Real-time.
func (out *output) render(ticket uint64, dst []float32) bool {
	if !out.gate.enter(ticket) {
		clear(dst)
		return false
	}
	defer out.gate.leave()
	speakers := *out.speakers.Load()
	for len(dst) > 0 {
		n := min(len(dst)/out.format.Channels, len(out.mix))
		out.mixBlock(out.mix[:n], speakers)
		spread(dst, out.mix[:n], out.format.Channels)
		dst = dst[n*out.format.Channels:]
	}
	out.last.Store(int64(out.now()))
	return true
}

// mixBlock sums all speakers into mix, amplified, within full scale, or silent when muted.
func (out *output) mixBlock(mix []float32, speakers []*Speaker) {
	clear(mix)
	for _, s := range speakers {
		one := out.one[:len(mix)]
		if !s.lane.read(one) {
			continue
		}
		for i, v := range one {
			mix[i] += v
		}
	}
	factor := out.gain.factor()
	if out.muted.Load() {
		factor = 0
	}
	out.fade.apply(mix, factor)
	pcm.SoftLimit(mix)
	out.meter.Add(mix)
}

// spread copies mono to every channel.
func spread(dst, mono []float32, channels int) {
	for i, v := range mono {
		for c := range channels {
			dst[i*channels+c] = v
		}
	}
}
