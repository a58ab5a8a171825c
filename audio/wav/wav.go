// Package wav owns WAV files: the voice recording, whose header is true again after each flush, so that a power cut
// leaves a file that plays; its repair; and a reader for what other programs write.
//
//	file:  | RIFF | JUNK, later ds64 | fmt | data: 16-bit samples ...
//
// A RIFF chunk ends at 4 GiB. The JUNK chunk keeps the place for the ds64 chunk that a longer file needs: then the file
// becomes RF64 where it stands (EBU Tech 3306).
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"orionbox/audio/pcm"
)

// headerSize is where the sound begins in files written here.
const headerSize = 80

// Offsets in the header of files written here.
const (
	atDS64 = 12
	atFmt  = 48
	atData = 72
)

// bytesPerSample of files written here.
const bytesPerSample = 2

// check refuses what cannot be written.
func check(f pcm.Format) error {
	if f.Rate < 1 || f.Rate > math.MaxInt32 {
		return fmt.Errorf("write wav: a rate of %d Hz is not offered", f.Rate)
	}
	if f.Channels != 1 && f.Channels != 2 {
		return fmt.Errorf("write wav: %d channels are not offered: use 1 or 2", f.Channels)
	}
	return nil
}

// header builds what stands before size bytes of sound.
func header(f pcm.Format, size int64) []byte {
	b := make([]byte, headerSize)
	le := binary.LittleEndian
	block := f.Channels * bytesPerSample
	riff := size + headerSize - 8
	copy(b, "RIFF")
	copy(b[8:], "WAVEJUNK")
	le.PutUint32(b[atDS64+4:], atFmt-atDS64-8)
	if riff > math.MaxUint32 {
		copy(b, "RF64")
		copy(b[atDS64:], "ds64")
		le.PutUint64(b[atDS64+8:], uint64(riff))
		le.PutUint64(b[atDS64+16:], uint64(size))
		le.PutUint64(b[atDS64+24:], uint64(size/int64(block)))
	}
	le.PutUint32(b[4:], uint32(min(riff, math.MaxUint32)))
	copy(b[atFmt:], "fmt ")
	le.PutUint32(b[atFmt+4:], 16)
	le.PutUint16(b[atFmt+8:], tagPCM)
	le.PutUint16(b[atFmt+10:], uint16(f.Channels))
	le.PutUint32(b[atFmt+12:], uint32(f.Rate))
	le.PutUint32(b[atFmt+16:], uint32(f.Rate*block))
	le.PutUint16(b[atFmt+20:], uint16(block))
	le.PutUint16(b[atFmt+22:], bytesPerSample*8)
	copy(b[atData:], "data")
	le.PutUint32(b[atData+4:], uint32(min(size, math.MaxUint32)))
	if riff > math.MaxUint32 {
		le.PutUint32(b[atData+4:], math.MaxUint32) // both 32-bit sizes point at ds64
	}
	return b
}

// ErrClosed tells that a file was closed before.
var ErrClosed = errors.New("wav file is closed")
