package mp3

import (
	"errors"
	"fmt"
	"io"

	"orionbox/audio/pcm"
)

// plan is what is to be done to a file of size bytes: the pure part of a repair.
type plan struct {
	info   Info  // MusicCRC is still missing
	end    int64 // of the last whole frame
	size   int64
	holes  []hole
	tail   []byte // silent frames to be added
	added  int    // frames in tail
	closed bool
}

// first is where the sound begins.
func (p plan) first() int64 { return int64(p.info.Header.Size()) }

func (p plan) report() Report {
	r := Report{
		Format:       pcm.Format{Rate: p.info.Header.Rate, Channels: p.info.Header.Channels},
		Bitrate:      p.info.Header.Bitrate,
		Frames:       p.info.Frames,
		Samples:      p.info.Samples(),
		TrimmedBytes: max(0, p.size-p.end),
		Closed:       p.closed,
		Mended:       p.added,
	}
	for _, h := range p.holes {
		r.Mended += h.frames
	}
	return r
}

// examine finds out what a file needs. A file of less than a header is empty and has no plan but to be left alone.
func examine(b body) (plan, error) {
	if b.size < 4 {
		return plan{size: b.size, end: b.size, closed: true}, nil
	}
	h, err := b.stream()
	if err != nil {
		return plan{}, err
	}
	return planFor(b, b.size, h)
}

// stream finds out what the frames are like.
func (b body) stream() (Header, error) {
	head := make([]byte, maxFrame)
	n, err := b.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Header{}, err
	}
	return stream(b, b.size, head[:n])
}

// stream finds out what the frames are like. head is what the file begins with.
func stream(r io.ReaderAt, size int64, head []byte) (Header, error) {
	off, h, found, err := locate(io.NewSectionReader(r, 0, size))
	if err != nil {
		return Header{}, err
	}
	own, err := ParseHeader([4]byte(head))
	intact := err == nil && isSlot(head[:min(own.Size(), len(head))], own)
	switch {
	case intact && (!found || own.same(h)):
		return own, nil
	case !found:
		return Header{}, fmt.Errorf("%w: it holds no stream of frames", ErrForeign)
	}
	// The slot is destroyed, the sound is not: if it stands where it would.
	h.Padded = false
	if first := int64(h.Size()); off != first && h.fit(first, off) == 0 {
		return Header{}, fmt.Errorf("%w: there is no place for an Info frame", ErrForeign)
	}
	return h, nil
}

// planFor scans the sound behind the Info frame, unless that tells that all is well.
func planFor(r io.ReaderAt, size int64, h Header) (plan, error) {
	h.Padded = false
	frame := make([]byte, h.Size())
	n, err := r.ReadAt(frame, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return plan{}, err
	}
	info, ok := ParseInfo(frame[:n])
	// More bytes than it tells are a tag that somebody appended.
	if ok && info.Bytes <= size {
		return plan{info: info, end: size, size: size, closed: true}, nil
	}
	if !h.hasRoom() {
		return plan{}, fmt.Errorf("%w: its frames are too short for an Info frame", ErrForeign)
	}
	first := int64(h.Size())
	found, err := scan(io.NewSectionReader(r, first, max(0, size-first)), first, h)
	if err != nil {
		return plan{}, err
	}
	p := plan{end: found.end(first), size: size, holes: holesIn(found, first, h)}
	p.info = Info{Header: h, Frames: found.frames(), Delay: encoderDelay, Padding: decoderDelay}
	for _, hole := range p.holes {
		p.info.Frames += hole.frames
	}
	p.added = max(0, minFrames-p.info.Frames)
	p.tail = p.info.lengthen()
	p.info.Bytes = p.end + int64(len(p.tail))
	return p, nil
}

// hole is a stretch between two runs that a number of frames fits in exactly.
type hole struct {
	off, end int64
	frames   int
	header   Header
}

// holesIn finds what can be mended. A stretch that whole frames do not fill is left: players skip it.
func holesIn(l layout, first int64, h Header) (holes []hole) {
	before := first
	for _, r := range l {
		if n := h.fit(before, r.off); n > 0 {
			holes = append(holes, hole{off: before, end: r.off, frames: n, header: h})
		}
		before = r.end
	}
	return holes
}

// fit is how many frames fill [off, end) exactly, 0 if none do.
func (h Header) fit(off, end int64) int {
	size := int64(h.Size())
	n, rest := (end-off)/size, (end-off)%size
	pads := SamplesPerFrame/8*h.Bitrate*1000%h.Rate != 0
	if n > 0 && (rest == 0 || pads && rest <= n) { // the rest is a byte of padding in some of them
		return int(n)
	}
	return 0
}

// silence is what fills a hole: silent frames, the first of them padded to make the length right.
func (h hole) silence() []byte {
	data := make([]byte, 0, h.end-h.off)
	for i := range h.frames {
		f := h.header
		f.Padded = int64(i) < (h.end-h.off)%int64(h.header.Size())
		data = append(data, f.silent()...)
	}
	return data
}
