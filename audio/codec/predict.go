package codec

import "math"

// order is how many samples of the past the prediction of the next one weighs: a few for each resonance of a voice.
const order = 20

// predict goes on with the sound by linear prediction, the filter fitted to its last window samples by the
// autocorrelation method (which cannot grow without bound).
func predict(dst, sound []float32, window int) {
	weights := levinson(autocorrelation(sound[len(sound)-window:]))
	var past [order]float64 // newest first
	for i := range past {
		past[i] = float64(sound[len(sound)-1-i])
	}
	for i := range dst {
		var next float64
		for k, w := range weights {
			next += w * past[k]
		}
		copy(past[1:], past[:])
		past[0] = next
		dst[i] = float32(next)
	}
}

// autocorrelation of the sound under a sine window. A floor of noise 90 dB down keeps the fit well-behaved.
func autocorrelation(sound []float32) (r [order + 1]float64) {
	shape := math.Pi / float64(len(sound)+1)
	for i := range sound {
		a := float64(sound[i]) * math.Sin(shape*float64(i+1))
		for lag := range min(order, i) + 1 {
			r[lag] += a * float64(sound[i-lag]) * math.Sin(shape*float64(i-lag+1))
		}
	}
	r[0] = r[0]*(1+1e-9) + 1
	return r
}

// levinson solves for the weights of the past samples, newest first (Levinson-Durbin recursion).
func levinson(r [order + 1]float64) (a [order]float64) {
	left := r[0]
	for i := range a {
		reflection := r[i+1]
		for k := range i {
			reflection -= a[k] * r[i-k]
		}
		reflection /= left
		b := a
		for k := range i {
			a[k] -= reflection * b[i-1-k]
		}
		a[i] = reflection
		left *= 1 - reflection*reflection
	}
	return a
}
