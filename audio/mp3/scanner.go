package mp3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

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
