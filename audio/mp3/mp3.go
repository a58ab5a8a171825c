// Package mp3 owns the studio recording on disk: a constant bit rate MP3 that grows by appending, loses nothing but its
// unwritten end when the power goes, and is made whole again by Repair.
//
//	frames -> (rate) -> 16 bit -> LAME, reservoir off -> append -> Sync
//	file:    | Info | frame | frame | frame ...
//
// LAME's bit reservoir is off, so each frame of 1152 samples stands alone: the file may be cut before any frame, and
// pieces joined again are the whole, byte for byte. The first frame is the place of the Info header (the "Xing" frame
// that LAME made the custom). It is a valid silent frame from the first moment on, and is written once more, in place,
// when the length is known. All bytes after it are append-only, so they can be delivered while the take still grows.
package mp3

import (
	"fmt"

	"orionbox/audio/pcm"
)

// SamplesPerFrame is the length of a Layer III frame of MPEG-1 in sample frames (ISO/IEC 11172-3, 2.4.2.1).
const SamplesPerFrame = 1152

const (
	// DefaultBitrate in kbit/s is the most that Layer III has.
	DefaultBitrate = 320
	// DefaultQuality is LAME's "good quality, fast". It costs less than half of quality 2, which alone would use up
	// what the whole box may take of a Pi 4's core; quality 7 would save another third (BenchmarkEncode).
	DefaultQuality = 5
)

// Config is what a recording is made of. Zero values of all but Format mean the defaults.
type Config struct {
	// Format is the shape of the frames to be written: 44100, 48000, 88200 or 96000 Hz, mono or stereo.
	Format pcm.Format
	// Rate of the file, 44100 or 48000: MPEG-1 Layer III ends there. 0 takes the rate of Format, halved if need be.
	Rate int
	// Bitrate in kbit/s: one of the fourteen that Layer III has, 320 by default.
	Bitrate int
	// Quality is LAME's scale of effort, from 1 (slow) to 9 (fast), 5 by default.
	Quality int
}

// withDefaults fills in what was left open and refuses what cannot be recorded.
func (c Config) withDefaults() (Config, error) {
	switch c.Format.Rate {
	case 44100, 48000:
		c.Rate = orDefault(c.Rate, c.Format.Rate)
	case 88200, 96000:
		c.Rate = orDefault(c.Rate, c.Format.Rate/2)
	default:
		return c, fmt.Errorf("record mp3: a rate of %d Hz is not offered: use 44100, 48000, 88200 or 96000", c.Format.Rate)
	}
	if c.Rate != 44100 && c.Rate != 48000 {
		return c, fmt.Errorf("record mp3: a file of %d Hz is not offered: use 44100 or 48000", c.Rate)
	}
	if c.Format.Channels != 1 && c.Format.Channels != 2 {
		return c, fmt.Errorf("record mp3: %d channels are not offered: use 1 or 2", c.Format.Channels)
	}
	c.Bitrate = orDefault(c.Bitrate, DefaultBitrate)
	if bitrateIndex(c.Bitrate) == 0 {
		return c, fmt.Errorf("record mp3: a bit rate of %d kbit/s is not offered: use one of %v", c.Bitrate, bitrates[1:])
	}
	c.Quality = orDefault(c.Quality, DefaultQuality)
	if c.Quality < 1 || c.Quality > 9 {
		return c, fmt.Errorf("record mp3: a quality of %d is not offered: use 1 (slow) to 9 (fast)", c.Quality)
	}
	return c, nil
}

func orDefault(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// header is that of the frames which LAME will write for c, without padding.
func (c Config) header() Header {
	return Header{Bitrate: c.Bitrate, Rate: c.Rate, Channels: c.Format.Channels, Joint: c.Format.Channels == 2, Original: true}
}
