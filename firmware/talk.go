package firmware

import (
	"math"
	"sync/atomic"
	"time"

	"orionbox/audio/cue"
	"orionbox/audio/pcm"
)

// talk tells whether somebody talks into the muted microphone. hear belongs to the card's thread, asked to anybody.
type talk struct {
	talking cue.Talking
	heard   atomic.Bool
}

// hear takes a block of the microphone. Real-time.
func (t *talk) hear(end time.Duration, block []float32, muted bool) {
	level := pcm.Floor
	if muted { // else nobody asks for it
		level = decibels(block)
	}
	if t.talking.Hear(time.Time{}.Add(end), level, muted) {
		t.heard.Store(true)
	}
}

// asked tells whether somebody talked since it was asked last.
func (t *talk) asked() bool { return t.heard.Swap(false) }

// decibels is the RMS of a block in dB full scale.
func decibels(block []float32) float64 {
	var sum float64
	for _, v := range block {
		sum += float64(v) * float64(v)
	}
	if sum == 0 {
		return pcm.Floor
	}
	return max(10*math.Log10(sum/float64(len(block))), pcm.Floor)
}
