package library

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// picture is what is kept of a recording's peaks, and of which state of the recording:
//
//	"OBPK" | version | part  | peaks a second | bytes | modified | count | CRC-32 | count pairs of int8
//	   4   |    1    |   1   |       2        |   8   |    8     |   4   |   4    |
//
// All numbers are little endian; modified is in nanoseconds since 1970, and the CRC (IEEE 802.3) is of all but itself.
type picture struct {
	version  byte // 0: there is none
	part     bool // of a recording that grew then, or only its beginning
	bytes    int64
	modified int64
	peaks    []Peak
}

const (
	pictureMagic   = "OBPK"
	pictureVersion = 1
	pictureHead    = 32
	atSum          = 28
	maxPicture     = 64 << 20 // bytes: three days of sound
)

var errPicture = errors.New("this is not a picture of this version")

func (p picture) marshal() []byte {
	b := make([]byte, pictureHead, pictureHead+2*len(p.peaks))
	copy(b, pictureMagic)
	b[4] = pictureVersion
	if p.part {
		b[5] = 1
	}
	le := binary.LittleEndian
	le.PutUint16(b[6:], perSecond)
	le.PutUint64(b[8:], uint64(p.bytes))
	le.PutUint64(b[16:], uint64(p.modified))
	le.PutUint32(b[24:], uint32(len(p.peaks)))
	for _, pair := range p.peaks {
		b = append(b, byte(pair.Min), byte(pair.Max))
	}
	le.PutUint32(b[atSum:], sumOf(b))
	return b
}

// sumOf is the CRC of all but itself.
func sumOf(b []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(b[:atSum]), crc32.IEEETable, b[pictureHead:])
}

// parsePicture reads what marshal wrote; errPicture for anything else.
func parsePicture(b []byte) (picture, error) {
	le := binary.LittleEndian
	if len(b) < pictureHead || string(b[:4]) != pictureMagic || b[4] != pictureVersion || b[5] > 1 || le.Uint16(b[6:]) != perSecond {
		return picture{}, errPicture
	}
	pairs := b[pictureHead:]
	p := picture{version: b[4], part: b[5] == 1, bytes: int64(le.Uint64(b[8:])), modified: int64(le.Uint64(b[16:]))}
	if p.bytes < 0 || int64(len(pairs)) != 2*int64(le.Uint32(b[24:])) || le.Uint32(b[atSum:]) != sumOf(b) {
		return picture{}, fmt.Errorf("%w: it is damaged", errPicture)
	}
	p.peaks = make([]Peak, len(pairs)/2)
	for i := range p.peaks {
		p.peaks[i] = Peak{int8(pairs[2*i]), int8(pairs[2*i+1])}
	}
	return p, nil
}

func readPicture(path string) (picture, error) {
	f, _, err := openFile(path)
	if err != nil {
		return picture{}, err
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(f, maxPicture))
	if err != nil {
		return picture{}, fmt.Errorf("read %s: %w", path, err)
	}
	return parsePicture(data)
}
