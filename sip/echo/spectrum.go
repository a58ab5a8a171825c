package echo

import "math"

// spectrum is a sound as the bursts' frequencies see it. It holds running sums, one a millisecond, so that any stretch is
// a difference of two: Goertzel's filter, with the beginning left open.
type spectrum struct {
	perMS  int
	sums   [len(bursts)][]complex128 // of the sound, turned back by the frequency
	energy []float64                 // of its squares
}

func analyse(sound []float32, rate int) spectrum {
	s := spectrum{perMS: rate / 1000}
	for i, b := range bursts {
		s.sums[i] = turned(sound, s.perMS, 2*math.Pi*b.freq/float64(rate))
	}
	sum := 0.0
	for i, v := range sound {
		if i%s.perMS == 0 {
			s.energy = append(s.energy, sum)
		}
		sum += float64(v) * float64(v)
	}
	s.energy = append(s.energy, sum)
	return s
}

// turned adds up the samples, each turned back by step radians more than the one before.
func turned(sound []float32, perMS int, step float64) []complex128 {
	var sums []complex128
	sum := complex128(0)
	for i, v := range sound {
		if i%perMS == 0 {
			sums = append(sums, sum)
		}
		sin, cos := math.Sincos(step * float64(i))
		sum += complex(float64(v)*cos, -float64(v)*sin)
	}
	return append(sums, sum)
}

// tone is the mean square of what has the frequency of burst i in the length of a burst from a millisecond on; 0 where the
// sound has ended.
func (s spectrum) tone(i, from int) float64 {
	sums := s.sums[i]
	if from+burstLength >= len(sums) {
		return 0
	}
	d := (sums[from+burstLength] - sums[from]) / complex(float64(burstLength*s.perMS), 0)
	return 2 * (real(d)*real(d) + imag(d)*imag(d))
}

// all is the mean square of everything there.
func (s spectrum) all(from int) float64 {
	if from+burstLength >= len(s.energy) {
		return 0
	}
	return (s.energy[from+burstLength] - s.energy[from]) / float64(burstLength*s.perMS)
}
