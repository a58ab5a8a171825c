package cue

import "math"

// syllables appends the swells of the level that reach loud, each between two falls of at least swing.
func syllables(to []syllable, levels []float64, loud float64) []syllable {
	low, high := 0, -1 // bins: the deepest since the last syllable, the highest since then; -1 while it has not risen
	for i, level := range levels {
		switch {
		case high < 0 && level < levels[low]:
			low = i
		case high < 0 && level >= levels[low]+swing, high >= 0 && level > levels[high]:
			high = i
		case high >= 0 && level <= levels[high]-swing:
			if levels[high] >= loud {
				to = append(to, shape(levels, low, high, i))
			}
			low, high = i, -1
		}
	}
	return to
}

// shape looks how the level rose from low to high, before it fell at end.
func shape(levels []float64, low, high, end int) syllable {
	s := syllable{start: high, top: high, end: end}
	for s.top > low && levels[s.top-1] >= levels[high]-2 {
		s.top--
	}
	for s.start > low && levels[s.start-1] > levels[high]-swing {
		s.start--
	}
	return s
}

// unevenness is the deviation of the distances between syllables from their mean, by the mean.
func unevenness(said []syllable) float64 {
	n := float64(len(said) - 1)
	mean := float64(said[len(said)-1].top-said[0].top) / n
	sum := 0.0
	for i := 1; i < len(said); i++ {
		off := float64(said[i].top-said[i-1].top) - mean
		sum += off * off
	}
	return math.Sqrt(sum/n) / mean
}
