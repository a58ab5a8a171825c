package wav

import (
	"encoding/binary"
	"time"
)

// Broadcast is what a bext chunk tells (EBU Tech 3285, version 1). Its texts are ASCII there: other letters become `?`.
type Broadcast struct {
	Description string    // up to 256 letters
	Originator  string    // up to 32: the program
	Reference   string    // up to 32: what the originator calls this sound
	Begins      time.Time // of the first sample frame, in the time zone in which it is to be read
	Samples     int64     // time reference: sample frames from the midnight before until then
}

// Since is the time reference, in sample frames at a rate, of a sound that begins at t: how many passed since midnight by the
// clock on the wall of t's time zone.
func Since(t time.Time, rate int) int64 {
	seconds := int64(t.Hour())*3600 + int64(t.Minute())*60 + int64(t.Second())
	return seconds*int64(rate) + int64(t.Nanosecond())*int64(rate)/int64(time.Second)
}

// Sizes and offsets in the chunk, without its own head of eight bytes.
const (
	bextSize        = 602 // and no coding history
	bextOriginator  = 256
	bextReference   = 288
	bextDate        = 320
	bextTime        = 330
	bextSamples     = 338
	bextVersion     = 346
	bextTextVersion = 1
)

// chunk is the whole of it, or nothing for nothing to be told.
func (b Broadcast) chunk() []byte {
	if b == (Broadcast{}) {
		return nil
	}
	c := make([]byte, 8+bextSize)
	copy(c, "bext")
	binary.LittleEndian.PutUint32(c[4:], bextSize)
	body := c[8:]
	copy(body[:bextOriginator], ascii(b.Description))
	copy(body[bextOriginator:bextReference], ascii(b.Originator))
	copy(body[bextReference:bextDate], ascii(b.Reference))
	copy(body[bextDate:bextTime], b.Begins.Format(time.DateOnly))
	copy(body[bextTime:bextSamples], b.Begins.Format(time.TimeOnly))
	binary.LittleEndian.PutUint64(body[bextSamples:], uint64(b.Samples)) // low word, then high
	binary.LittleEndian.PutUint16(body[bextVersion:], bextTextVersion)
	return c
}

func ascii(text string) string {
	var out []byte
	for _, r := range text {
		if r < ' ' || r > '~' {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return string(out)
}
