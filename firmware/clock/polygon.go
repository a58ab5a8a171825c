package clock

import (
	"math"
	"time"
)

const perSecond = float64(time.Second)

// section is all lines of one slope, in ns/s, that fit: at x=0 they run between low and high.
type section struct{ slope, high, low float64 }

func (s section) width() float64  { return s.high - s.low }
func (s section) middle() float64 { return (s.high + s.low) / 2 }

func (s section) between(t section, share float64) section {
	mix := func(a, b float64) float64 { return a + share*(b-a) }
	return section{mix(s.slope, t.slope), mix(s.high, t.high), mix(s.low, t.low)}
}

// turn turns a line along a lower hull and along an upper one, which is given from its right end: the sections at all slopes
// at which one of the two reaches the next vertex, and at the ends. Between them everything is straight.
func turn(upper, lower []vertex) []section {
	f, g := turning{upper}, turning{lower}
	var all []section
	for slope := -maxSlope; ; {
		all = append(all, section{slope, f.touch(slope) + precision, g.touch(slope) - precision})
		if slope >= maxSlope {
			return all
		}
		next := min(maxSlope, f.next(), g.next())
		if slope < -likely {
			next = min(next, -likely)
		} else if slope < likely {
			next = min(next, likely)
		}
		slope = next
	}
}

// turning is what a line still has to touch of a hull as its slope rises.
type turning struct{ hull []vertex }

// next is the slope at which the line touches the next vertex.
func (t *turning) next() float64 {
	if len(t.hull) < 2 {
		return math.Inf(1)
	}
	return t.hull[0].slope(t.hull[1])
}

// touch is where the line of that slope crosses x=0.
func (t *turning) touch(slope float64) float64 {
	for t.next() <= slope {
		t.hull = t.hull[1:]
	}
	return t.hull[0].y - slope*t.hull[0].x
}

// centroid is the middle of the polygon that sections make where they are not negative, and how far it reaches.
func centroid(all []section) fit {
	var area, slope, y float64
	reach := struct{ low, high, flat, steep float64 }{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for i := range all[1:] {
		a, b, ok := clip(all[i], all[i+1])
		if !ok {
			continue
		}
		mid := a.between(b, 0.5)
		sum := func(f func(section) float64) float64 { // Simpson's rule, exact up to cubes; this is squares
			return (b.slope - a.slope) / 6 * (f(a)*a.width() + 4*f(mid)*mid.width() + f(b)*b.width())
		}
		area += sum(func(section) float64 { return 1 })
		slope += sum(func(s section) float64 { return s.slope })
		y += sum(section.middle)
		reach.low, reach.high = min(reach.low, a.low, b.low), max(reach.high, a.high, b.high)
		reach.flat, reach.steep = min(reach.flat, a.slope), max(reach.steep, b.slope)
	}
	y, slope = y/area, slope/area
	return fit{
		line:  line{y: y, slope: slope / perSecond},
		off:   max(reach.high-y, y-reach.low),
		swing: max(reach.steep-slope, slope-reach.flat) / perSecond,
	}
}

// clip is the part from a to b that is not negative.
func clip(a, b section) (section, section, bool) {
	switch wa, wb := a.width(), b.width(); {
	case wa <= 0 && wb <= 0:
		return a, b, false
	case wa < 0:
		return a.between(b, wa/(wa-wb)), b, true
	case wb < 0:
		return a, a.between(b, wa/(wa-wb)), true
	}
	return a, b, true
}
