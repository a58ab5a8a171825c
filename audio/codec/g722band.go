package codec

// band is the adaptive predictor and step size of one sub-band. Names in brackets are those of ITU-T G.722 section
// 6.2, whose arithmetic on 16-bit words this follows to the bit.
type band struct {
	logStep int    // step size as a logarithm, 2048 an octave [NB]
	step    int    // quantiser step size [DET]
	zeros   [6]int // coefficients over the last six differences [B]
	diffs   [6]int // quantised differences, newest first [D]
	poles   [2]int // coefficients over the last two samples [A]
	recons  [2]int // reconstructed samples, newest first [R]
	partial [2]int // the same without the poles' share [P]
	zeroSum int    // the zeros' share of the prediction [SZ]
	signal  int    // the prediction [S]
}

// adapt takes in the quantised difference of one sample and predicts the next (blocks 4L and 4H).
func (b *band) adapt(diff int) {
	recons := clip16(b.signal + diff)   // RECONS
	partial := clip16(b.zeroSum + diff) // PARREC
	b.adaptPoles(partial)
	b.adaptZeros(diff)
	b.recons = [2]int{recons, b.recons[0]}
	b.partial = [2]int{partial, b.partial[0]}
	poleSum := clip16(b.poles[0]*clip16(2*b.recons[0])>>15 + b.poles[1]*clip16(2*b.recons[1])>>15) // FILTEP
	b.signal = clip16(poleSum + b.zeroSum)                                                         // PREDIC
}

// adaptPoles is UPPOL2, then UPPOL1. The limits keep the poles inside the unit circle.
func (b *band) adaptPoles(partial int) {
	near, far := 1, 128
	if (partial ^ b.partial[0]) < 0 {
		near = -1
	}
	if (partial ^ b.partial[1]) < 0 {
		far = -128
	}
	lean := min(-near*clip16(4*b.poles[0]), 32767)>>7 + far
	second := clip(lean+b.poles[1]*32512>>15, 12288)
	b.poles[1] = second
	b.poles[0] = clip(192*near+b.poles[0]*32640>>15, 15360-second)
}

// adaptZeros is UPZERO, DELAYA and FILTEZ.
func (b *band) adaptZeros(diff int) {
	gain := 128
	if diff == 0 {
		gain = 0
	}
	for i, past := range b.diffs {
		lean := gain
		if (diff ^ past) < 0 {
			lean = -gain
		}
		b.zeros[i] = lean + b.zeros[i]*32640>>15
	}
	copy(b.diffs[1:], b.diffs[:])
	b.diffs[0] = diff
	sum := 0
	for i, past := range b.diffs {
		sum += b.zeros[i] * clip16(2*past) >> 15
	}
	b.zeroSum = clip16(sum)
}

// rescale moves the step size with the loudness (LOGSCL and SCALEL, LOGSCH and SCALEH).
func (b *band) rescale(growth, limit, octave int) {
	b.logStep = min(max(b.logStep*32512>>15+growth, 0), limit)
	step := antilog[b.logStep>>6&31]
	if shift := octave - b.logStep>>11; shift >= 0 {
		step >>= shift
	} else {
		step <<= -shift
	}
	b.step = step << 2
}

// quantiseLow codes the difference from the prediction in six bits (SUBTRA, QUANTL).
func (b *band) quantiseLow(sample int) int {
	diff := clip16(sample - b.signal)
	size := diff
	if diff < 0 {
		size = ^diff
	}
	i := 0
	for i < len(bounds6) && size >= bounds6[i]<<3*b.step>>15 {
		i++
	}
	if diff < 0 {
		return negative6(i)
	}
	return 61 - i
}

// negative6 is the code of the i-th interval below zero: the two nearest stand apart, so that no code has a run of
// zeros that old lines could not carry.
func negative6(i int) int {
	if i < 2 {
		return 63 - i
	}
	return 33 - i
}

// quantiseHigh codes the difference in two bits (SUBTRA, QUANTH).
func (b *band) quantiseHigh(sample int) int {
	diff := clip16(sample - b.signal)
	size, code := diff, 3
	if diff < 0 {
		size, code = ^diff, 1
	}
	if size >= bound2<<3*b.step>>15 {
		code--
	}
	return code
}

func clip(v, limit int) int { return min(max(v, -limit), limit) }
func clip15(v int) int      { return min(max(v, -1<<14), 1<<14-1) }
func clip16(v int) int      { return min(max(v, -1<<15), 1<<15-1) }
