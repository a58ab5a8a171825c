package pcm

import (
	"math"
	"sync/atomic"
)

const (
	// Floor is the lowest level a meter shows, in dB full scale. Silence has no logarithm, and JSON no infinity.
	Floor = -120.0
	// peakFall is how fast the peak comes down, in dB a second, as on a peak programme meter (IEC 60268-10 type I: 20 dB
	// in 1.7 s).
	peakFall = 20 / 1.7
	// rmsTime is the time constant of the RMS in seconds, as on a VU meter (IEC 60268-17: 300 ms).
	rmsTime = 0.3
	// clipHold is for how many seconds a clip is shown.
	clipHold = 2
	// clipLevel is the highest 16-bit code: a converter that was overdriven stays on it.
	clipLevel = 1 - 1.0/scale16
)

// Level is what a meter shows: dB full scale, never below Floor, and whether there was a clip in the last two seconds.
type Level struct {
	PeakDB  float64 `json:"peak_db"`
	RMSDB   float64 `json:"rms_db"`
	Clipped bool    `json:"clipped"`
}

// Meter measures the level of a stream. One goroutine or device thread calls Add; anybody calls Level. Both are
// wait-free. All channels count together: the peak is that of the loudest.
type Meter struct {
	rate    float64 // samples a second, all channels
	peak    atomic.Uint32
	power   atomic.Uint32
	clipped atomic.Bool
	hold    float64 // seconds for which a clip is still shown; the writer's own
}

// NewMeter makes a meter for a stream of the given format.
func NewMeter(f Format) *Meter { return &Meter{rate: float64(f.Rate * f.Channels)} }

// Add measures interleaved samples.
func (m *Meter) Add(data []float32) {
	if len(data) == 0 {
		return
	}
	var high, sum float32
	for _, s := range data {
		high = max(high, s, -s)
		sum += s * s
	}
	if high != high { // not a number: a broken source shows as overload, and spoils no later measurement
		high, sum = 1, float32(len(data))
	}
	seconds := float64(len(data)) / m.rate
	fall := float32(math.Pow(10, -peakFall*seconds/20))
	m.peak.Store(math.Float32bits(max(high, fall*math.Float32frombits(m.peak.Load()))))
	keep := float32(math.Exp(-seconds / rmsTime))
	mean := sum / float32(len(data))
	m.power.Store(math.Float32bits(mean + keep*(math.Float32frombits(m.power.Load())-mean)))
	m.noteClip(high >= clipLevel, seconds)
}

func (m *Meter) noteClip(now bool, seconds float64) {
	if now {
		m.hold = clipHold
	} else {
		m.hold = max(m.hold-seconds, 0)
	}
	m.clipped.Store(m.hold > 0)
}

// Level is what the meter shows now.
func (m *Meter) Level() Level {
	return Level{
		PeakDB:  decibel(20, math.Float32frombits(m.peak.Load())),
		RMSDB:   decibel(10, math.Float32frombits(m.power.Load())),
		Clipped: m.clipped.Load(),
	}
}

func decibel(factor float64, x float32) float64 {
	if x <= 0 {
		return Floor
	}
	return max(Floor, factor*math.Log10(float64(x)))
}
