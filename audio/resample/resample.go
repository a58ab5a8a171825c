// Package resample owns the change of sample rates, fixed and slowly varying.
//
// A sound card's crystal and the clock of a call never agree: 48000 Hz on the card may be 48004 Hz on the network. So
// the ratio of a Resampler may drift while it runs, and Drift finds the ratio that keeps a ring between the two clocks
// at its target.
//
// The method is band-limited interpolation (J. O. Smith, "Digital Audio Resampling"): a Kaiser-windowed sinc, stored at
// many fractional positions and interpolated linearly between them, is laid over the input around the place of each
// output sample. The place advances by a fractional step, so a change of the ratio bends the step and never breaks the
// wave.
package resample

import (
	"fmt"
	"time"
)

// maxAdjust bounds Adjust: real crystals are within +-200 ppm, and 1000 ppm is below what one hears as a change of pitch.
const maxAdjust = 1000e-6

// block is how many input frames are taken into the history at once.
const block = 1024

// Resampler converts an interleaved stream from one rate to another. It belongs to one goroutine.
type Resampler struct {
	in, out, channels int
	filter            *filter
	nominal, step     float64 // input frames an output frame

	history [][]float32 // a channel each; [0,have) is filled
	have    int
	at      int     // first tap of the next output frame
	frac    float64 // its place between two input frames, 0..1
}

// New makes a resampler for the given rates (Hz) and interleaved channels. Alias and image products stay 100 dB down,
// the pass band reaches 88 % of the lower rate's half. Rates and channels below one are a mistake in the program.
func New(inRate, outRate, channels int) *Resampler {
	if inRate < 1 || outRate < 1 || channels < 1 {
		panic(fmt.Sprintf("resample: %d Hz to %d Hz in %d channels", inRate, outRate, channels))
	}
	f := newFilter(inRate, outRate)
	nominal := float64(inRate) / float64(outRate)
	r := &Resampler{in: inRate, out: outRate, channels: channels, filter: f, nominal: nominal, step: nominal}
	r.history = make([][]float32, channels)
	for c := range r.history {
		r.history[c] = make([]float32, f.taps+block)
	}
	r.Reset()
	return r
}

// Reset forgets the sound so far, as if nothing had been processed. The ratio stays.
func (r *Resampler) Reset() {
	for _, h := range r.history {
		clear(h)
	}
	r.have, r.at, r.frac = r.filter.half-1, 0, 0
}

// Adjust sets by how much faster than nominal the input is consumed: 1.0001 takes 100 ppm more input for the same
// output. It takes effect with the next output frame, without a break; it is bounded to +-1000 ppm.
func (r *Resampler) Adjust(ratio float64) {
	r.step = r.nominal * min(max(ratio, 1-maxAdjust), 1+maxAdjust)
}

// Ratio is what Adjust set, as it was bounded.
func (r *Resampler) Ratio() float64 { return r.step / r.nominal }

// Latency is how far the input must run ahead of the output.
func (r *Resampler) Latency() time.Duration {
	return time.Duration(r.filter.half) * time.Second / time.Duration(r.in)
}

// String names the stage.
func (r *Resampler) String() string { return fmt.Sprintf("resample(%d Hz to %d Hz)", r.in, r.out) }

// Needed is how many input frames Process must be given to produce n output frames.
func (r *Resampler) Needed(n int) int {
	if n <= 0 {
		return 0
	}
	last := r.at + int(r.frac+float64(n-1)*r.step)
	return max(last+r.filter.taps-r.have, 0)
}

// Process converts from src to dst, both interleaved, until dst is full or src is used up, and returns how many frames
// it produced and consumed. What it needs of the past it keeps; what it did not consume must be given again. It takes
// no more than dst needs. The first output frame is at the time of the first input frame. It does not allocate.
func (r *Resampler) Process(dst, src []float32) (produced, consumed int) {
	want, given := len(dst)/r.channels, len(src)/r.channels
	for {
		for produced < want && r.at+r.filter.taps <= r.have {
			r.next(dst[produced*r.channels:])
			produced++
		}
		if produced == want || consumed == given {
			return produced, consumed
		}
		n := min(r.Needed(want-produced), given-consumed)
		consumed += r.take(src[consumed*r.channels:], n)
	}
}

// next makes one output frame and steps on.
func (r *Resampler) next(dst []float32) {
	for c, h := range r.history {
		dst[c] = r.filter.at(h[r.at:r.at+r.filter.taps], r.frac)
	}
	r.frac += r.step
	whole := int(r.frac)
	r.frac -= float64(whole)
	r.at += whole
}

// take appends up to n frames of src to the history and returns how many went in, at least one.
func (r *Resampler) take(src []float32, n int) int {
	size := len(r.history[0])
	if r.have == size {
		r.compact()
	}
	n = min(n, size-r.have)
	for c, h := range r.history {
		h = h[r.have : r.have+n]
		for i := range h {
			h[i] = src[i*r.channels+c]
		}
	}
	r.have += n
	return n
}

// compact drops the past that no output frame needs any more.
func (r *Resampler) compact() {
	gone := min(r.at, r.have)
	for _, h := range r.history {
		copy(h, h[gone:r.have])
	}
	r.have -= gone
	r.at -= gone
}
