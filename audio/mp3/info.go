package mp3

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

// Offsets in the tag, which stands behind the side information of the first frame. The first 120 bytes are Xing's, the
// other 36 LAME's (Gabriel Bouvigne, "Mp3 Info Tag revision 1 specifications").
const (
	tagFlags   = 4
	tagFrames  = 8
	tagBytes   = 12
	tagTOC     = 16
	tagQuality = 116
	tagEncoder = 120
	tagMethod  = 129
	tagRate    = 140
	tagDelay   = 141
	tagSource  = 144
	tagLength  = 148
	tagMusic   = 152
	tagCRC     = 154
	tagSize    = 156
)

// decoderDelay is what each decoder adds to the encoder's delay, in samples; players skip both at the start (and so
// count it back at the end).
const decoderDelay = 529

// encoderDelay is LAME's for all that is written here, in samples.
const encoderDelay = 576

// Info is what the first frame of a file tells players: how long the file is, and which samples at either end are the
// encoder's own and not part of the recording.
type Info struct {
	Header   Header
	Frames   int    // without the Info frame itself
	Bytes    int64  // from the Info frame to the end of the last frame
	Delay    int    // samples that the encoder put before the first, without the decoder's
	Padding  int    // samples after the last
	MusicCRC uint16 // CRC-16 of all bytes after the Info frame
}

// Samples is the length of the recording in sample frames.
func (i Info) Samples() int64 {
	return max(0, int64(i.Frames)*SamplesPerFrame-int64(i.Delay)-int64(i.Padding))
}

// minFrames is how many frames of sound a file has at least: players do not take less for an MP3.
const minFrames = 10

// lengthen gives out the silent frames that the file needs to have minFrames, and counts them in, as padding as far as
// there is room for it.
func (i *Info) lengthen() []byte {
	n := max(0, minFrames-i.Frames)
	i.Frames += n
	i.Padding = min(0xfff, i.Padding+n*SamplesPerFrame)
	return bytes.Repeat(i.Header.silent(), n)
}

// InfoFrame builds the first frame of a file: silence to a player that does not know it.
func InfoFrame(i Info) ([]byte, error) {
	i.Header.Padded = false
	frame := i.Header.silent()
	at := 4 + i.Header.sideInfo()
	if !i.Header.hasRoom() {
		return nil, errors.New("build info frame: the bit rate leaves no room for it: use 64 kbit/s or more")
	}
	if i.Delay < 0 || i.Delay > 0xfff || i.Padding < 0 || i.Padding > 0xfff {
		return nil, errors.New("build info frame: delay and padding have 12 bits each")
	}
	tag := frame[at : at+tagSize]
	copy(tag, "Info") // "Xing" would mean a variable bit rate
	putXing(tag, i)
	putLAME(tag, i)
	binary.BigEndian.PutUint16(tag[tagCRC:], crc16(0, frame[:at+tagCRC]))
	return frame, nil
}

// hasRoom tells whether an Info frame fits into a frame like this.
func (h Header) hasRoom() bool {
	h.Padded = false
	return h.Size() >= 4+h.sideInfo()+tagSize
}

func putXing(tag []byte, i Info) {
	tag[tagFlags+3] = 0x0f // frames, bytes, table and quality follow
	binary.BigEndian.PutUint32(tag[tagFrames:], uint32(i.Frames))
	binary.BigEndian.PutUint32(tag[tagBytes:], saturate32(i.Bytes))
	for percent := range 100 {
		tag[tagTOC+percent] = i.place(percent)
	}
	binary.BigEndian.PutUint32(tag[tagQuality:], 50)
}

// place is where, in 256ths of the file, the frame starts that lies at percent of its time.
func (i Info) place(percent int) byte {
	if i.Bytes == 0 {
		return 0
	}
	slot := int64(i.Header.Size())
	before := (i.Bytes - slot) * int64(i.Frames*percent/100) / int64(max(i.Frames, 1))
	return byte(min(255, (slot+before)*256/i.Bytes))
}

func putLAME(tag []byte, i Info) {
	copy(tag[tagEncoder:], "LAME3.100")
	tag[tagMethod] = 1 // revision 0, constant bit rate
	tag[tagRate] = byte(min(i.Header.Bitrate, 255))
	tag[tagDelay] = byte(i.Delay >> 4)
	tag[tagDelay+1] = byte(i.Delay<<4 | i.Padding>>8)
	tag[tagDelay+2] = byte(i.Padding)
	tag[tagSource] = i.source()
	binary.BigEndian.PutUint32(tag[tagLength:], saturate32(i.Bytes))
	binary.BigEndian.PutUint16(tag[tagMusic:], i.MusicCRC)
}

// source codes the rate of the recording (bits 6-7: 1 = 44.1 kHz, 2 = 48 kHz) and the stereo mode (bits 2-4: 0 = mono,
// 3 = joint).
func (i Info) source() byte {
	b := byte(1 << 6)
	if i.Header.Rate == 48000 {
		b = 2 << 6
	}
	if i.Header.Channels == 2 {
		b |= 3 << 2
	}
	return b
}

// ParseInfo reads the first frame of a file. ok tells that it is an Info frame whose own checksum is right.
func ParseInfo(frame []byte) (i Info, ok bool) {
	if len(frame) < 4 {
		return Info{}, false
	}
	h, err := ParseHeader([4]byte(frame))
	at := 4 + h.sideInfo()
	if err != nil || len(frame) < at+tagSize || !bytes.Equal(frame[at:at+4], []byte("Info")) {
		return Info{}, false
	}
	tag := frame[at : at+tagSize]
	i = Info{
		Header:   h,
		Frames:   int(binary.BigEndian.Uint32(tag[tagFrames:])),
		Bytes:    int64(binary.BigEndian.Uint32(tag[tagBytes:])),
		Delay:    int(tag[tagDelay])<<4 | int(tag[tagDelay+1])>>4,
		Padding:  int(tag[tagDelay+1]&0xf)<<8 | int(tag[tagDelay+2]),
		MusicCRC: binary.BigEndian.Uint16(tag[tagMusic:]),
	}
	whole := tag[tagFlags+3] == 0x0f && binary.BigEndian.Uint16(tag[tagCRC:]) == crc16(0, frame[:at+tagCRC])
	return i, whole
}

func saturate32(n int64) uint32 { return uint32(min(n, math.MaxUint32)) }
