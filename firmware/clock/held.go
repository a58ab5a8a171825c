package clock

import (
	"math"
	"time"
)

const (
	good = 3 * time.Millisecond // a new line that is as sure as this needs no old one, unless that is surer
	few  = 20                   // exchanges, of which the quickest may be far from quick: they may be off by twice what they seem to
	torn = 5 * time.Millisecond // by which the two may miss each other, beyond what they are uncertain
)

// held is the line as it was before most of what it rested on became too old. When the hub was away for longer than the window
// the first exchanges back tell little, the very first but half its round trip, where the old line, gone on with,
// may be off by a millisecond. So it stays until there is a new one that is surer, and moves only as far as the new exchanges
// show that it must: where they are right it is never further off than it would have been.
type held struct {
	fit
	until time.Duration // x at which the new line rests on as much as the old one did
	seen  int           // exchanges of the new line
}

// hold keeps the line that was, of exchanges from one moment to another, if the corridor has lost most of those, or is about
// to lose them.
func (h *Hub) hold(was fit, from, to time.Duration) {
	if h.seen > 1 && (h.known.latest()-to > recent || h.known.span() < (to-from)/2) {
		h.held = &held{fit: was, until: h.known.latest() + window}
	}
}

// settled is the line to go by, of a new one and the one that is held, if any.
func (h *Hub) settled(f fit) fit {
	if h.held == nil {
		return f
	}
	old := h.held.later(f.at)
	h.held.seen++
	reach := f.off * (1 + few/float64(h.held.seen))
	low, high := f.y-reach, f.y+reach
	y := max(low, min(high, old.y))
	moved := math.Abs(y - old.y)
	sure := reach < min(float64(good), old.off) && h.known.span() > window/2
	if sure || f.at >= h.held.until || moved > different*old.off+float64(torn) {
		h.held = nil
		return f
	}
	off := max(min(high, old.y+old.off)-y, y-max(low, old.y-old.off), moved)
	return fit{line: line{f.at, y, old.slope}, off: off, swing: old.swing, bound: f.bound + math.Abs(y-f.y)}
}

// later is the fit as it is good for at x, behind its own: with what has become uncertain of it.
func (f fit) later(x time.Duration) fit {
	age := max(0, x-f.at)
	f.off += f.grown(age)
	f.swing += wander * age.Seconds() / perSecond
	f.y, f.at = f.over(x), x
	return f
}

// grown is what an age makes uncertain: by what the drift may be off, and may have changed.
func (f fit) grown(age time.Duration) float64 {
	return f.swing*float64(age) + wander/2*age.Seconds()*age.Seconds()
}
