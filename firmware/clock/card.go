package clock

import (
	"math"
	"time"
)

// What bounds a card's line.
const (
	slot      = 500 * time.Millisecond // of which the least late stamp is kept
	slots     = 120                    // a minute
	tolerance = 3 * time.Millisecond   // a stream that is off the line by more has stepped
	stepped   = 800 * time.Millisecond // how long it must be late for that, for a callback may be
	run       = 5                      // stamps, likewise
	tooShort  = 5 * time.Second        // a span that tells no slope
	longSpan  = 15 * time.Second       // and one that does
)

// Card maps the box's monotonic clock to the sample index of its sound card. It may be used by one goroutine at a time.
//
// A callback that says "by now Pos samples were delivered" comes late and never early, so the card's clock, which counts Pos,
// was at least there: it is what the lower bounds are to a Hub, and no answer bounds it from above.
//
//	card minus box |      ______.________.__   the line: the edge of the upper hull over the mean of x
//	               | .__.--    .  .    .       (Moon, Skelly, Towsley 1999)
//	               |   .   .       .     .
//	               |         .                 a callback that was late
//	               +---------------------- the box's clock
//
// A stream steps when a device is replaced or silence is filled in. Early by more than some milliseconds no callback can
// be, so the line starts afresh at once; late it may be, so it does when all have been for about a second. What was before a step
// stays where it was.
type Card struct {
	rate   float64
	epoch  time.Time // x counts from the first stamp
	first  int64     // its pos
	last   time.Time
	now    envelope
	late   envelope // what would be the line if the stream had stepped; empty while it has not
	before envelope // the line before the last step
}

// CardReading tells how the sound card's clock stands to the box's.
type CardReading struct {
	Known    bool          `json:"known"`     // there were stamps within the last minute
	DriftPPM float64       `json:"drift_ppm"` // of the card against the box's monotonic clock; positive: the card is faster
	Residual time.Duration `json:"residual"`  // root mean square by which each half second's least late stamp is off the line
}

// NewCard is a card of that many sample frames a second, of which nothing is known yet.
func NewCard(rate int) *Card { return &Card{rate: float64(max(rate, 1))} }

// Observe takes in a stamp: at at all sample frames before pos had been delivered. One that is not later than those
// before is left out, so histories that overlap may be passed again and again.
func (c *Card) Observe(at time.Time, pos int64) {
	if c.now.empty() {
		c.epoch, c.first = at, pos
	} else if !at.After(c.last) {
		return
	}
	c.last = at
	p := point{x: at.Sub(c.epoch)}
	p.y = float64(minus(pos, c.first))/c.rate*perSecond - float64(p.x)
	switch late := c.now.line.over(p.x) - p.y; {
	case c.now.empty():
		c.now.add(p)
	case late < -float64(tolerance):
		c.step(envelope{})
		c.now.add(p)
	case late > float64(tolerance):
		c.late.add(p)
		if c.late.lasts() {
			c.step(c.late)
		}
	default:
		c.late = envelope{}
		c.now.add(p)
	}
}

// step goes on with another line. One that was too short to tell anything is forgotten.
func (c *Card) step(to envelope) {
	if c.now.lasts() {
		c.before = c.now
	}
	c.now, c.late = to, envelope{}
}

// Pos is the index of the sample frame that is captured at t; false while no stamp was seen.
func (c *Card) Pos(t time.Time) (int64, bool) {
	if c.now.empty() {
		return 0, false
	}
	x := t.Sub(c.epoch)
	l := c.now.line
	if x < c.now.begin.x && !c.before.empty() {
		l = c.before.line
	}
	return int64(add(time.Duration(c.first), float64(l.to(x))*c.rate/perSecond)), true
}

// When is when the sample frame pos is captured: the inverse of Pos, but for what a step left out or made twice.
func (c *Card) When(pos int64) (time.Time, bool) {
	if c.now.empty() {
		return time.Time{}, false
	}
	card := add(0, float64(minus(pos, c.first))/c.rate*perSecond)
	l := c.now.line
	if float64(card) < float64(c.now.begin.x)+c.now.begin.y && !c.before.empty() {
		l = c.before.line
	}
	return c.epoch.Add(l.from(card)), true
}

// Reading tells how the clocks stand at now.
func (c *Card) Reading(now time.Time) CardReading {
	if c.now.empty() || now.Sub(c.last) > slots*slot {
		return CardReading{}
	}
	var sum float64
	for _, p := range c.now.points {
		sum += math.Pow(c.now.line.over(p.x)-p.y, 2)
	}
	return CardReading{Known: true, DriftPPM: c.now.line.slope * 1e6, Residual: add(0, math.Sqrt(sum/float64(len(c.now.points))))}
}
