// Package wav owns WAV files: the voice recording, whose header is true again after each flush, so that a power cut
// leaves a file that plays; its repair; and a reader for what other programs write.
//
//	file:  | RIFF | JUNK, later ds64 | fmt | data: 16-bit samples ...
//
// A RIFF chunk ends at 4 GiB. The JUNK chunk keeps the place for the ds64 chunk that a longer file needs: then the file
// becomes RF64 where it stands (EBU Tech 3306).
//
// CreateBroadcast makes files for other programs to go on with: of any width, and with a bext chunk before fmt, which says
// when the sound was (EBU Tech 3285).
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"orionbox/audio/pcm"
)

// headerSize is where the sound begins in recordings: files of 16 bits without a bext chunk.
const headerSize = 80

// Offsets in the header of recordings.
const (
	atDS64 = 12
	atFmt  = 48
	atData = 72
)

// bytesPerSample of recordings.
const bytesPerSample = 2

// shape is what a header tells besides the length.
type shape struct {
	pcm.Format
	width pcm.Width
	bext  []byte // a whole chunk, or nothing
}

func recording(f pcm.Format) shape { return shape{Format: f, width: bytesPerSample} }

// check refuses what cannot be written.
func (s shape) check() error {
	switch {
	case s.Rate < 1 || s.Rate > math.MaxInt32:
		return fmt.Errorf("write wav: a rate of %d Hz is not offered", s.Rate)
	case s.Channels != 1 && s.Channels != 2:
		return fmt.Errorf("write wav: %d channels are not offered: use 1 or 2", s.Channels)
	case !s.width.Valid():
		return fmt.Errorf("write wav: %d bytes a sample are not offered: use 2, 3 or 4", s.width)
	}
	return nil
}

// block is the bytes of a sample frame.
func (s shape) block() int64 { return int64(s.Channels) * int64(s.width) }

// head is where the sound begins.
func (s shape) head() int64 { return headerSize + int64(len(s.bext)) }

// fileSize is the length of a file with size bytes of sound: a chunk of an odd length has a byte of padding.
func (s shape) fileSize(size int64) int64 { return s.head() + size + size&1 }

// header builds what stands before size bytes of sound.
func (s shape) header(size int64) []byte {
	riff := s.fileSize(size) - 8
	b := make([]byte, atFmt, s.head())
	le := binary.LittleEndian
	copy(b, "RIFF")
	copy(b[8:], "WAVEJUNK")
	le.PutUint32(b[atDS64+4:], atFmt-atDS64-8)
	if riff > math.MaxUint32 {
		copy(b, "RF64")
		copy(b[atDS64:], "ds64")
		le.PutUint64(b[atDS64+8:], uint64(riff))
		le.PutUint64(b[atDS64+16:], uint64(size))
		le.PutUint64(b[atDS64+24:], uint64(size/s.block()))
	}
	le.PutUint32(b[4:], uint32(min(riff, math.MaxUint32)))
	b = append(b, s.bext...)
	b = append(b, s.fmtChunk()...)
	b = append(b, "data"...)
	if riff > math.MaxUint32 {
		return le.AppendUint32(b, math.MaxUint32) // both 32-bit sizes point at ds64
	}
	return le.AppendUint32(b, uint32(size))
}

func (s shape) fmtChunk() []byte {
	b := make([]byte, atData-atFmt)
	le := binary.LittleEndian
	copy(b, "fmt ")
	le.PutUint32(b[4:], 16)
	le.PutUint16(b[8:], tagPCM)
	le.PutUint16(b[10:], uint16(s.Channels))
	le.PutUint32(b[12:], uint32(s.Rate))
	le.PutUint32(b[16:], uint32(int64(s.Rate)*s.block()))
	le.PutUint16(b[20:], uint16(s.block()))
	le.PutUint16(b[22:], uint16(s.width)*8)
	return b
}

// ErrClosed tells that a file was closed before.
var ErrClosed = errors.New("wav file is closed")
