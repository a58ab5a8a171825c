package engine

import (
	"math"
	"sync/atomic"
)

const maxGain = 40 // dB

// gain is a factor that anybody may set; its zero value is 0 dB.
type gain struct{ db atomic.Uint64 }

func (g *gain) set(db float64) {
	if db != db {
		return
	}
	g.db.Store(math.Float64bits(min(db, maxGain)))
}

func (g *gain) factor() float32 {
	return float32(math.Pow(10, math.Float64frombits(g.db.Load())/20))
}

// fader moves a factor in small steps, so that neither a mute nor a new gain clicks.
type fader struct {
	at   float32
	step float32 // a sample
}

// fadeTime is how long a fader takes from silence to 0 dB, in seconds.
const fadeTime = 0.01

func newFader(rate int) fader { return fader{at: 1, step: float32(1 / (fadeTime * float64(rate)))} }

// apply multiplies data by the factor on its way to goal.
func (f *fader) apply(data []float32, goal float32) {
	i := 0
	for ; i < len(data) && f.at != goal; i++ {
		if f.at < goal {
			f.at = min(f.at+f.step, goal)
		} else {
			f.at = max(f.at-f.step, goal)
		}
		data[i] *= f.at
	}
	if goal == 1 {
		return
	}
	for ; i < len(data); i++ {
		data[i] *= goal
	}
}
