package codec

import "math"

// pitch finds the period, in samples, after which the end of the sound is most like itself: the highest normalised
// cross-correlation of its last 20 ms with what lies 5 to 15 ms before. Coarse first, at 8000 steps a second.
func pitch(sound []float32, rate int) int {
	longest, shortest := rate*longestMicros/1e6, rate*shortestMicros/1e6
	stride := rate / 8000
	best := peak(sound, rate/50, shortest, longest, stride, stride)
	if stride == 1 {
		return best
	}
	return peak(sound, rate/50, max(best-stride, shortest), min(best+stride, longest), 1, 1)
}

// peak compares every stride-th of the last window samples at each of the lags from..to; without any likeness it is
// the longest lag, which buzzes least.
func peak(sound []float32, window, from, to, lagStep, stride int) int {
	tail := sound[len(sound)-window:]
	best, bestLikeness := to, float32(0)
	for lag := to; lag >= from; lag -= lagStep {
		past := sound[len(sound)-window-lag:]
		past = past[:len(tail)]
		var product, energy float32
		for i := 0; i < len(tail); i += stride {
			product += tail[i] * past[i]
			energy += past[i] * past[i]
		}
		if product <= 0 {
			continue
		}
		if likeness := product / float32(math.Sqrt(float64(energy))); likeness > bestLikeness {
			best, bestLikeness = lag, likeness
		}
	}
	return best
}
