package engine

import (
	"time"

	"orionbox/audio/pcm"
)

// pace notices sound that was captured and will never be delivered. A card whose buffer ran over, because the box stood
// still or was too busy, starts afresh and says nothing; the stream would be shorter than the time that has passed, and a
// take no longer in step with the others.
//
// Sound arrives late, never early: the delivery that came with the least delay is the witness for what should have
// arrived by now. Falling behind it for a moment is a late callback; staying behind is a loss. Where the loss is made up
// for is late by patience at most.
type pace struct {
	format pcm.Format
	known  bool
	end    int64         // the witness: all before this sample frame had been delivered
	at     time.Duration // at this time
	behind bool
	since  time.Duration // when the stream fell behind
	least  int64         // by how much it has been behind at the least since then
}

const (
	// behindBy is how late a stream may be for good: more than any buffer between a card and a callback, less than what
	// would be heard as out of step.
	behindBy = 100 * time.Millisecond
	// patience is how long what was held up somewhere has to arrive after all.
	patience = 300 * time.Millisecond
	// fade is how much faster than the clock a witness is outdated, 1000 ppm: more than any crystal is off. mostFade
	// bounds what that takes from a long loss.
	fade, mostFade = 1000, 20 * time.Millisecond
)

// missing is how many sample frames will never come, when at the given time the stream has been delivered up to end. What
// it returns once is made up for. Real-time.
func (p *pace) missing(at time.Duration, end int64) int64 {
	if !p.known {
		p.known, p.end, p.at = true, end, at
		return 0
	}
	since := at - p.at
	lag := p.end + p.format.Samples(since-min(since/fade, mostFade)) - end
	switch {
	case lag <= 0:
		p.end, p.at, p.behind = end, at, false
		return 0
	case lag < p.format.Samples(behindBy):
		p.behind = false
		return 0
	case !p.behind:
		p.behind, p.since, p.least = true, at, lag
		return 0
	}
	p.least = min(p.least, lag)
	if at-p.since < patience {
		return 0
	}
	p.behind = false
	return p.least
}
