// Package pcm owns what a piece of sound is: a Format, a Frame in that format, the Writer that frames are pushed
// through, and the conversions between float32 and the integer encodings of sound cards, codecs and files.
//
// Inside the program sound is float32, full scale +-1.0: its 24-bit mantissa holds every sample of a 24-bit
// interface exactly, and stages may pass full scale without wrapping. Only the edges (card, codec, file) are integer,
// and they saturate.
package pcm

import (
	"fmt"
	"time"
)

// Format is the shape of a stream: Rate in sample frames per second, Channels interleaved.
type Format struct {
	Rate     int
	Channels int
}

// String is the format as a person says it: "48000 Hz stereo".
func (f Format) String() string {
	switch f.Channels {
	case 1:
		return fmt.Sprintf("%d Hz mono", f.Rate)
	case 2:
		return fmt.Sprintf("%d Hz stereo", f.Rate)
	}
	return fmt.Sprintf("%d Hz %d channels", f.Rate, f.Channels)
}

// Samples is how many sample frames last for d, rounded down. It holds for any d: whole seconds are counted apart, since
// nanoseconds times the rate leave an int64 after 27 hours at 96 kHz.
func (f Format) Samples(d time.Duration) int64 {
	sec, rest := d/time.Second, d%time.Second
	return int64(sec)*int64(f.Rate) + int64(rest)*int64(f.Rate)/int64(time.Second)
}

// Duration is how long n sample frames last.
func (f Format) Duration(n int64) time.Duration {
	sec, rest := n/int64(f.Rate), n%int64(f.Rate)
	return time.Duration(sec)*time.Second + time.Duration(rest)*time.Second/time.Duration(f.Rate)
}

// Frame is a run of consecutive samples of one stream.
//
// The Data of a frame that was received belongs to the giver: use it before returning, copy what must last.
type Frame struct {
	Format
	// Pos is the index of the first sample frame, counted from the start of the stream. A frame whose Pos is not the
	// end of the one before tells that samples between them were lost.
	Pos int64
	// Filled marks silence that keeps time for a device that is away: no sound was captured here.
	Filled bool
	// Data holds Len()*Channels samples, interleaved, full scale +-1.0.
	Data []float32
}

// Len is the length in sample frames (samples per channel).
func (f Frame) Len() int { return len(f.Data) / f.Channels }

// End is the index of the sample frame after the last.
func (f Frame) End() int64 { return f.Pos + int64(f.Len()) }

// Writer is a stage that sound is pushed through. String names the stage and what it feeds, so that one log line shows
// the whole chain.
type Writer interface {
	WriteFrame(Frame) error
	String() string
}
