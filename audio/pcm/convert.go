package pcm

import (
	"encoding/binary"
	"math"
)

// The integer encodings are little endian, as sound cards and WAV files have them. One integer step is 1/2^(bits-1):
// -1.0 is the lowest integer, and +1.0, which has no integer, saturates to the highest.

const (
	scale16 = 1 << 15
	scale24 = 1 << 23
	scale32 = 1 << 31
)

// FromInt16 converts src to full scale +-1.0; dst must be at least as long.
func FromInt16(dst []float32, src []int16) {
	for i, s := range src {
		dst[i] = float32(s) / scale16
	}
}

// ToInt16 rounds src to 16 bits and saturates; dst must be at least as long.
func ToInt16(dst []int16, src []float32) {
	for i, s := range src {
		dst[i] = int16(quantize(s, scale16))
	}
}

// Width is the size of an integer sample in bytes: 2, 3 or 4.
type Width int

// Valid tells whether the width is one that sound cards have.
func (w Width) Valid() bool { return w >= 2 && w <= 4 }

// Decode converts whole little-endian samples of src to dst and returns how many there were.
func (w Width) Decode(dst []float32, src []byte) int {
	n := min(len(src)/int(w), len(dst))
	switch w {
	case 2:
		for i := range n {
			dst[i] = float32(int16(binary.LittleEndian.Uint16(src[2*i:]))) / scale16
		}
	case 3:
		for i := range n {
			b := src[3*i : 3*i+3]
			v := int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24) >> 8
			dst[i] = float32(v) / scale24
		}
	case 4:
		for i := range n {
			dst[i] = float32(float64(int32(binary.LittleEndian.Uint32(src[4*i:]))) / scale32)
		}
	}
	return n
}

// Encode rounds and saturates src into dst as little-endian samples and returns how many bytes that took.
func (w Width) Encode(dst []byte, src []float32) int {
	n := min(len(dst)/int(w), len(src))
	switch w {
	case 2:
		for i := range n {
			binary.LittleEndian.PutUint16(dst[2*i:], uint16(quantize(src[i], scale16)))
		}
	case 3:
		for i := range n {
			v := uint32(quantize(src[i], scale24))
			dst[3*i], dst[3*i+1], dst[3*i+2] = byte(v), byte(v>>8), byte(v>>16)
		}
	case 4:
		for i := range n {
			binary.LittleEndian.PutUint32(dst[4*i:], uint32(quantize(src[i], scale32)))
		}
	}
	return n * int(w)
}

// quantize rounds to the nearest step and saturates; not a number is silence.
func quantize(s float32, scale float64) int32 {
	v := math.RoundToEven(float64(s) * scale)
	switch {
	case v >= scale:
		return int32(scale - 1)
	case v >= -scale:
		return int32(v)
	case v < -scale:
		return int32(-scale)
	}
	return 0
}

// Mono mixes an interleaved src of the given channels down to dst, each channel with the same weight, and returns the
// number of sample frames written.
func Mono(dst, src []float32, channels int) int {
	n := min(len(src)/channels, len(dst))
	if channels == 1 {
		return copy(dst[:n], src)
	}
	weight := 1 / float32(channels)
	for i := range n {
		var sum float32
		for _, s := range src[i*channels : (i+1)*channels] {
			sum += s
		}
		dst[i] = sum * weight
	}
	return n
}
