package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"orionbox/audio/pcm"
)

// Format tags (Microsoft, "Multiple Channel Audio Data and WAVE Files").
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xfffe
)

// maxChannels bounds what a reader believes.
const maxChannels = 256

// ErrFormat tells that a file is no WAV file, or one of a kind that is not read here.
var ErrFormat = errors.New("not a wav file of a known kind")

// layout is what the chunks of a file say.
type layout struct {
	format pcm.Format
	bits   int // a sample, in whole bytes
	float  bool
	off    int64 // where the sound begins
	size   int64 // bytes of sound that are there, whole sample frames
	told   int64 // bytes of sound that the file says there are
	riff   int64 // bytes of the whole file that it says there are
}

func (l layout) block() int64 { return int64(l.format.Channels * l.bits / 8) }

// parse reads the chunks of a file of size bytes.
func parse(r io.ReaderAt, size int64) (layout, error) {
	l := layout{}
	var head [12]byte
	if err := readAt(r, head[:], 0, size); err != nil {
		return l, err
	}
	form := string(head[:4])
	if form != "RIFF" && form != "RF64" || string(head[8:]) != "WAVE" {
		return l, fmt.Errorf("%w: it does not begin with RIFF and WAVE", ErrFormat)
	}
	l.riff = int64(binary.LittleEndian.Uint32(head[4:])) + 8
	var long *ds64
	for off := int64(12); ; {
		var chunk [8]byte
		if err := readAt(r, chunk[:], off, size); err != nil {
			return l, err
		}
		id, length := string(chunk[:4]), int64(binary.LittleEndian.Uint32(chunk[4:]))
		off += 8
		switch {
		case id == "ds64":
			d, err := parseDS64(r, off, length, size)
			if err != nil {
				return l, err
			}
			long, l.riff = &d, d.riff+8
		case id == "fmt ":
			if err := l.parseFmt(r, off, length, size); err != nil {
				return l, err
			}
		case id == "data" && l.format.Rate == 0:
			return l, fmt.Errorf("%w: its data comes before its format", ErrFormat)
		case id == "data":
			l.measure(off, length, size, long)
			return l, nil
		}
		off += length + length&1
	}
}

// ds64 holds the sizes that do not fit in 32 bits.
type ds64 struct{ riff, data int64 }

func parseDS64(r io.ReaderAt, off, length, size int64) (d ds64, err error) {
	var b [16]byte
	if length < 28 {
		return d, fmt.Errorf("%w: its ds64 chunk is too short", ErrFormat)
	}
	if err := readAt(r, b[:], off, size); err != nil {
		return d, err
	}
	riff, data := binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	const most = math.MaxInt64 / 2 // far beyond any disk, and safe to add to
	return ds64{riff: int64(min(riff, most)), data: int64(min(data, most))}, nil
}

func (l *layout) parseFmt(r io.ReaderAt, off, length, size int64) error {
	var b [40]byte
	if length < 16 {
		return fmt.Errorf("%w: its fmt chunk is too short", ErrFormat)
	}
	part := b[:min(length, 40)]
	if err := readAt(r, part, off, size); err != nil {
		return err
	}
	tag, block := binary.LittleEndian.Uint16(b[:]), int(binary.LittleEndian.Uint16(b[12:]))
	channels, rate := int(binary.LittleEndian.Uint16(b[2:])), int(binary.LittleEndian.Uint32(b[4:]))
	if tag == tagExtensible && len(part) == 40 {
		tag = binary.LittleEndian.Uint16(b[24:]) // the sub-format's GUID begins with the plain tag
	}
	if channels < 1 || channels > maxChannels || rate < 1 || rate > math.MaxInt32 {
		return fmt.Errorf("%w: %d channels at %d Hz", ErrFormat, channels, rate)
	}
	l.format = pcm.Format{Rate: rate, Channels: channels}
	l.bits = (int(binary.LittleEndian.Uint16(b[14:])) + 7) / 8 * 8
	l.float = tag == tagFloat
	known := tag == tagPCM && (l.bits == 8 || pcm.Width(l.bits/8).Valid()) || l.float && l.bits == 32
	if !known || block != channels*l.bits/8 {
		return fmt.Errorf("%w: format %#x, %d bits: use integer samples of 8 to 32 bits or float of 32", ErrFormat, tag, l.bits)
	}
	return nil
}

// measure finds out how much sound there is. A stream that was piped into a file says 0 or the largest number, and a
// recording that was cut off says too much: then it reaches to the end of the file.
func (l *layout) measure(off, length, size int64, long *ds64) {
	l.off, l.told = off, length
	if long != nil && length == math.MaxUint32 {
		l.told = long.data
	}
	rest := size - off
	piped := l.told == math.MaxUint32 && long == nil || l.told == 0 && l.riff != off
	if piped || l.told > rest {
		l.size = rest
	} else {
		l.size = l.told
	}
	l.size -= l.size % l.block()
}

// readAt fills b from a file of size bytes; what is not there is a fault of the file.
func readAt(r io.ReaderAt, b []byte, off, size int64) error {
	if off+int64(len(b)) > size {
		return fmt.Errorf("%w: it ends after %d bytes, before its sound", ErrFormat, size)
	}
	if _, err := r.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
