package rtp

import (
	"encoding/binary"
	"strings"
)

// digits in the order of their event codes (RFC 4733 s. 3.2); 16 is the hook flash.
const digits = "0123456789*#ABCD!"

// Event is the payload of a telephone-event packet (RFC 4733 s. 2.3).
type Event struct {
	Code     uint8
	End      bool
	Volume   uint8  // -dBm0
	Duration uint16 // in clock units, from the event's timestamp
}

const eventSize = 4

// put writes the payload; dst must hold eventSize bytes.
func (e Event) put(dst []byte) {
	dst[0], dst[1] = e.Code, e.Volume&0x3f
	if e.End {
		dst[1] |= 0x80
	}
	binary.BigEndian.PutUint16(dst[2:], e.Duration)
}

// ParseEvent reads the first event of a payload.
func ParseEvent(payload []byte) (Event, bool) {
	if len(payload) < eventSize {
		return Event{}, false
	}
	return Event{
		Code:     payload[0],
		End:      payload[1]&0x80 != 0,
		Volume:   payload[1] & 0x3f,
		Duration: binary.BigEndian.Uint16(payload[2:]),
	}, true
}

// Digit is the event's key, if it is one.
func (e Event) Digit() (rune, bool) {
	if int(e.Code) >= len(digits) {
		return 0, false
	}
	return rune(digits[e.Code]), true
}

// EventCode is the code of a key: 0-9 * # A-D (either case) and ! for the hook flash.
func EventCode(digit rune) (uint8, bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	i := strings.IndexRune(digits, digit)
	return uint8(i), i >= 0
}

// Key is a key being pressed, a step of 20 ms at a time (RFC 4733 s. 2.5.1): the length of the tone in updates, then
// the end three times, for it must not be lost, then the pause. Pure.
type Key struct {
	code, step int // step counts from 0; code < 0: nothing is pressed
	unit       uint16
}

const (
	toneSteps  = 6 // 120 ms: longer than any detector needs
	endSteps   = 3
	pauseSteps = 4 // 80 ms from the end of the tone's last repeat
	keyVolume  = 10
)

// NewKey returns a key that is up; unit is the length of a step in the event's clock, 160 at 8000 a second.
func NewKey(unit int) Key { return Key{code: -1, unit: uint16(unit)} }

// Press starts an event; the key must be up.
func (k *Key) Press(code uint8) { k.code, k.step = int(code), 0 }

// Down tells whether steps are left, the pause included.
func (k *Key) Down() bool { return k.code >= 0 }

// Step is what to send for the next 20 ms. first is the event's first packet, whose timestamp all others repeat. With
// send false the step is one of the pause after the tone.
func (k *Key) Step() (e Event, first, send bool) {
	i := k.step
	k.step++
	if k.step >= toneSteps+endSteps-1+pauseSteps {
		defer func() { k.code = -1 }()
	}
	if i >= toneSteps+endSteps-1 {
		return Event{}, false, false
	}
	length := uint16(min(i+1, toneSteps))
	return Event{Code: uint8(k.code), End: i >= toneSteps-1, Volume: keyVolume, Duration: length * k.unit}, i == 0, true
}

// Ear tells each key once, however often its packets are repeated, reordered or lost. Pure; the zero value is ready.
type Ear struct {
	heard bool
	ssrc  uint32
	stamp uint32
	last  Event
}

// Hear takes an event packet and returns the key if this is the first word of it.
func (h *Ear) Hear(p Packet) (rune, bool) {
	e, ok := ParseEvent(p.Payload)
	if !ok {
		return 0, false
	}
	age := int32(p.Timestamp - h.stamp)
	switch {
	case !h.heard || p.SSRC != h.ssrc:
	case age <= 0 && age > -1<<20: // a repeat, or a late packet of an event already told
		if age == 0 {
			h.last = e
		}
		return 0, false
	case e.Code == h.last.Code && !h.last.End && h.last.Duration == 0xffff && uint32(age) == 0xffff:
		h.stamp, h.last = p.Timestamp, e // the next segment of a key held long (s. 2.5.1.3)
		return 0, false
	}
	h.heard, h.ssrc, h.stamp, h.last = true, p.SSRC, p.Timestamp, e
	return e.Digit()
}
