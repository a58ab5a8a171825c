package echo

import (
	"slices"
	"testing"
)

// loop gives back what is said, some ticks later.
func loop(p *probe, ticks int) {
	var way [][]float32
	for range ticks {
		way = append(way, make([]float32, p.rate/50))
	}
	for !p.over.Load() {
		frame := make([]float32, p.rate/50)
		p.ReadVoice(frame)
		way = append(way, frame)
		p.WriteVoice(way[0])
		way = way[1:]
	}
}

func TestProbeHearsBesideWhatItSays(t *testing.T) {
	p := newProbe(16000)
	frame := make([]float32, 320)
	for range 5 { // before it begins
		frame[7] = 1
		p.ReadVoice(frame)
		p.WriteVoice(frame)
	}
	if slices.Max(frame) != 0 || slices.Max(p.heard) != 0 {
		t.Error("said or heard something before it began")
	}
	p.begun.Store(true)
	loop(p, 6)
	if v := judge(p.heard, 16000); !v.heard || v.delay != 120e6 {
		t.Errorf("%+v, want an echo after 120 ms", v)
	}
	p.ReadVoice(frame) // after the end
	p.WriteVoice(frame)
	if slices.Max(frame) != 0 {
		t.Error("said something after the end")
	}
}

func TestProbeKeepsTheRulesOfTheTick(t *testing.T) {
	p := newProbe(48000)
	p.begun.Store(true)
	frame := make([]float32, 960)
	if n := testing.AllocsPerRun(200, func() { p.ReadVoice(frame); p.WriteVoice(frame) }); n != 0 {
		t.Errorf("%g allocations a tick", n)
	}
}
