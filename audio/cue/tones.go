package cue

import (
	"math"
	"time"
)

// Tone is a cue without words: a figure of a few notes. What begins rises, what ends falls, and what is wrong repeats
// itself.
type Tone struct {
	name  string
	notes []note
}

// note is a frequency in Hz, 0 for a rest, and its length.
type note struct {
	pitch  float64
	length time.Duration
}

const (
	toneLevel = 0.1                   // peak: -20 dBFS, well below a voice's
	toneEdge  = 12 * time.Millisecond // over which a note rises and falls
	short     = 90 * time.Millisecond
	long      = 160 * time.Millisecond
)

// The notes of the C major scale, in equal temperament on A = 440 Hz, in Hz.
const (
	a3, c5, e5, g5, a5, b5 = 220.00, 523.25, 659.26, 783.99, 880.00, 987.77
)

// The tones.
var (
	ToneStarted      = Tone{"started", []note{{c5, short}, {g5, long}}}
	ToneStopped      = Tone{"stopped", []note{{g5, short}, {c5, long}}}
	TonePeerStopped  = Tone{"peer stopped", []note{{b5, short}, {g5, short}, {e5, long}}}
	ToneMark         = Tone{"mark", []note{{e5, short}, {e5, long}}}
	ToneReady        = Tone{"ready", []note{{c5, short}, {e5, short}, {g5, long}}}
	ToneWarning      = Tone{"warning", []note{{a5, long}, {0, short}, {a5, long}}}
	ToneFault        = Tone{"fault", []note{{a3, long}, {0, short}, {a3, long}, {0, short}, {a3, 2 * long}}}
	ToneMutedTalking = Tone{"muted while you talk", []note{{e5, short}, {0, short}, {e5, short}, {0, short}, {e5, short}, {0, short}, {e5, short}}}
)

// Tones are all of them.
func Tones() []Tone {
	return []Tone{ToneStarted, ToneStopped, TonePeerStopped, ToneMark, ToneReady, ToneWarning, ToneFault, ToneMutedTalking}
}

// String names the tone.
func (t Tone) String() string { return t.name }

// At is the tone at rate Hz, which is at least 8000.
func (t Tone) At(rate int) Sound {
	s := Sound{Name: t.name, Rate: rate}
	for _, n := range t.notes {
		s.Samples = append(s.Samples, n.at(rate)...)
	}
	return s
}

func (n note) at(rate int) []float32 {
	samples := make([]float32, int(n.length.Seconds()*float64(rate)))
	edge := toneEdge.Seconds() * float64(rate)
	for i := range samples {
		fromEnd := float64(min(i, len(samples)-1-i))
		swell := 0.5 - 0.5*math.Cos(math.Pi*min(fromEnd/edge, 1)) // no corner, no click
		samples[i] = float32(toneLevel * swell * math.Sin(2*math.Pi*n.pitch*float64(i)/float64(rate)))
	}
	return samples
}
