package mp3

import (
	"errors"
	"fmt"
)

// bitrates in kbit/s by index, MPEG-1 Layer III (ISO/IEC 11172-3, 2.4.2.3). Index 0, "free", is not read here.
var bitrates = [15]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}

var rates = [3]int{44100, 48000, 32000}

// ErrNoHeader tells that four bytes are no header of an MPEG-1 Layer III frame.
var ErrNoHeader = errors.New("no header of an MPEG-1 Layer III frame")

// Header is what the four bytes at the start of a frame say (ISO/IEC 11172-3, 2.4.1.3), as far as it matters here.
type Header struct {
	Bitrate   int // kbit/s
	Rate      int // sample frames per second
	Channels  int // 1 or 2
	Padded    bool
	Protected bool // a CRC of two bytes follows the header
	Joint     bool // joint stereo
	Original  bool // a flag that means nothing, but that ffmpeg wants the same in each frame, as it wants Joint
}

// ParseHeader reads the header of an MPEG-1 Layer III frame; anything else is ErrNoHeader.
func ParseHeader(b [4]byte) (Header, error) {
	// Eleven bits of sync, version 1, layer III; the last bit set means that there is no CRC.
	if b[0] != 0xff || b[1]&0xfe != 0xfa {
		return Header{}, ErrNoHeader
	}
	bitrate, rate, emphasis := b[2]>>4, b[2]>>2&3, b[3]&3
	if bitrate == 0 || bitrate == 15 || rate == 3 || emphasis == 2 {
		return Header{}, ErrNoHeader
	}
	h := Header{
		Bitrate:   bitrates[bitrate],
		Rate:      rates[rate],
		Channels:  2,
		Padded:    b[2]&2 != 0,
		Protected: b[1]&1 == 0,
		Original:  b[3]&4 != 0,
	}
	switch b[3] >> 6 {
	case 1:
		h.Joint = true
	case 3:
		h.Channels = 1
	}
	return h, nil
}

// Size is the length of the whole frame in bytes, header included.
func (h Header) Size() int {
	n := SamplesPerFrame / 8 * h.Bitrate * 1000 / h.Rate
	if h.Padded {
		n++
	}
	return n
}

// Bytes is the header as it stands in a file.
func (h Header) Bytes() [4]byte {
	b := [4]byte{0xff, 0xfb, byte(bitrateIndex(h.Bitrate)<<4 | rateIndex(h.Rate)<<2), 0}
	if h.Protected {
		b[1] &^= 1
	}
	if h.Padded {
		b[2] |= 2
	}
	switch {
	case h.Channels == 1:
		b[3] = 3 << 6
	case h.Joint:
		b[3] = 1 << 6
	}
	if h.Original {
		b[3] |= 4
	}
	return b
}

// String is the header in words.
func (h Header) String() string {
	return fmt.Sprintf("mp3 %d kbit/s %d Hz %d channels", h.Bitrate, h.Rate, h.Channels)
}

// same tells whether both headers belong to one stream of constant bit rate: only padding and the stereo coding may
// change from frame to frame.
func (h Header) same(o Header) bool {
	return h.Bitrate == o.Bitrate && h.Rate == o.Rate && h.Channels == o.Channels && h.Protected == o.Protected
}

// sideInfo is the length of the side information after the header (2.4.1.7).
func (h Header) sideInfo() int {
	if h.Channels == 1 {
		return 17
	}
	return 32
}

// silent is a whole frame that decodes to silence: side information of nothing but zeros says that no bit is used.
func (h Header) silent() []byte {
	frame := make([]byte, h.Size())
	b := h.Bytes()
	copy(frame, b[:])
	return frame
}

func bitrateIndex(kbps int) int {
	for i, b := range bitrates {
		if b == kbps {
			return i
		}
	}
	return 0
}

func rateIndex(hz int) int {
	for i, r := range rates {
		if r == hz {
			return i
		}
	}
	return 3
}
