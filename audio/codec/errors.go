package codec

import "errors"

// The errors of the voice tick are made beforehand, so that a hostile packet costs no allocation.
var (
	// ErrEmpty is a payload of no bytes.
	ErrEmpty = errors.New("decode voice: empty payload")
	// ErrMalformed is a payload that is not what its codec makes.
	ErrMalformed = errors.New("decode voice: malformed opus packet")
	// ErrShort is a dst with less room than the result takes; nothing was written and no state has changed.
	ErrShort = errors.New("voice codec: destination too short")
	// ErrFrame is a frame of a length that the codec cannot encode or conceal.
	ErrFrame = errors.New("voice codec: frame length not possible; give 10, 20, 40 or 60 ms")
)
