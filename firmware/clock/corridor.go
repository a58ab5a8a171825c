package clock

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// What bounds the corridor.
const (
	window    = 5 * time.Minute
	maxKept   = 512       // exchanges
	maxSlope  = 500e3     // ns/s, 500 ppm: as much as a kernel slews a clock by
	wander    = 200. / 60 // ns/s²: 0.2 ppm a minute, twice what a box on a table does
	likely    = 150e3     // ns/s: as much as crystals differ by
	precision = 1000.     // ns, of a reading of a clock
	wide      = 4         // gaps: wide enough to have theta within, in about 95 of 100 cases
)

// corridor is what is known of theta, which added to the box's clock makes the hub's: each exchange says that theta was at
// most HubReceived-Sent when it was sent, and at least HubSent-Received when it was received.
//
//	theta | '    '   '    '         upper bounds: theta + the way there
//	      |   '    '    '   '
//	      |     '___'_______'____   their lower hull: F
//	      | - - - - - - - - - - -   a line that theta can have
//	      |  ________.____.______   the upper hull of the lower bounds: G
//	      | .   .  .      .
//	      |   .   .    .    .   .   lower bounds: theta - the way back
//	      +---------------------- the box's clock
//
// Late messages only make bounds that say nothing. The few quick ones of either direction hold the line, and need not be
// the same exchange, as they must be where the exchange with the least round trip is kept (RFC 5905, section 10).
//
// A line of slope rho that fits between crosses x=0 under F(rho) = min(upper-rho*x) and over G(rho) = max(lower-rho*x): F is
// concave, G convex, both straight between the slopes of the hulls' edges, and the lines that fit are a polygon
// (the hulls: Moon, Skelly, Towsley, Estimation and Removal of Clock Skew from Network Delay Measurements, INFOCOM 1999;
// Zhang, Liu, Xia, Clock Synchronization Algorithms for Network Measurements, INFOCOM 2002).
//
// That polygon is as wide as the least delays are long, which tells nothing. Taking it that both directions' least delays are
// the same, the line is about where the corridor is widest: the quickest messages of a direction are a gap apart, and the
// very quickest was about a gap later than it might have been. So F and G are drawn together until only a few gaps
// stay between them at the widest, and what stays of the polygon is all lines that are likely. Its centroid is the line, its
// size the uncertainty. While the span is short all slopes stay likely, and their middle is none: nothing swings.
//
// Theta is no straight line where a crystal's temperature changes. So bounds soften as they age, by wander/2*age²: the line
// that is sought is the tangent at the latest exchange.
type corridor struct {
	above, below []point // in the order of x
}

// fit is the corridor's line and how far off it may be.
type fit struct {
	line
	off   float64 // ns, at line.at
	swing float64 // of the slope
	bound float64 // ns, at line.at, however unlike the two directions are
}

func (c *corridor) add(above, below point) {
	c.above, c.below = insert(c.above, above), insert(c.below, below)
	*c = c.since(c.latest() - window)
	if n := len(c.above) - maxKept; n > 0 {
		c.above, c.below = slices.Delete(c.above, 0, n), slices.Delete(c.below, 0, n)
	}
}

func insert(points []point, p point) []point {
	n := len(points)
	for n > 0 && points[n-1].x > p.x {
		n--
	}
	return slices.Insert(points, n, p)
}

func (c corridor) latest() time.Duration { return c.below[len(c.below)-1].x }

func (c corridor) span() time.Duration { return c.latest() - c.below[0].x }

// ends are when the first exchange and the last were over.
func (c corridor) ends() (first, last time.Duration) {
	if len(c.below) == 0 {
		return 0, 0
	}
	return c.below[0].x, c.latest()
}

// since is what the exchanges that were over at x or later tell; there must be one.
func (c corridor) since(x time.Duration) corridor {
	n, _ := slices.BinarySearchFunc(c.below, x, func(p point, x time.Duration) int { return cmp.Compare(p.x, x) })
	return corridor{c.above[n:], c.below[n:]}
}

// fit finds the line; false if none fits.
func (c corridor) fit() (fit, bool) {
	latest := c.latest()
	upper, lower := hull(c.above, latest, 1, wander/2), hull(c.below, latest, -1, wander/2)
	slices.Reverse(lower)
	lines := turn(upper, lower)
	widest := slices.MaxFunc(lines, func(a, b section) int { return cmp.Compare(a.width(), b.width()) })
	if widest.width() < 1 { // ns
		return fit{}, false
	}
	bound := widest.width() / 2
	guess := line{latest, widest.middle(), widest.slope / perSecond}
	there, back := min(gap(c.above, guess, 1), bound), min(gap(c.below, guess, -1), bound)
	stay := min(widest.width(), wide*(there+back)/2+2*precision)
	by := (widest.width() - stay) / 2
	for i := range lines {
		lines[i].high += (back-there)/2 - by
		lines[i].low += (back-there)/2 + by
	}
	inner := slices.DeleteFunc(slices.Clone(lines), func(s section) bool { return math.Abs(s.slope) > likely })
	if slices.ContainsFunc(inner, func(s section) bool { return s.width() > 0 }) {
		lines = inner
	}
	found := centroid(lines)
	found.at, found.bound = latest, max(bound, found.off)
	return found, true
}

const lowest = 8

// gap is how far apart the quickest messages of a direction are: about as far the very quickest is from what a message
// takes that waits nowhere.
func gap(points []point, l line, sign float64) float64 {
	least := make([]float64, 0, lowest+1)
	for _, p := range points {
		late := sign * (p.y - l.over(p.x))
		if len(least) == lowest && late >= least[lowest-1] {
			continue
		}
		n, _ := slices.BinarySearch(least, late)
		least = slices.Insert(least, n, late)
		least = least[:min(len(least), lowest)]
	}
	if len(least) < 4 {
		return math.Inf(1)
	}
	return (least[len(least)-1] - least[0]) / float64(len(least)-1)
}
