package codec

// G.722 at 64 kbit/s (ITU-T G.722, mode 1) splits 16 kHz into two bands of 8 kHz and codes each by adaptive
// differential PCM: six bits for the lower, two for the upper, one byte for two samples.
//
//	PCM -> split -+-> low  -> quantise 6 bits -+-> byte -+-> low  band -+-> join -> PCM
//	              +-> high -> quantise 2 bits -+         +-> high band -+
//	                      band: what the other side has decoded so far
//
// Every sum saturates as the blocks of section 6.2 say it must: a full-scale square wave stays one.

// subbands is the state that encoder and decoder keep alike.
type subbands struct{ low, high band }

func newSubbands() subbands {
	return subbands{low: band{step: 32}, high: band{step: 8}} // section 6.2.1: DETL and DETH after a reset
}

// encode takes one sample of each band to a byte.
func (s *subbands) encode(low, high int) byte {
	il, ih := s.low.quantiseLow(low), s.high.quantiseHigh(high)
	s.adapt(il, ih)
	return byte(ih<<6 | il)
}

// decode takes a byte to one sample of each band, 15 bits.
func (s *subbands) decode(code byte) (low, high int) {
	il, ih := int(code&63), int(code>>6)
	low = clip15(s.low.signal + s.low.step*levels6[il]>>15)
	high = clip15(s.high.signal + s.high.step*levels2[ih]>>15)
	s.adapt(il, ih)
	return low, high
}

// adapt carries the bands on over one coded sample. The lower one looks at four of its six bits only, so that a
// network may take the other two for data.
func (s *subbands) adapt(il, ih int) {
	il >>= 2
	s.low.adapt(s.low.step * levels4[il] >> 15)
	s.low.rescale(growth4[il], 18432, 8)
	s.high.adapt(s.high.step * levels2[ih] >> 15)
	s.high.rescale(growth2[ih], 22528, 10)
}

type g722Encoder struct {
	split splitter
	bands subbands
}

func newG722Encoder() *g722Encoder { return &g722Encoder{bands: newSubbands()} }

func (e *g722Encoder) SetLoss(int) {}

func (e *g722Encoder) Encode(dst []byte, frame []int16) (int, error) {
	n := len(frame) / 2
	switch {
	case len(frame)%2 != 0:
		return 0, ErrFrame
	case len(dst) < n:
		return 0, ErrShort
	}
	for i := range n {
		dst[i] = e.bands.encode(e.split.next(frame[2*i], frame[2*i+1]))
	}
	return n, nil
}

type g722Decoder struct {
	bands subbands
	join  joiner
	conceal
}

func newG722Decoder() *g722Decoder {
	return &g722Decoder{bands: newSubbands(), conceal: newConceal(16000)}
}

func (d *g722Decoder) Decode(dst []int16, payload []byte) (int, error) {
	n := 2 * len(payload)
	switch {
	case n == 0:
		return 0, ErrEmpty
	case len(dst) < n:
		return 0, ErrShort
	}
	for i, code := range payload {
		dst[2*i], dst[2*i+1] = d.join.next(d.bands.decode(code))
	}
	d.heard(dst[:n])
	return n, nil
}

// Conceal leaves the lower band as it stands: its step and predictor fit the sound after the gap well. The upper one
// forgets its predictor, which would ring on for what is no longer there (ITU-T G.722 Appendix III resets it too).
func (d *g722Decoder) Conceal(dst []int16, _ []byte) (int, error) {
	d.lost(dst)
	d.bands.high = band{step: d.bands.high.step, logStep: d.bands.high.logStep}
	return len(dst), nil
}
