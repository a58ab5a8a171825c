package measure

import (
	"math"
	"math/bits"
	"math/cmplx"
	"time"
)

// Sine is a test tone of freq Hz at level dBFS RMS (-3.01 is full scale), starting at phase 0.
func Sine(rate int, freq, level float64, length time.Duration) Sound {
	out := make([]float32, int(length.Seconds()*float64(rate)))
	amplitude := math.Sqrt2 * math.Pow(10, level/20)
	for i := range out {
		out[i] = float32(amplitude * math.Sin(2*math.Pi*freq*float64(i)/float64(rate)))
	}
	return Sound{rate, out}
}

// Tone is the level in dBFS RMS of what the sound holds at freq Hz, so that a pure tone has the same Tone and Level.
// It sees a band about 4/duration Hz wide (Goertzel over a Hann window): a quarter of a second or more tells
// neighbouring semitones of the middle octave apart.
func (s Sound) Tone(freq float64) float64 {
	n := float64(len(s.Samples))
	coeff := 2 * math.Cos(2*math.Pi*freq/float64(s.Rate))
	var s1, s2 float64
	for i, v := range s.Samples {
		s1, s2 = float64(v)*hann(float64(i), n)+coeff*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - coeff*s1*s2
	// A sine of amplitude a gives |X| = a*n/2 times the window's mean 1/2; its mean square is a*a/2.
	return decibel(8 * power / max(1, n*n))
}

// MainFrequency is the strongest frequency in Hz, 0 for silence; at one second of sound good to a tenth of a hertz. The
// spectrum is of the first power-of-two samples; DC and rumble below 20 Hz do not count.
func (s Sound) MainFrequency() float64 {
	if len(s.Samples) < 64 {
		return 0
	}
	size := 1 << (bits.Len(uint(len(s.Samples))) - 1)
	x := make([]complex128, size)
	for i := range x {
		x[i] = complex(float64(s.Samples[i])*hann(float64(i), float64(size)), 0)
	}
	transform(x)
	best := 0
	for i := max(2, 20*size/s.Rate); i < size/2-1; i++ {
		if cmplx.Abs(x[i]) > cmplx.Abs(x[best]) || best == 0 {
			best = i
		}
	}
	if best == 0 || decibel(math.Pow(cmplx.Abs(x[best])/float64(size), 2)) < -150 {
		return 0
	}
	return (float64(best) + summit(x[best-1], x[best], x[best+1])) * float64(s.Rate) / float64(size)
}

// summit is how far (in bins, -0.5 to 0.5) the top of a parabola through three log magnitudes lies from the middle one.
func summit(left, mid, right complex128) float64 {
	l, m, r := math.Log(cmplx.Abs(left)+1e-30), math.Log(cmplx.Abs(mid)+1e-30), math.Log(cmplx.Abs(right)+1e-30)
	if bend := l - 2*m + r; bend < 0 {
		return (l - r) / (2 * bend)
	}
	return 0
}

func hann(i, n float64) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*i/n) }

// transform is the discrete Fourier transform in place (Cooley and Tukey, radix 2); len(x) is a power of two.
func transform(x []complex128) {
	n := len(x)
	shift := bits.LeadingZeros(uint(n)) + 1
	for i := range x {
		if j := int(bits.Reverse(uint(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < n; half *= 2 {
		turn := cmplx.Rect(1, -math.Pi/float64(half))
		for start := 0; start < n; start += 2 * half {
			w := complex(1, 0)
			for k := start; k < start+half; k++ {
				a, b := x[k], x[k+half]*w
				x[k], x[k+half], w = a+b, a-b, w*turn
			}
		}
	}
}
