// Package measure owns what judges sound: level, a tone's level, main frequency and silent gaps of a Sound.
//
// It shares no code with what it judges: no measure uses a codec, filter or resampler of ours.
package measure

import (
	"math"
	"time"
)

// Silence is the level in dBFS that stands for no sound at all, in place of minus infinity.
const Silence = -200.0

// Sound is one channel of a recording: Rate samples per second, full scale +-1.0.
type Sound struct {
	Rate    int
	Samples []float32
}

// Channel takes channel c (0 is the left) out of interleaved samples.
func Channel(data []float32, channels, c, rate int) Sound {
	out := make([]float32, 0, len(data)/channels)
	for i := c; i < len(data); i += channels {
		out = append(out, data[i])
	}
	return Sound{rate, out}
}

// Duration is how long the sound lasts.
func (s Sound) Duration() time.Duration {
	return time.Duration(float64(len(s.Samples)) / float64(s.Rate) * float64(time.Second))
}

// Cut is the part between two times from the start, sharing the samples; what lies beyond the end is left out.
func (s Sound) Cut(from, to time.Duration) Sound {
	return Sound{s.Rate, s.Samples[s.index(from):max(s.index(from), s.index(to))]}
}

func (s Sound) index(at time.Duration) int {
	return min(max(0, int(at.Seconds()*float64(s.Rate))), len(s.Samples))
}

// Level is the RMS level in dBFS: a full-scale square wave is 0, a full-scale sine -3.01.
func (s Sound) Level() float64 {
	sum := 0.0
	for _, v := range s.Samples {
		sum += float64(v) * float64(v)
	}
	return decibel(sum / float64(max(1, len(s.Samples))))
}

// Peak is the highest absolute sample in dBFS.
func (s Sound) Peak() float64 {
	peak := 0.0
	for _, v := range s.Samples {
		peak = max(peak, math.Abs(float64(v)))
	}
	return decibel(peak * peak)
}

// Gap is a stretch of silence.
type Gap struct {
	Start, Length time.Duration
}

// Gaps are the stretches of at least shortest in which no 1 ms block reaches level dBFS RMS, in order.
func (s Sound) Gaps(level float64, shortest time.Duration) []Gap {
	var gaps []Gap
	block, begin := max(1, s.Rate/1000), -1
	end := func(i int) {
		if g := (Gap{s.at(begin), s.at(i - begin)}); begin >= 0 && g.Length >= shortest {
			gaps = append(gaps, g)
		}
		begin = -1
	}
	for i := 0; i < len(s.Samples); i += block {
		quiet := Sound{s.Rate, s.Samples[i:min(i+block, len(s.Samples))]}.Level() < level
		switch {
		case quiet && begin < 0:
			begin = i
		case !quiet:
			end(i)
		}
	}
	end(len(s.Samples))
	return gaps
}

func (s Sound) at(index int) time.Duration {
	return time.Duration(index) * time.Second / time.Duration(s.Rate)
}

// decibel turns a mean square into dBFS.
func decibel(square float64) float64 {
	return max(Silence, 10*math.Log10(square))
}
