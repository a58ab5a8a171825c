package jitter

import "time"

// Pop says what to play next. Call it whenever sound is needed, as often as what it returned is not enough: the
// time line moves by what was returned, not by calls. Every verdict but Empty and Shrink yields sound.
func (b *Buffer) Pop(now time.Duration) (Packet, Verdict) {
	head := b.head()
	if head == nil {
		return b.dry(now)
	}
	if !b.playing {
		if head = b.begin(head, now); head == nil {
			return Packet{}, Empty
		}
	}
	b.starved = 0
	lead := b.due(now) - b.at
	if gap := head.stamp - b.at; gap > 0 {
		return b.hole(head, gap, lead, now)
	}
	switch v := b.adjust(lead, head); v {
	case Stretch:
		b.stats.Stretched++
		return b.conceal(b.frame), Stretch
	case Shrink:
		b.stats.Shrunk++
		return b.deliver(head), Shrink
	}
	return b.deliver(head), Play
}

func (b *Buffer) deliver(s *slot) Packet {
	b.take(s)
	b.stats.Played++
	b.size = int64(s.Duration)
	b.at = s.stamp + b.size
	return s.Packet
}

// conceal is a piece of sound to be made up.
func (b *Buffer) conceal(units int64) Packet {
	return Packet{SSRC: b.ssrc, Timestamp: uint32(b.at), Duration: uint32(units)}
}

// begin starts to play at the oldest packet that is not too old, if that is due: the end of a silence is the place where
// the wait is set right with nothing to be heard.
func (b *Buffer) begin(head *slot, now time.Duration) *slot {
	due := b.due(now)
	for b.count > 1 && due >= head.stamp+int64(head.Duration)+b.frame {
		b.drop(head, &b.stats.Skipped)
		head = b.head()
	}
	if head == nil || due < head.stamp {
		return nil
	}
	b.playing, b.at, b.long, b.short = true, head.stamp, 0, 0
	if b.size == 0 {
		b.size = int64(head.Duration)
	}
	return head
}

// dry is Pop with nothing here. The time line waits, so that what is late is still heard; the wait grows by it, up to its
// maximum.
func (b *Buffer) dry(now time.Duration) (Packet, Verdict) {
	if !b.playing {
		return Packet{}, Empty
	}
	b.starved += b.frame
	if b.starved > b.clock.units(starveFor) {
		b.playing, b.starved = false, 0
		return Packet{}, Empty
	}
	b.stats.Concealed++
	p := b.conceal(b.frame)
	if b.due(now)-b.at > b.clock.units(b.delay.max-b.delay.target) {
		b.at += b.frame
	}
	return p, Starved
}

// hole is Pop with a gap before the oldest packet.
func (b *Buffer) hole(head *slot, gap, lead int64, now time.Duration) (Packet, Verdict) {
	if b.missing(head.seq) == 0 || gap > b.clock.units(holeLimit) { // the sender paused
		b.playing = false
		if b.begin(head, now) == nil {
			return Packet{}, Empty
		}
		return b.deliver(head), Play
	}
	if owed := b.owed(gap, lead); owed > 0 { // concealed already while it was late, or the wait is too long anyway
		b.at += owed
		if gap -= owed; gap == 0 {
			return b.deliver(head), Play
		}
	}
	piece := min(gap, b.size, b.frame)
	p := b.conceal(piece)
	if piece == gap {
		p.Payload = head.Payload
	}
	b.at += piece
	b.stats.Concealed++
	return p, Lost
}

// owed is how much of a gap may be passed over: all if that leaves the wait no shorter than is borne, else whole frames.
func (b *Buffer) owed(gap, lead int64) int64 {
	if lead-gap > -b.frame/slack {
		return gap
	}
	return max(lead, 0) / b.frame * b.frame
}

// adjust says whether a frame is to be put in or left out before head is played. lead is by how much we are behind the
// time at which it should be heard.
func (b *Buffer) adjust(lead int64, head *slot) Verdict {
	if lead > -b.frame/slack {
		b.short = 0
	} else if b.short++; b.quiet || b.short >= shortLimit {
		b.short = 0
		return Stretch
	}
	if lead < max(int64(head.Duration), b.frame) || b.count < 2 {
		b.long = 0
		return Play
	}
	b.long++
	if b.quiet || b.long >= longLimit || b.long >= 3 && lead >= 4*b.frame {
		b.long = 0
		return Shrink
	}
	return Play
}
