package media

import (
	"sync/atomic"
	"time"

	"orionbox/audio/codec"
	"orionbox/sip/rtp"
)

// inboxSlots is more than arrives between two ticks but for a burst after a stall: 1.28 s of 20 ms packets.
const inboxSlots = 64

// inbox hands packets from the reader to the tick: one producer, one consumer, wait-free, slots made beforehand. A full
// inbox drops the new packet and counts it.
type inbox struct {
	slots      [inboxSlots]letter
	head, tail atomic.Uint32 // next to read, next to write
	dropped    atomic.Int64
}

type letter struct {
	seq         uint16
	stamp, ssrc uint32
	payloadType uint8
	marker      bool
	arrival     time.Time
	size        int
	payload     [codec.MaxPayload]byte
}

func (b *inbox) push(p rtp.Packet) {
	tail := b.tail.Load()
	if tail-b.head.Load() == inboxSlots || len(p.Payload) > codec.MaxPayload {
		b.dropped.Add(1)
		return
	}
	l := &b.slots[tail%inboxSlots]
	l.seq, l.stamp, l.ssrc, l.payloadType, l.marker = p.Sequence, p.Timestamp, p.SSRC, p.PayloadType, p.Marker
	l.arrival, l.size = p.Arrival, copy(l.payload[:], p.Payload)
	b.tail.Store(tail + 1)
}

// peek returns the oldest letter, which stays the consumer's until discard.
func (b *inbox) peek() *letter {
	head := b.head.Load()
	if head == b.tail.Load() {
		return nil
	}
	return &b.slots[head%inboxSlots]
}

func (b *inbox) discard() { b.head.Add(1) }
