package mp3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// run is a stretch of whole frames without a break, [off, end) in bytes of the file.
type run struct {
	off, end int64
	frames   int
}

// layout is what a scan finds: what lies before, between and after the runs is no sound.
type layout []run

// frames is how many whole frames there are.
func (l layout) frames() (n int) {
	for _, r := range l {
		n += r.frames
	}
	return n
}

// end is where the last whole frame ends, or otherwise where there is none.
func (l layout) end(otherwise int64) int64 {
	if len(l) == 0 {
		return otherwise
	}
	return l[len(l)-1].end
}

// scan finds all frames of the stream of h in r, which begins at offset off of the file. It allocates no more than its
// buffer and the runs, whatever it reads.
func scan(r io.Reader, off int64, h Header) (layout, error) {
	s := scanner{in: bufio.NewReaderSize(r, 1<<16), header: h, off: off}
	var l layout
	var cut int // size of the last frame if its sound is cut, else 0
	for {
		frame, err := s.next()
		end := s.off
		if errors.Is(err, io.EOF) {
			return l.without(cut), nil
		}
		if err != nil {
			return l, err
		}
		start := end - int64(len(frame))
		if start != l.end(-1) {
			l = append(l.without(cut), run{off: start, end: start})
		}
		l[len(l)-1].end = end
		l[len(l)-1].frames++
		cut = 0
		if torn(frame, h) {
			cut = len(frame)
		}
	}
}

// without takes a last frame of size bytes away again: the power went while it was written. In the middle of a run
// such a frame is left alone.
func (l layout) without(size int) layout {
	if size == 0 || len(l) == 0 {
		return l
	}
	last := &l[len(l)-1]
	last.end -= int64(size)
	last.frames--
	if last.frames == 0 {
		return l[:len(l)-1]
	}
	return l
}

// torn tells whether the sound of a frame breaks off: a file system that lost its power leaves zeros up to the end of
// a block, and no coded sound is a long run of zeros.
func torn(frame []byte, h Header) bool {
	const zeros = 32
	used := min(4+h.sideInfo()+mainBytes(frame, h), len(frame))
	if used < 4+h.sideInfo()+zeros {
		return false
	}
	return zero(frame[used-zeros : used])
}

// mainBytes is how many bytes of sound the side information of a frame tells: the sum of part2_3_length (ISO/IEC
// 11172-3, 2.4.1.7), for each granule and channel.
func mainBytes(frame []byte, h Header) int {
	// In bits from the start of the side information: main_data_begin 9, private 5 or 3, scfsi 4 a channel.
	side, at := frame[4:4+h.sideInfo()], 9+5+4
	if h.Channels == 2 {
		at = 9 + 3 + 8
	}
	bits := 0
	for range 2 * h.Channels {
		bits += bitField(side, at, 12)
		at += 59 // one granule of one channel
	}
	return (bits + 7) / 8
}

// bitField is n bits of data from bit at on, most significant first.
func bitField(data []byte, at, n int) (v int) {
	for i := at; i < at+n; i++ {
		v = v<<1 | int(data[i/8]>>(7-i%8)&1)
	}
	return v
}

// scanner gives out frame after frame and skips what is none.
type scanner struct {
	in     *bufio.Reader
	header Header
	off    int64 // of the next byte
}

// next is the next whole frame of the stream, valid until the next call; io.EOF after the last.
func (s *scanner) next() ([]byte, error) {
	for {
		head, err := s.in.Peek(4)
		if err != nil {
			return nil, err
		}
		h, err := ParseHeader([4]byte(head))
		if err != nil || !h.same(s.header) {
			if err := s.skip(); err != nil {
				return nil, err
			}
			continue
		}
		frame, err := s.in.Peek(h.Size())
		if err == nil {
			return frame, s.discard(len(frame))
		}
		if !errors.Is(err, io.EOF) {
			return nil, err
		}
		if err := s.skip(); err != nil { // cut off by the end of the file
			return nil, err
		}
	}
}

// skip goes on to the next byte that could begin a header.
func (s *scanner) skip() error {
	ahead, err := s.in.Peek(max(1, s.in.Buffered()))
	if err != nil {
		return err
	}
	if n := bytes.IndexByte(ahead[1:], 0xff); n >= 0 {
		return s.discard(1 + n)
	}
	return s.discard(len(ahead))
}

func (s *scanner) discard(n int) error {
	n, err := s.in.Discard(n)
	s.off += int64(n)
	return err
}

// chained is how many frames in a row prove a stream: the chance that four headers agree by accident is nil.
const chained = 4

// locate finds the first proven stream in r.
func locate(r io.Reader) (off int64, h Header, ok bool, err error) {
	s := scanner{in: bufio.NewReaderSize(r, 1<<16)}
	for {
		ahead, err := s.in.Peek(chained * maxFrame)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, Header{}, false, err
		}
		if len(ahead) < 4 {
			return 0, Header{}, false, nil
		}
		if h, ok := chain(ahead); ok {
			return s.off, h, true, nil
		}
		if err := s.skip(); err != nil {
			return 0, Header{}, false, nil
		}
	}
}

// maxFrame is the size of the largest frame: 320 kbit/s at 32 kHz, padded.
const maxFrame = 1441

// chain tells whether data begins with a proven stream.
func chain(data []byte) (Header, bool) {
	first, err := ParseHeader([4]byte(data))
	if err != nil {
		return Header{}, false
	}
	for range chained {
		if len(data) < 4 {
			return Header{}, false
		}
		h, err := ParseHeader([4]byte(data))
		if err != nil || !h.same(first) || h.Size() > len(data) {
			return Header{}, false
		}
		data = data[h.Size():]
	}
	return first, true
}
