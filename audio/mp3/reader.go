package mp3

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hajimehoshi/go-mp3"

	"orionbox/audio/pcm"
)

// Reader decodes a recording from its first sample to its last: the encoder's own samples at either end are left out.
type Reader struct {
	file    *os.File
	decoder *mp3.Decoder
	report  Report
	own     int64 // sample frames that the decoder gives before the first
	left    int64 // sample frames still to be read
	raw     []byte
}

// decodedFrame is a sample frame as the decoder gives it: 16 bit stereo, whatever the file is.
const decodedFrame = 4

// Open reads a recording of this program; one that was not closed is read as far as it goes, and not repaired.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open mp3: %w", err)
	}
	r, err := newReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open mp3 %s: %w", path, err), f.Close())
	}
	return r, nil
}

func newReader(f *os.File) (*Reader, error) {
	b, err := bodyOf(f)
	if err != nil {
		return nil, err
	}
	p, err := examine(b)
	if err != nil {
		return nil, err
	}
	if p.info.Header.Rate == 0 {
		return nil, errors.New("it is empty")
	}
	frames := io.NewSectionReader(b, p.first(), p.end-p.first())
	decoder, err := mp3.NewDecoder(frames)
	if err != nil {
		return nil, err
	}
	r := &Reader{file: f, decoder: decoder, report: p.report(), own: int64(p.info.Delay) + decoderDelay}
	if _, err := io.CopyN(io.Discard, decoder, r.own*decodedFrame); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r.left = r.report.Samples
	return r, nil
}

// Format is the shape of what ReadSamples gives.
func (r *Reader) Format() pcm.Format { return r.report.Format }

// Len is the length of the recording in sample frames.
func (r *Reader) Len() int64 { return r.report.Samples }

// SeekTo goes to the sample frame with the index pos; beyond the end means the end. What is read from there is what reading
// on from the start gives.
func (r *Reader) SeekTo(pos int64) error {
	pos = max(0, min(pos, r.Len()))
	r.left = r.Len() - pos
	at := (r.own + pos) * decodedFrame
	if at >= r.decoder.Length() { // it ends before its length
		r.left = 0
	}
	if r.left == 0 {
		return nil
	}
	_, err := r.decoder.Seek(at, io.SeekStart)
	if errors.Is(err, io.EOF) {
		r.left, err = 0, nil
	}
	if err != nil {
		return fmt.Errorf("seek mp3: %w", err)
	}
	return nil
}

// ReadSamples fills dst with interleaved samples and returns how many sample frames that are; io.EOF comes with the last.
func (r *Reader) ReadSamples(dst []float32) (frames int, err error) {
	channels := r.report.Format.Channels
	want := min(int64(len(dst)/channels), r.left)
	if need := int(want) * decodedFrame; cap(r.raw) < need {
		r.raw = make([]byte, need)
	}
	n, err := io.ReadFull(r.decoder, r.raw[:want*decodedFrame])
	frames = n / decodedFrame
	r.left -= int64(frames)
	for i := range frames {
		for c := range channels {
			dst[i*channels+c] = float32(int16(binary.LittleEndian.Uint16(r.raw[i*decodedFrame+2*c:]))) / (1 << 15)
		}
	}
	switch {
	case r.left == 0, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return frames, io.EOF
	case err != nil:
		return frames, fmt.Errorf("decode mp3: %w", err)
	}
	return frames, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }
