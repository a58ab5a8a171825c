package mp3

// span is which frames a piece takes from a recording, and how much of their sound at either end is not the piece's own.
type span struct {
	lead           int64 // silent frames in front
	first, frames  int64 // of the recording
	tail           int64 // silent frames behind
	delay, padding int   // in samples, as Info has them
}

// maxOwn is the most that Info's delay and padding, of 12 bits, can tell.
const maxOwn = 0xfff

// spanOf is the frames that a decoder needs for the samples [from, to) of a recording with so many frames and such a delay.
//
//	frames   | first |       |       |       |
//	         |  delay + 529    |from        to|  padding - 529  |
//
// What a decoder gives for a frame holds sound of the one before: half of its transform's window and the filter's memory.
// So one more is taken in front, and the delay counts it in. Around a short piece more are taken, on either side, as far as
// the twelve bits reach, and silent ones where the recording has none: players are in doubt about an MP3 of few frames.
// That makes six at least, with which ffmpeg is content; mp3val wants ten, which is what 70 ms have.
func spanOf(from, to int64, delay int, frames int64) span {
	own := int64(delay)
	s := span{first: max(0, (from+own+decoderDelay)/SamplesPerFrame-1)}
	last := min(frames, (to+own+decoderDelay+SamplesPerFrame-1)/SamplesPerFrame)
	before, behind := from+own-s.first*SamplesPerFrame, last*SamplesPerFrame-own-to
	all := last - s.first
	for ; all < minFrames && before+SamplesPerFrame <= maxOwn; all++ {
		before += SamplesPerFrame
		if s.first > 0 {
			s.first--
		} else {
			s.lead++
		}
	}
	for ; all < minFrames && behind+SamplesPerFrame <= maxOwn; all++ {
		behind += SamplesPerFrame
		if last < frames {
			last++
		} else {
			s.tail++
		}
	}
	s.frames, s.delay, s.padding = last-s.first, int(before), int(behind)
	return s
}
