package codec

// Each law of ITU-T G.711 is 256 levels. The table of codes is derived from the table of levels, so one cannot
// contradict the other.
var (
	muLawLevels = levels(muLawLevel)
	aLawLevels  = levels(aLawLevel)
	muLawCodes  = codes(&muLawLevels)
	aLawCodes   = codes(&aLawLevels)
)

// levelTable gives the level of a code, codeTable the code of a sample's upper 14 bits, lowest sample first.
type (
	levelTable [256]int16
	codeTable  [1 << 14]byte
)

// muLawLevel is ITU-T G.711 table 2 scaled from 14 to 16 bits: all bits inverted on the wire; sign, segment, step. A
// bias of 33 quarter-scale steps makes each segment twice as wide as the one before.
func muLawLevel(code byte) int16 {
	code = ^code
	const bias = 33 << 2
	level := (int16(code&15)<<3+bias)<<(code>>4&7) - bias
	if code&0x80 != 0 {
		return -level
	}
	return level
}

// aLawLevel is ITU-T G.711 table 1 scaled from 13 to 16 bits: every other bit inverted on the wire; the lowest two
// segments are equally wide.
func aLawLevel(code byte) int16 {
	code ^= 0x55
	level := int16(code&15)<<4 + 8
	if segment := code >> 4 & 7; segment > 0 {
		level = (level + 0x100) << (segment - 1)
	}
	if code&0x80 == 0 {
		return -level
	}
	return level
}

func levels(of func(byte) int16) (t levelTable) {
	for code := range t {
		t[code] = of(byte(code))
	}
	return t
}

// codes finds for each sample of 14 bits the nearest level; half-way between two it is the louder one, as ffmpeg has it.
func codes(levels *levelTable) (t codeTable) {
	for i := range t {
		t[i] = nearest(levels, (i-len(t)/2)<<2)
	}
	return t
}

// nearest searches the half of the table that has the sample's sign: mu-law has a +0 and a -0.
func nearest(levels *levelTable, sample int) byte {
	magnitude, half := sample, 0x80
	if sample < 0 {
		magnitude, half = -sample, 0
	}
	best, bestOff, bestLevel := 0, 1<<16, -1
	for code := half; code < half+0x80; code++ {
		level := max(int(levels[code]), -int(levels[code]))
		off := max(level-magnitude, magnitude-level)
		if off < bestOff || off == bestOff && level > bestLevel {
			best, bestOff, bestLevel = code, off, level
		}
	}
	return byte(best)
}

// g711Encoder has no state but its law.
type g711Encoder struct{ codes *codeTable }

func (e g711Encoder) SetLoss(int) {}

func (e g711Encoder) Encode(dst []byte, frame []int16) (int, error) {
	if len(dst) < len(frame) {
		return 0, ErrShort
	}
	dst = dst[:len(frame)]
	for i, s := range frame {
		dst[i] = e.codes[(int(s)+1<<15)>>2]
	}
	return len(frame), nil
}

type g711Decoder struct {
	levels *levelTable
	conceal
}

func newG711Decoder(levels *levelTable) *g711Decoder {
	return &g711Decoder{levels, newConceal(8000)}
}

func (d *g711Decoder) Decode(dst []int16, payload []byte) (int, error) {
	switch {
	case len(payload) == 0:
		return 0, ErrEmpty
	case len(dst) < len(payload):
		return 0, ErrShort
	}
	dst = dst[:len(payload)]
	for i, code := range payload {
		dst[i] = d.levels[code]
	}
	d.heard(dst)
	return len(dst), nil
}

func (d *g711Decoder) Conceal(dst []int16, _ []byte) (int, error) {
	d.lost(dst)
	return len(dst), nil
}
