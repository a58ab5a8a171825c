package echo

import (
	"math"
	"time"
)

const (
	wanted   = 2    // bursts that must come back, in their order and at about their distance
	drift    = 80   // ms that a burst may be off it: jitter buffers on the way grow and shrink
	purity   = 0.2  // share of the sound that must be the burst: a voice shares itself among many tones
	contrast = 10   // times stronger than the same tone is while the others sound: a tone that lasts is no burst
	floor    = 1e-7 // mean square, -70 dBFS: below it nobody hears an echo
)

// verdict is what a recording tells; delay and level are those of the burst that came back best.
type verdict struct {
	heard bool
	delay time.Duration // to 1 ms
	level float64       // dB, relative to the signal
}

// judge looks for the signal in what was heard since it began, at a rate in Hz that is a multiple of 1000. Of all delays
// that an echo may have it takes the one where most bursts are, and of those the one where they are strongest.
func judge(heard []float32, rate int) verdict {
	f := find(analyse(heard, rate))
	var best match
	for delay := 0; delay <= latest; delay++ {
		if m := f.around(delay); m.bursts > best.bursts || m.bursts == best.bursts && m.power > best.power {
			best = m
		}
	}
	if best.bursts < wanted {
		return verdict{}
	}
	whole := analyse(signal(rate), rate).tone(0, 0)
	return verdict{heard: true, delay: time.Duration(best.delay) * time.Millisecond, level: 10 * math.Log10(best.best/whole)}
}

// found is how strong each burst is at each delay in ms, as a mean square; 0 where it is not.
type found [len(bursts)][latest + 1]float64

func find(s spectrum) *found {
	var f found
	for i, b := range bursts {
		for delay := range f[i] {
			if power := s.tone(i, b.at+delay); s.holds(i, delay, power) {
				f[i][delay] = power
			}
		}
	}
	return &f
}

// match is what is found of the signal around a delay.
type match struct {
	bursts int
	power  float64 // sum over them
	best   float64 // power of the strongest
	delay  int     // of the strongest, ms
}

func (f *found) around(delay int) match {
	var m match
	for i := range bursts {
		power, at := 0.0, 0
		for d := max(0, delay-drift); d <= min(latest, delay+drift); d++ {
			if f[i][d] > power {
				power, at = f[i][d], d
			}
		}
		if power > 0 {
			m.bursts++
			m.power += power
		}
		if power > m.best {
			m.best, m.delay = power, at
		}
	}
	return m
}

// holds tells whether a tone of that power is burst i of an echo with that delay.
func (s spectrum) holds(i, delay int, power float64) bool {
	if power < floor || power < purity*s.all(delay+bursts[i].at) {
		return false
	}
	for j, other := range bursts {
		if j != i && s.tone(i, delay+other.at)*contrast > power {
			return false
		}
	}
	return true
}
