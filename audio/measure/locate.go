package measure

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// Match is where a piece of sound is heard in a longer one, and how sure that is.
type Match struct {
	At       float64 // sample of the longer sound, with a fraction, that the piece's first sample is heard at
	Likeness float64 // 1 for the same wave at whatever level, 0 for nothing in common
	Rival    float64 // likeness of the best other place: near Likeness, as with a steady tone, nobody can tell which it is
}

// The band that each telephone carries (G.711), in Hz, and what tells the places apart.
const (
	voiceLow  = 300.0
	voiceHigh = 3400.0
	locateTo  = 12000.0 // sample rate at which places are compared, at least: three and a half of the highest wave
	smooth    = 20.0    // Hz to either side over which the spectrum is made even: less than lies between the tones of a chord
	nearby    = 2e-3    // s to either side of the best place that are the same place
)

// Locate is where in s the piece is heard best, by what a telephone would carry of both. Their spectra are made even, so that
// a place is told by each thing that is new, not by the loudest tone, and what else sounds in s, a codec, and a change of
// level do little. Both must have the same rate. The longer s is against the piece, the more places are compared.
func (s Sound) Locate(piece Sound) Match {
	if len(piece.Samples) < s.Rate/10 || len(s.Samples) < len(piece.Samples) || s.Rate != piece.Rate || s.Rate < 8000 {
		return Match{}
	}
	size := 1 << bits.Len(uint(len(s.Samples)+len(piece.Samples)))
	small := size // how many samples the same time has when only what the voice band needs is kept
	for float64(s.Rate)*float64(small)/float64(size) >= 2*locateTo {
		small /= 2
	}
	step := float64(size) / float64(small)
	long, short := s.even(size, small), piece.even(size, small)
	n, places := int(float64(len(piece.Samples))/step), int(float64(len(s.Samples)-len(piece.Samples))/step)+1
	return peak(likenesses(long, short, n, places), int(nearby*float64(s.Rate)/step)).scaled(step)
}

func (m Match) scaled(step float64) Match {
	m.At *= step
	return m
}

// even is the sound with an even spectrum within the voice band and nothing beyond, at small samples for size.
func (s Sound) even(size, small int) []complex128 {
	x := make([]complex128, size)
	for i, v := range s.Samples {
		x[i] = complex(float64(v), 0)
	}
	transform(x)
	bin := float64(s.Rate) / float64(size) // Hz
	low, high := int(voiceLow/bin), min(int(voiceHigh/bin), small/2-1)
	levels := around(x[:high+1], max(1, int(smooth/bin)))
	most := 0.0
	for k := low; k <= high; k++ {
		most = max(most, levels[k])
	}
	y := make([]complex128, small)
	for k := low; k <= high && most > 0; k++ {
		v := x[k] / complex(levels[k]+1e-3*most, 0) // what is 60 dB down is noise, and stays it
		y[k], y[small-k] = v, cmplx.Conj(v)
	}
	inverse(y)
	return y
}

// around is the level of a spectrum, root mean square over so many bins to either side.
func around(x []complex128, bins int) []float64 {
	sums := make([]float64, len(x)+1)
	for k, v := range x {
		sums[k+1] = sums[k] + real(v)*real(v) + imag(v)*imag(v)
	}
	levels := make([]float64, len(x))
	for k := range x {
		from, to := max(0, k-bins), min(len(x), k+bins+1)
		levels[k] = math.Sqrt((sums[to] - sums[from]) / float64(to-from))
	}
	return levels
}

// likenesses is how alike the first n samples of short are to those of long from each place on: the normalised
// cross-correlation.
func likenesses(long, short []complex128, n, places int) []float64 {
	sums := make([]float64, len(long)+1)
	for i, v := range long {
		sums[i+1] = sums[i] + real(v)*real(v)
	}
	own := 0.0
	for i, v := range short {
		if i >= n { // the filter's tail
			short[i] = 0
			continue
		}
		own += real(v) * real(v)
	}
	transform(long)
	transform(short)
	for k := range long {
		long[k] *= cmplx.Conj(short[k])
	}
	inverse(long)
	alike := make([]float64, min(places, len(long)-n))
	for i := range alike {
		alike[i] = real(long[i]) / math.Sqrt(max(own*(sums[i+n]-sums[i]), math.SmallestNonzeroFloat64))
	}
	return alike
}

// peak is the best place and the best of those farther off.
func peak(alike []float64, nearby int) Match {
	best := 0
	for i, v := range alike {
		if v > alike[best] {
			best = i
		}
	}
	m := Match{At: float64(best), Likeness: max(0, alike[best])}
	for i, v := range alike {
		if i < best-nearby || i > best+nearby {
			m.Rival = max(m.Rival, v)
		}
	}
	if best > 0 && best < len(alike)-1 {
		l, c, r := alike[best-1], alike[best], alike[best+1]
		if bend := l - 2*c + r; bend < 0 {
			m.At += (l - r) / (2 * bend)
		}
	}
	return m
}

// inverse undoes transform.
func inverse(x []complex128) {
	for i, v := range x {
		x[i] = cmplx.Conj(v)
	}
	transform(x)
	scale := 1 / float64(len(x))
	for i, v := range x {
		x[i] = complex(real(v)*scale, -imag(v)*scale)
	}
}
