package measure

import "math"

// Find is where in s the piece is heard: the index of its first sample, looked for within so many samples of near, and how
// alike the two are there, 1 for the same wave at whatever level, 0 for nothing in common. The place is where the
// normalised cross-correlation is greatest.
func (s Sound) Find(piece Sound, near, within int) (index int, likeness float64) {
	own := math.Sqrt(energy(piece.Samples))
	best := math.Inf(-1)
	for at := max(0, near-within); at <= near+within && at+len(piece.Samples) <= len(s.Samples); at++ {
		part := s.Samples[at : at+len(piece.Samples)]
		product := 0.0
		for i, v := range piece.Samples {
			product += float64(v) * float64(part[i])
		}
		alike := product / max(own*math.Sqrt(energy(part)), math.SmallestNonzeroFloat32)
		if alike > best {
			best, index = alike, at
		}
	}
	return index, max(best, 0)
}

func energy(samples []float32) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += float64(v) * float64(v)
	}
	return sum
}
