package mp3

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// source is a recording that pieces are cut from.
type source struct {
	body
	header Header
	start  int64 // of the frames of sound, in bytes
	end    int64 // of them
	count  int64 // how many they are
	own    int   // delay of the encoder, in samples
	total  int64 // samples of the recording
	closed bool
}

// newSource looks at a recording. Of one that is not closed it believes the length of the file: it may be growing.
func newSource(f *os.File) (source, error) {
	b, err := bodyOf(f)
	if err != nil {
		return source{}, err
	}
	if b.size < 4 {
		return source{}, errors.New("it is empty")
	}
	h, err := b.stream()
	if err != nil {
		return source{}, err
	}
	h.Padded = false
	s := source{body: b, header: h, start: int64(h.Size()), end: b.size, own: encoderDelay}
	frame := make([]byte, h.Size())
	n, err := b.ReadAt(frame, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return source{}, err
	}
	if i, ok := ParseInfo(frame[:n]); ok && i.Bytes <= b.size {
		s.end, s.count, s.own, s.total, s.closed = max(i.Bytes, s.start), int64(i.Frames), i.Delay, i.Samples(), true
		return s, nil
	}
	s.count = h.framesIn(b.size - s.start)
	s.total = max(0, s.count*SamplesPerFrame-encoderDelay-decoderDelay)
	return s, nil
}

// bytesPerRate is how many bytes a frame has, times the rate: an average, since some frames of 44.1 kHz have one more.
func (h Header) bytesPerRate() int64 { return SamplesPerFrame / 8 * int64(h.Bitrate) * 1000 }

// framesIn is how many frames are whole for certain in so many bytes.
func (h Header) framesIn(size int64) int64 {
	return max(0, (max(0, size)-1)*int64(h.Rate)/h.bytesPerRate())
}

// place is about where the n-th frame of sound begins, behind the first: within a byte, as long as all frames of the
// constant rate of bits stand in a row.
func (h Header) place(n int64) int64 { return n * h.bytesPerRate() / int64(h.Rate) }

// errBroken tells that frames do not stand in a row.
var errBroken = errors.New("its frames do not stand in a row")

// find tells where n frames from the given one on begin. It looks where they would be, and counts them from the start of the
// file only if they are not there: that, in a recording that was closed, is a stretch which players skip too.
func (s source) find(frame, n int64) (off int64, err error) {
	guess := s.start + s.header.place(frame)
	for off := max(s.start, guess-1); off <= guess+1; off++ {
		if end, err := s.walk(off, n, true, nil); err == nil && (n == 0 || near(end-s.start, s.header.place(frame+n))) {
			return off, nil
		}
	}
	if !s.closed {
		return 0, fmt.Errorf("%w: it was not closed, and must be repaired first", errBroken)
	}
	return s.walk(s.start, frame, false, nil)
}

func near(a, b int64) bool { return -1 <= a-b && a-b <= 1 }

// walk hands on n frames from off on, and tells where they end. Strict, it refuses anything between them.
func (s source) walk(off, n int64, strict bool, each func(frame []byte) error) (end int64, err error) {
	in := scanner{in: bufio.NewReaderSize(io.NewSectionReader(s, off, max(0, s.end-off)), 1<<16), header: s.header, off: off}
	for range n {
		frame, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return 0, fmt.Errorf("it ends too early: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return 0, err
		case strict && in.off-int64(len(frame)) != off:
			return 0, errBroken
		case frame[4] != 0 || frame[5]&0x80 != 0: // main_data_begin (ISO/IEC 11172-3, 2.4.1.7)
			return 0, fmt.Errorf("%w: its frames lean on those before them", ErrForeign)
		}
		off = in.off
		if each == nil {
			continue
		}
		if err := each(frame); err != nil {
			return 0, err
		}
	}
	return off, nil
}

// headerAt is the header of the frame at off, without padding.
func (s source) headerAt(off int64) (Header, error) {
	var head [4]byte
	if _, err := s.ReadAt(head[:], off); err != nil {
		return Header{}, err
	}
	h, err := ParseHeader(head)
	h.Padded = false
	return h, err
}
