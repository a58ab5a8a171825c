package mp3

import (
	"encoding/binary"
	"math"

	"orionbox/audio/pcm"
)

// quantizer makes the 16-bit samples that LAME takes.
//
// Sound that has 16 bits already passes untouched. From the first sample on that lies between two steps it adds
// triangular noise of one step before rounding (TPDF dither: Lipshitz, Wannamaker and Vanderkooy, "Quantization and
// Dither: A Theoretical Survey", JAES 40, 1992), so that what a 24-bit interface hears below the last bit stays sound
// and does not become distortion. The noise is the same in each run: the same sound gives the same file.
type quantizer struct {
	wide bool
	seed uint32
}

func newQuantizer() quantizer { return quantizer{seed: 0x9e3779b9} }

// encode writes src to dst as little-endian 16-bit samples; dst must hold two bytes for each.
func (q *quantizer) encode(dst []byte, src []float32) {
	q.wide = q.wide || !fits16(src)
	if !q.wide {
		pcm.Width(2).Encode(dst, src)
		return
	}
	for i, s := range src {
		v := math.RoundToEven(float64(s)*32768 + q.noise())
		binary.LittleEndian.PutUint16(dst[2*i:], uint16(saturate(v)))
	}
}

// fits16 tells whether all samples are steps of 16 bits. What is beyond full scale saturates the same with and without
// dither, so it does not count.
func fits16(src []float32) bool {
	for _, s := range src {
		v := s * 32768 // exact: a power of two
		if v != float32(math.RoundToEven(float64(v))) && v > -32768 && v < 32767 {
			return false
		}
	}
	return true
}

// noise is the difference of two even ones: triangular, within one step of zero.
func (q *quantizer) noise() float64 { return q.uniform() - q.uniform() }

// uniform is a step of Marsaglia's xorshift generator as a number in [0, 1).
func (q *quantizer) uniform() float64 {
	q.seed ^= q.seed << 13
	q.seed ^= q.seed >> 17
	q.seed ^= q.seed << 5
	return float64(q.seed) / (1 << 32)
}

// saturate cuts v to 16 bits; not a number is silence.
func saturate(v float64) int16 {
	switch {
	case v > math.MaxInt16:
		return math.MaxInt16
	case v >= math.MinInt16:
		return int16(v)
	case v < math.MinInt16:
		return math.MinInt16
	}
	return 0
}
