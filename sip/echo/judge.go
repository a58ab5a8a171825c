package echo

import (
	"math"
	"time"
)

const (
	wanted   = 2    // bursts that must come back, in their order and at their distance
	purity   = 0.2  // share of the sound that must be the burst: a voice shares itself among many tones
	contrast = 10   // times stronger than the same tone is while the others sound: a tone that lasts is no burst
	floor    = 1e-7 // mean square, -70 dBFS: below it nobody hears an echo
)

// verdict is what a recording tells.
type verdict struct {
	heard bool
	delay time.Duration // to 1 ms
	level float64       // dB, relative to the signal
}

// judge looks for the signal in what was heard since it began, at a rate in Hz that is a multiple of 1000. At each delay
// that an echo may have it counts the bursts that are where they would be; of the delays with most of them the one with
// the strongest is the echo's.
func judge(heard []float32, rate int) verdict {
	s := analyse(heard, rate)
	var best match
	for delay := 0; delay <= latest; delay++ {
		if m := s.match(delay); m.bursts > best.bursts || m.bursts == best.bursts && m.power > best.power {
			best = m
		}
	}
	if best.bursts < wanted {
		return verdict{}
	}
	whole := analyse(signal(rate), rate).match(0)
	level := 10 * math.Log10(best.power/float64(best.bursts)/whole.power*float64(whole.bursts))
	return verdict{heard: true, delay: time.Duration(best.delay) * time.Millisecond, level: level}
}

// match is how much of the signal is found at a delay.
type match struct {
	delay  int // ms
	bursts int
	power  float64 // sum of those bursts' mean squares
}

func (s spectrum) match(delay int) match {
	m := match{delay: delay}
	for i, b := range bursts {
		if power := s.tone(i, delay+b.at); s.holds(i, delay, power) {
			m.bursts++
			m.power += power
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
