package engine

import "time"

// cover is the stand-in at work: it owes as many samples as time has passed since the device's last.
type cover struct {
	side   *side
	ticket uint64
	start  time.Duration
	done   int64
}

func (s *side) cover() *cover {
	c := &cover{side: s, ticket: s.gate.ticket(), start: time.Duration(s.last.Load())}
	if c.start == 0 {
		c.start = s.engine.now()
	}
	s.gate.admit(c.ticket)
	return c
}

func (c *cover) owed(now time.Duration) int64 { return c.side.format.Samples(now-c.start) - c.done }

// blocks does all whole blocks that are owed.
func (c *cover) blocks(now time.Duration) {
	for c.owed(now) >= int64(c.side.block) && c.do(c.side.block) {
	}
}

// rest does all that is owed, before a device takes over.
func (c *cover) rest(now time.Duration) {
	c.blocks(now)
	if n := c.owed(now); n > 0 && n < int64(c.side.block) {
		c.do(int(n))
	}
}

// do fails while a void device is still inside the gate: the next tick makes up for it.
func (c *cover) do(frames int) bool {
	if !c.side.standIn(c.ticket, frames) {
		return false
	}
	c.done += int64(frames)
	return true
}
