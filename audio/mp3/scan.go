package mp3

import (
	"bufio"
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
