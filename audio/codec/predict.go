package codec

import "math"

// order is how many samples of the past the prediction of the next one weighs: a few for each resonance of a voice.
const order = 20

// predictor goes on with a sound by linear prediction. Its filter is fitted to the end of the sound by the
// autocorrelation method, which cannot grow without bound.
type predictor struct {
	window []float64 // a half sine
	end    []float64 // of the sound, under the window
}

func newPredictor(window int) predictor {
	p := predictor{make([]float64, window), make([]float64, window)}
	for i := range p.window {
		p.window[i] = math.Sin(math.Pi * float64(i+1) / float64(window+1))
	}
	return p
}

// next fills dst with what follows the sound, which must be longer than the window.
func (p *predictor) next(dst, sound []float32) {
	weights := levinson(p.autocorrelation(sound[len(sound)-len(p.end):]))
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

// autocorrelation has a floor of noise added, 90 dB down, which keeps the fit well-behaved.
func (p *predictor) autocorrelation(sound []float32) (r [order + 1]float64) {
	for i, s := range sound {
		p.end[i] = float64(s) * p.window[i]
	}
	for lag := range r {
		for i, s := range p.end[lag:] {
			r[lag] += s * p.end[i]
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
