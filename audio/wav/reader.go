package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"orionbox/audio/pcm"
)

// Reader gives out the sound of a WAV file: integers of 8, 16, 24 and 32 bits or floats of 32, RIFF or RF64, also when
// the file was cut off. One goroutine owns it.
type Reader struct {
	in     io.ReaderAt
	close  func() error
	name   string
	layout layout
	pos    int64 // bytes of sound read
	buf    []byte
}

// Open opens a WAV file for reading.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open wav: %w", err)
	}
	stat, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open wav: %w", errors.Join(err, f.Close()))
	}
	r, err := NewReader(f, stat.Size())
	if err != nil {
		return nil, fmt.Errorf("open wav %s: %w", path, errors.Join(err, f.Close()))
	}
	r.name, r.close = path, f.Close
	return r, nil
}

// NewReader reads a WAV file of size bytes from in.
func NewReader(in io.ReaderAt, size int64) (*Reader, error) {
	l, err := parse(in, size)
	if err != nil {
		return nil, err
	}
	return &Reader{in: in, layout: l, close: func() error { return nil }}, nil
}

// Format is the shape of the sound.
func (r *Reader) Format() pcm.Format { return r.layout.format }

// Len is the length of the sound in sample frames.
func (r *Reader) Len() int64 { return r.layout.size / r.layout.block() }

// SeekTo goes to the sample frame with the index pos; beyond the end means the end.
func (r *Reader) SeekTo(pos int64) { r.pos = max(0, min(pos, r.Len())) * r.layout.block() }

// ReadSamples fills dst with interleaved samples and returns how many whole sample frames it read. At the end it
// returns io.EOF, never together with sound. It allocates only when dst is longer than before.
func (r *Reader) ReadSamples(dst []float32) (frames int, err error) {
	block := r.layout.block()
	n := min(int64(len(dst)/r.layout.format.Channels)*block, r.layout.size-r.pos)
	if n == 0 {
		if len(dst) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	if int64(cap(r.buf)) < n {
		r.buf = make([]byte, n)
	}
	got, err := r.in.ReadAt(r.buf[:n], r.off())
	got -= got % int(block)
	r.pos += int64(got)
	r.decode(dst, r.buf[:got])
	if got == 0 && err == nil || errors.Is(err, io.EOF) {
		err = io.EOF
	}
	if got > 0 { // a file that shrank: the end shows at the next call
		err = nil
	}
	return got / int(block), err
}

func (r *Reader) off() int64 { return r.layout.off + r.pos }

func (r *Reader) decode(dst []float32, src []byte) {
	switch {
	case r.layout.float:
		for i := range len(src) / 4 {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case r.layout.bits == 8:
		for i, b := range src {
			dst[i] = float32(int(b)-128) / 128
		}
	default:
		pcm.Width(r.layout.bits/8).Decode(dst, src)
	}
}

// String names the file and what it holds.
func (r *Reader) String() string { return fmt.Sprintf("wav %v %s", r.layout.format, r.name) }

// Close closes the file.
func (r *Reader) Close() error { return r.close() }
