package clock

import (
	"math"
	"time"
)

const (
	recent    = 30 * time.Second // is enough to see that theta is not what it was
	enough    = 16               // exchanges
	different = 3                // times what the older ones leave uncertain
)

// changed tells that theta is no longer what it was, though a line still fits, and what of the corridor is of the new
// theta. A corridor is as wide as the delays are long: a step of a clock that is smaller, or another pace that it was given (a
// kernel that is told the time slews by up to 500 ppm), would stay hidden in it for minutes. It shows thus: of late, one
// direction has been quicker than the least that it ever took before, and the other not once as quick as that. Where
// both are quicker a way became shorter; where none is, there was just no luck.
func (c corridor) changed() (corridor, bool) {
	late := c.since(c.latest() - recent)
	n := len(c.below) - len(late.below)
	if len(late.below) < enough || n < enough || c.span() < 2*recent {
		return c, false
	}
	old, ok := corridor{c.above[:n], c.below[:n]}.fit()
	if !ok {
		return c, false
	}
	there, back := least(late.above, old.line, 1)-old.bound, least(late.below, old.line, -1)-old.bound
	margin := different * (old.off + old.swing*float64(c.latest()-old.at))
	if min(there, back) < -margin && max(there, back) > margin {
		return late, true
	}
	return c, false
}

// least is the least delay of a direction, in nanoseconds from the line.
func least(points []point, l line, sign float64) float64 {
	d := math.Inf(1)
	for _, p := range points {
		d = min(d, sign*(p.y-l.over(p.x)))
	}
	return d
}
