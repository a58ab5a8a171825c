package resample

import "math"

const (
	// crossings is the half length of the filter in zero crossings of its sinc: longer makes the edge steeper and the
	// latency longer (56 at 16 kHz is 3.5 ms).
	crossings = 56
	// beta shapes the Kaiser window for a stop band 104 dB down (J. F. Kaiser's formula, 0.1102*(A-8.7)).
	beta = 0.1102 * (stopBand - 8.7)
	// stopBand is the attenuation in dB that the filter is designed for.
	stopBand = 106.0
	// steps is how many fractional positions a zero crossing is stored at. The error of the linear interpolation
	// between them, about 0.4/steps^2, is -116 dB.
	steps = 512
)

// filter is a low-pass for the lower of two rates, stored at phases+1 fractional positions.
type filter struct {
	half   int // taps on either side of the output's place
	taps   int
	phases int
	rows   []float32 // (phases+1) rows of taps
}

func newFilter(inRate, outRate int) *filter {
	scale := min(1, float64(outRate)/float64(inRate))
	half := int(math.Ceil(crossings/scale)+1) &^ 1 // even, so that the taps are a multiple of four
	f := &filter{half: half, taps: 2 * half, phases: max(int(math.Ceil(steps*scale)), 64)}
	f.rows = make([]float32, (f.phases+1)*f.taps)
	// The edge of the stop band is the lower half rate: the transition (Kaiser: A = 8 + 2.285 * length * width) lies
	// wholly below it, so that nothing folds back.
	transition := (stopBand - 8) / (2.285 * 2 * crossings) / math.Pi
	cutoff := scale * (1 - transition/2)
	row := make([]float64, f.taps)
	for p := range f.phases + 1 {
		var sum float64
		for k := range row {
			x := float64(k-(half-1)) - float64(p)/float64(f.phases)
			row[k] = sinc(cutoff*x) * kaiser(x/float64(half))
			sum += row[k]
		}
		for k, v := range row { // the same gain at each place, or the level would wobble with the phase
			f.rows[p*f.taps+k] = float32(v / sum)
		}
	}
	return f
}

// at is the filtered value of x at its middle plus frac (0..1) of a sample.
func (f *filter) at(x []float32, frac float64) float32 {
	place := frac * float64(f.phases)
	p := int(place)
	row := f.rows[p*f.taps : (p+1)*f.taps]
	between := float32(place - float64(p))
	if between == 0 {
		return dot(x, row)
	}
	a, b := dot2(x, row, f.rows[(p+1)*f.taps:(p+2)*f.taps])
	return a + between*(b-a)
}

// dot is the sum of products; lengths are equal multiples of four.
func dot(x, a []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(x) >= 4 && len(a) >= 4 {
		s0 += x[0] * a[0]
		s1 += x[1] * a[1]
		s2 += x[2] * a[2]
		s3 += x[3] * a[3]
		x, a = x[4:], a[4:]
	}
	return (s0 + s1) + (s2 + s3)
}

// dot2 is two sums of products over the same x.
func dot2(x, a, b []float32) (float32, float32) {
	var a0, a1, b0, b1 float32
	for len(x) >= 4 && len(a) >= 4 && len(b) >= 4 {
		x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
		a0 += x0*a[0] + x2*a[2]
		a1 += x1*a[1] + x3*a[3]
		b0 += x0*b[0] + x2*b[2]
		b1 += x1*b[1] + x3*b[3]
		x, a, b = x[4:], a[4:], b[4:]
	}
	return a0 + a1, b0 + b1
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x, -1..1.
func kaiser(x float64) float64 {
	if x*x >= 1 {
		return 0
	}
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is the modified Bessel function of the first kind and order zero.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}
