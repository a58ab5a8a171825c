package codec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"gopkg.in/hraban/opus.v2"
)

// What we ask of libopus: a voice that stays music, at what a Raspberry Pi has to spare beside LAME.
const (
	opusBitrate    = 64000 // bit/s
	opusComplexity = 5     // of 10
)

type opusEncoder struct {
	lib  *opus.Encoder
	rate int
	loss atomic.Int32 // percent, wanted
	told int32        // percent, what the library knows
}

func newOpusEncoder(c Codec) (*opusEncoder, error) {
	lib, err := opus.NewEncoder(c.SampleRate, 1, opus.AppVoIP)
	if err != nil {
		return nil, fmt.Errorf("make opus encoder at %d Hz: %w", c.SampleRate, err)
	}
	err = errors.Join(
		lib.SetBitrate(opusRate(c.Fmtp)),
		lib.SetComplexity(opusComplexity),
		lib.SetInBandFEC(true),
	)
	if err != nil {
		return nil, fmt.Errorf("set up opus encoder: %w", err)
	}
	return &opusEncoder{lib: lib, rate: c.SampleRate}, nil
}

// opusRate is our bit rate, or less where the other side wants less (maxaveragebitrate, RFC 7587 section 6.1).
func opusRate(fmtp string) int {
	for param := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(key, "maxaveragebitrate") {
			continue
		}
		if rate, err := strconv.Atoi(value); err == nil {
			return min(max(rate, 6000), opusBitrate)
		}
	}
	return opusBitrate
}

// SetLoss is heeded with the next Encode. Without loss the encoder spends nothing on repeating itself.
func (e *opusEncoder) SetLoss(percent int) {
	e.loss.Store(int32(min(max(percent, 0), 100)))
}

func (e *opusEncoder) Encode(dst []byte, frame []int16) (int, error) {
	switch {
	case !opusFrame(len(frame), e.rate):
		return 0, ErrFrame
	case len(dst) == 0:
		return 0, ErrShort
	}
	if loss := e.loss.Load(); loss != e.told {
		if err := e.lib.SetPacketLossPerc(int(loss)); err != nil {
			return 0, err
		}
		e.told = loss
	}
	return e.lib.Encode(frame, dst[:len(dst):len(dst)]) // the library writes up to the capacity
}

// opusFrame tells whether a frame of n samples is one of those that opus codes: 2.5, 5, 10, 20, 40 or 60 ms.
func opusFrame(n, rate int) bool {
	switch n * 400 / rate {
	case 1, 2, 4, 8, 16, 24:
		return n*400%rate == 0
	}
	return false
}

type opusDecoder struct {
	lib  *opus.Decoder
	rate int
}

func newOpusDecoder(c Codec) (*opusDecoder, error) {
	lib, err := opus.NewDecoder(c.SampleRate, 1) // one channel: libopus mixes a stereo packet down
	if err != nil {
		return nil, fmt.Errorf("make opus decoder at %d Hz: %w", c.SampleRate, err)
	}
	return &opusDecoder{lib, c.SampleRate}, nil
}

func (d *opusDecoder) Decode(dst []int16, payload []byte) (int, error) {
	n, err := opusSamples(payload, d.rate)
	switch {
	case err != nil:
		return 0, err
	case len(dst) < n:
		return 0, ErrShort
	}
	n, err = d.lib.Decode(payload, dst[:n:n])
	return n, malformed(err)
}

// Conceal recovers the frame from next where there is a copy in it; libopus guesses the rest.
func (d *opusDecoder) Conceal(dst []int16, next []byte) (int, error) {
	switch {
	case len(dst) == 0:
		return 0, nil
	case len(dst)*400%d.rate != 0: // libopus conceals in steps of 2.5 ms
		return 0, ErrFrame
	}
	exact := dst[:len(dst):len(dst)]
	if _, err := opusSamples(next, d.rate); err == nil {
		if err := d.lib.DecodeFEC(next, exact); err == nil {
			return len(dst), nil
		}
	}
	if err := d.lib.DecodePLC(exact); err != nil {
		return 0, err
	}
	return len(dst), nil
}

// malformed gives the library's word for a broken packet as ours.
func malformed(err error) error {
	if err == opus.ErrInvalidPacket {
		return ErrMalformed
	}
	return err
}

// opusSamples reads the length of a packet from its first two bytes (RFC 6716 sections 3.1 and 3.2): configuration and
// the number of frames, together at most 120 ms.
func opusSamples(packet []byte, rate int) (int, error) {
	if len(packet) == 0 {
		return 0, ErrEmpty
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0, ErrMalformed
		}
		frames = int(packet[1] & 63)
	}
	n := frames * opusFrameMicros(packet[0]>>3) * (rate / 100) / 10000
	if n == 0 || n > 12*rate/100 {
		return 0, ErrMalformed
	}
	return n, nil
}

// opusFrameMicros is the frame length in microseconds of the 32 configurations (RFC 6716 table 2).
func opusFrameMicros(config byte) int {
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [...]int{10000, 20000, 40000, 60000}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		return 10000 << (config & 1)
	}
	return 2500 << (config & 3) // CELT: 2.5, 5, 10, 20 ms
}
