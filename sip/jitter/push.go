package jitter

import "time"

// Push takes in a packet that arrived at now.
func (b *Buffer) Push(p Packet, now time.Duration) {
	if !b.started || p.SSRC != b.ssrc {
		b.restart(p, now)
	}
	seq := b.newest + int64(int16(p.Seq-uint16(b.newest)))
	stamp := b.stamp + int64(int32(p.Timestamp-uint32(b.stamp)))
	if b.foreign(p, seq, stamp, now) {
		if !b.confirmed(p) {
			b.stats.Refused++
			return
		}
		b.restart(p, now)
		seq, stamp = b.newest, b.stamp
	}
	b.suspect.known = false
	if p.Duration > 0 {
		b.stats.Received++
		b.delay.observe(now-b.clock.duration(stamp), now)
	}
	b.admit(p, seq, stamp, now)
}

func (b *Buffer) admit(p Packet, seq, stamp int64, now time.Duration) {
	if seq < b.next && b.virgin && seq > b.newest-window {
		b.next = seq // the first to arrive was not the first of the stream
	}
	if seq < b.next {
		b.tooLate(p, seq, now)
		return
	}
	s := b.slot(seq)
	if s.full && s.seq == seq {
		if p.Duration > 0 {
			b.stats.Duplicate++
		}
		return
	}
	b.lateRun = 0
	if seq >= b.next+window {
		b.evict(seq)
	}
	b.store(p, seq, stamp)
}

func (b *Buffer) store(p Packet, seq, stamp int64) {
	s := b.slot(seq)
	payload := append(s.Payload[:0], p.Payload...)
	s.Packet = p
	s.Payload, s.seq, s.stamp, s.full, s.played = payload, seq, stamp, true, false
	if p.Duration > 0 {
		b.count++
		b.stamp = max(b.stamp, stamp)
	}
	b.newest = max(b.newest, seq)
}

// tooLate counts a packet whose place was played. Many in a row with none in time mean that the sender counts anew from
// somewhere near: begin again from where it is.
func (b *Buffer) tooLate(p Packet, seq int64, now time.Duration) {
	if p.Duration == 0 {
		return
	}
	if b.lateRun++; b.lateRun >= lateLimit {
		b.restart(p, now)
		b.store(p, b.newest, b.stamp)
		return
	}
	if s := b.slot(seq); s.played && s.seq == seq {
		b.stats.Duplicate++
	} else {
		b.stats.Late++
	}
}

// evict makes room for a packet further ahead than the window.
func (b *Buffer) evict(seq int64) {
	for first := seq - window + 1; b.next < first; {
		if s := b.slot(b.next); s.full && s.seq == b.next && s.Duration > 0 {
			b.drop(s, &b.stats.Skipped)
			continue
		}
		if b.count == 0 {
			b.stats.Lost += first - b.next
			b.next = first
			break
		}
		b.stats.Lost++
		b.next++
	}
	b.playing = false
}

// foreign tells whether a packet cannot be of the stream as known: its sequence number or its time are far off.
func (b *Buffer) foreign(p Packet, seq, stamp int64, now time.Duration) bool {
	if seq < b.newest-seqJump || seq > b.newest+seqJump {
		return true
	}
	if p.Duration == 0 || !b.delay.known {
		return false
	}
	off := now - b.clock.duration(stamp) - b.delay.base
	return off < -jump || off > jump
}

// confirmed tells whether a foreign packet begins another time line: the second of it in a row, or one that says so.
func (b *Buffer) confirmed(p Packet) bool {
	s := b.suspect
	b.suspect = suspect{known: true, seq: p.Seq, stamp: p.Timestamp}
	if p.Marker {
		return true
	}
	ahead := int32(p.Timestamp - s.stamp)
	return s.known && p.Seq == s.seq+1 && ahead >= 0 && int64(ahead) <= b.clock.units(time.Second)
}

// restart begins a stream at p; what waited of the one before is thrown away.
func (b *Buffer) restart(p Packet, now time.Duration) {
	if b.started {
		b.stats.Resets++
	}
	for i := range b.slots {
		if s := &b.slots[i]; s.full && s.Duration > 0 {
			b.stats.Skipped++
		}
		b.slots[i].full, b.slots[i].played = false, false
	}
	b.count, b.started, b.playing, b.virgin = 0, true, false, true
	b.ssrc, b.newest, b.next = p.SSRC, int64(p.Seq), int64(p.Seq)
	b.stamp = int64(p.Timestamp)
	b.suspect, b.lateRun, b.starved = suspect{}, 0, 0
	b.delay.forget()
	if p.Duration > 0 {
		b.delay.start(now-b.clock.duration(b.stamp), now)
	}
}
