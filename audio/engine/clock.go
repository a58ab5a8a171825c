package engine

import (
	"sync/atomic"
	"time"
)

// Stamp says that at the monotonic time At the microphone had delivered the samples before Pos. A line through many
// of them is the sound card's clock: each single one is late by as much as the callback was.
type Stamp struct {
	At     time.Time
	Pos    int64
	Filled bool // the stand-in's silence, not the card's
}

// clock keeps the latest stamps. One thread notes, anybody reads; both are wait-free for the writer, and a reader just
// leaves out an entry that is being written (a seqlock an entry).
type clock struct {
	epoch   time.Time
	next    atomic.Uint64
	entries [256]struct {
		version atomic.Uint64 // odd while it is written
		at      atomic.Int64
		pos     atomic.Int64 // doubled, plus one when filled
	}
}

func (c *clock) note(at time.Duration, pos int64, filled bool) {
	n := c.next.Load()
	entry := &c.entries[n%uint64(len(c.entries))]
	entry.version.Add(1)
	entry.at.Store(int64(at))
	pos *= 2
	if filled {
		pos++
	}
	entry.pos.Store(pos)
	entry.version.Add(1)
	c.next.Store(n + 1)
}

func (c *clock) stamps() []Stamp {
	next := c.next.Load()
	first := max(next, uint64(len(c.entries))) - uint64(len(c.entries))
	stamps := make([]Stamp, 0, next-first)
	for n := first; n < next; n++ {
		entry := &c.entries[n%uint64(len(c.entries))]
		before := entry.version.Load()
		at, pos := entry.at.Load(), entry.pos.Load()
		if before%2 == 1 || entry.version.Load() != before {
			continue
		}
		s := Stamp{At: c.epoch.Add(time.Duration(at)), Pos: pos >> 1, Filled: pos&1 == 1}
		if len(stamps) > 0 && s.Pos < stamps[len(stamps)-1].Pos {
			continue
		}
		stamps = append(stamps, s)
	}
	return stamps
}

// Clock is the (time, sample index) pairs of the latest callbacks, some 2.5 s of them, oldest first.
func (e *Engine) Clock() []Stamp { return e.in.clock.stamps() }
