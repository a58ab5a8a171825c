package cue

import (
	"math"
	"time"
)

const (
	bin         = 10 * time.Millisecond // what is plucked rises within one
	window      = 180                   // bins: 1.8 s are looked at
	sayEvery    = 20 * time.Second
	lostAfter   = 200 * time.Millisecond // without a level what was heard before is of another time
	quietest    = -50.0                  // dBFS of a syllable: what is softer nobody speaks into a microphone
	aboveFloor  = 12.0                   // dB of a syllable above what is always there
	floorRise   = 3.0                    // dB a second by which the floor is forgotten
	swing       = 10.0                   // dB by which the level falls between syllables
	leastSpoken = 5                      // syllables in the window
	leastSpan   = 100                    // bins from the first of them to the last
	longest     = 70                     // bins of a syllable; a held note is longer
	leastRise   = 1.8                    // bins, on the average
	mostRise    = 4                      // bins that count: two notes that run into one may rise for long
	leastUneven = 0.15                   // of the distances: deviation by mean
)

// Talking tells that somebody talks into a muted microphone, from nothing but its level. What gives speech away is its
// rhythm: a few syllables a second at uneven distances, each of which swells for some hundredths of a second and falls far.
//
//   - A steady noise has no syllables, and a knock is but one.
//   - What is plucked, struck or hit is there at once; a syllable swells.
//   - A held note is longer than a syllable, and machines and metronomes are even.
//
// So somebody who mutes on purpose and plays is left in peace; of what is sung, or bowed and blown in short uneven notes, no
// level tells that it is no speech. One goroutine owns it. The zero Talking is ready.
type Talking struct {
	levels [window]float64 // dBFS of the bins, the latest last
	known  int             // how many of them are
	floor  float64         // dBFS: what is always there
	power  float64         // of the bin that is being filled: the sum over its blocks
	blocks int
	begun  time.Time // the bin
	last   time.Time // a level came
	said   time.Time
}

// Hear takes the RMS level in dBFS of one block of about 10 ms, unsmoothed, before the mute; now is the time at its end,
// best counted in samples: in a longer block the rise of a syllable cannot be seen. It tells whether the musician should be
// told now: after one to two seconds of clear speech into a muted microphone, and not again for twenty.
func (t *Talking) Hear(now time.Time, level float64, muted bool) bool {
	if !muted || now.Sub(t.last) > lostAfter {
		t.known, t.blocks, t.begun = 0, 0, now
	}
	t.last = now
	if !muted || !t.bin(now, level) {
		return false
	}
	if !t.said.IsZero() && now.Sub(t.said) < sayEvery || !t.talks() {
		return false
	}
	t.said, t.known = now, 0
	return true
}

// bin adds a block, and tells whether a bin is full.
func (t *Talking) bin(now time.Time, level float64) bool {
	t.power += math.Pow(10, level/10)
	t.blocks++
	if now.Sub(t.begun) < bin-bin/8 { // blocks seldom end on the dot
		return false
	}
	mean := max(10*math.Log10(t.power/float64(t.blocks)), -120)
	t.power, t.blocks, t.begun = 0, 0, now
	if t.floor = min(t.floor+floorRise*bin.Seconds(), mean); t.known == 0 {
		t.floor = mean
	}
	copy(t.levels[:], t.levels[1:])
	t.levels[window-1] = mean
	t.known = min(t.known+1, window)
	return true
}

func (t *Talking) talks() bool {
	return speech(t.levels[window-t.known:], max(t.floor+aboveFloor, quietest))
}

// syllable is a swell and fall of the level, in bins.
type syllable struct {
	start, top, end int // the level is within swing of the highest from start on, about the highest from top on
}

// speech tells whether levels, in dBFS, go as somebody speaks; what does not reach loud is no syllable.
func speech(levels []float64, loud float64) bool {
	var all [window]syllable
	said := syllables(all[:0], levels, loud)
	if len(said) < leastSpoken || said[len(said)-1].top-said[0].top < leastSpan {
		return false
	}
	rise := 0
	for _, s := range said {
		if s.end-s.start > longest {
			return false
		}
		rise += min(s.top-s.start, mostRise)
	}
	return float64(rise) >= leastRise*float64(len(said)) && unevenness(said) >= leastUneven
}
