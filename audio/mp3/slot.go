package mp3

import (
	"bytes"
	"encoding/binary"
)

// slotFrame is the first frame of a file that still grows: silence, marked so that players do not play it, with the
// encoder's delay but no length.
func slotFrame(h Header) ([]byte, error) {
	frame, err := InfoFrame(Info{Header: h, Delay: encoderDelay})
	if err != nil {
		return nil, err
	}
	// Without the four fields LAME's part stands right behind the flags.
	at := 4 + h.sideInfo()
	tag := frame[at : at+tagSize]
	tag[tagFlags+3] = 0
	rest := copy(tag[tagFrames:], tag[tagEncoder:tagCRC])
	clear(tag[tagFrames+rest:])
	end := at + tagFrames + rest
	binary.BigEndian.PutUint16(frame[end:], crc16(0, frame[:end]))
	return frame, nil
}

// isSlot tells whether a frame, whole or cut, is the place of the Info header, in whatever state that is: such a frame
// uses no bit for sound.
func isSlot(frame []byte, h Header) bool {
	at := min(4+h.sideInfo(), len(frame))
	side, tag := frame[min(4, at):at], frame[at:]
	magic := []byte("Info")[:min(4, len(tag))]
	return zero(side) && (zero(tag) || bytes.HasPrefix(tag, magic))
}

func zero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }
