package codec

// The quadrature mirror filter of ITU-T G.722 section 6.2.1: 24 taps, half of them over every second value, so that
// what one band leaks into the other is cancelled when they are joined.

const taps = 24

// mirror is the filter's memory, oldest first.
type mirror [taps]int

// next takes two values in and makes the two half sums.
func (m *mirror) next(first, second int) (a, b int) {
	copy(m[:], m[2:])
	m[taps-2], m[taps-1] = first, second
	for i, tap := range mirrorTaps {
		a += m[2*i+1] * mirrorTaps[len(mirrorTaps)-1-i]
		b += m[2*i] * tap
	}
	return a, b
}

// splitter parts sound into a lower and an upper band, each at half the rate.
type splitter struct{ mirror }

// next takes two samples and makes one of each band, 15 bits (TX QMF). It does not saturate: only a signal made for it
// goes beyond, and the difference that is coded saturates.
func (s *splitter) next(first, second int16) (low, high int) {
	a, b := s.mirror.next(int(first), int(second))
	return (a + b) >> 14, (a - b) >> 14
}

// joiner makes sound of the two bands.
type joiner struct{ mirror }

// next takes one sample of each band and makes two, saturated (RX QMF).
func (j *joiner) next(low, high int) (first, second int16) {
	a, b := j.mirror.next(low+high, low-high)
	return int16(clip16(a >> 11)), int16(clip16(b >> 11))
}
