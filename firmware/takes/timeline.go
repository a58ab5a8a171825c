package takes

import (
	"cmp"
	"math"
	"slices"
	"time"

	"orionbox/firmware/clock"
)

const (
	straight  = 200 * time.Microsecond // a point that the line without it tells as well as this is not kept
	block     = 10 * time.Minute       // of a line, looked at as a whole when it is over
	maxKept   = 1000                   // points that Add keeps: beyond that every second one goes
	minSlope  = 10 * time.Second       // what is shorter tells less of a card's drift than its nominal rate does
	maxDrift  = 1000e-6                // of a card, against its nominal rate; crystals keep within a tenth of it
	perSecond = float64(time.Second)
)

// PosAt is the index of the sample frame that was captured at i. Beyond the ends the line goes on with the slope that it has
// there, or with rate (sample frames a second) if that slope is not known well. False for a line without points, and for
// one of a single point without a rate.
func (l Timeline) PosAt(i clock.Instant, rate int) (int64, bool) {
	from, more, known := l.posAt(i, rate)
	return plus(from, more), known
}

// PlaceAt is PosAt with the fraction of a sample frame, counted from one that is near, for whoever resamples along the line.
func (l Timeline) PlaceAt(i clock.Instant, rate int, from int64) (float64, bool) {
	pos, more, known := l.posAt(i, rate)
	return minus(pos, from) + more, known
}

func (l Timeline) posAt(i clock.Instant, rate int) (from int64, more float64, known bool) {
	n, _ := slices.BinarySearchFunc(l, i, func(p Point, i clock.Instant) int { return cmp.Compare(p.Hub, i) })
	p, slope := l.around(n, rate)
	if slope <= 0 {
		return 0, 0, false
	}
	return p.Pos, minus(int64(i), int64(p.Hub)) * slope, true
}

// HubAt is when the sample frame pos was captured: the inverse of PosAt.
func (l Timeline) HubAt(pos int64, rate int) (clock.Instant, bool) {
	n, _ := slices.BinarySearchFunc(l, pos, Point.comparePos)
	from, slope := l.around(n, rate)
	if slope <= 0 {
		return 0, false
	}
	return clock.Instant(plus(int64(from.Hub), minus(pos, from.Pos)/slope)), true
}

// around is the straight line, by a point of it and its sample frames a nanosecond, that is true before the n-th point and
// behind the one before that. No slope: none is known.
func (l Timeline) around(n int, rate int) (Point, float64) {
	switch {
	case len(l) == 0:
		return Point{}, 0
	case n <= 0:
		return l[0], l.end(0, 1, rate)
	case n >= len(l):
		return l[len(l)-1], l.end(len(l)-1, -1, rate)
	}
	return l[n-1], slope(l[n-1], l[n])
}

// end is the slope at an end of the line, seen from there in a direction over as much as a block of it.
func (l Timeline) end(from, direction, rate int) float64 {
	nominal := float64(max(rate, 0)) / perSecond
	to := from + direction
	for next := to + direction; next >= 0 && next < len(l) && far(l[from], l[next]) <= float64(block); next += direction {
		to = next
	}
	if to < 0 || to >= len(l) {
		return nominal
	}
	found := slope(l[from], l[to])
	if nominal == 0 || far(l[from], l[to]) >= float64(minSlope) && math.Abs(found/nominal-1) <= maxDrift {
		return found
	}
	return nominal
}

// slope is 0 for points that no sound can have made.
func slope(a, b Point) float64 {
	s := minus(b.Pos, a.Pos) / minus(int64(b.Hub), int64(a.Hub))
	if s > 0 && !math.IsInf(s, 0) { // which NaN is not
		return s
	}
	return 0
}

func far(a, b Point) float64 { return math.Abs(minus(int64(a.Hub), int64(b.Hub))) }

// minus is a-b, exact as long as that is under 2^53: 104 days in nanoseconds. Nothing overflows.
func minus(a, b int64) float64 {
	d := a - b
	if (a >= b) == (d >= 0) {
		return float64(d)
	}
	return float64(a) - float64(b)
}

// plus is a+b to the nearest, held within what an int64 has.
func plus(a int64, b float64) int64 {
	b = math.Round(b)
	switch {
	case b >= math.MaxInt64 || b > 0 && a > math.MaxInt64-int64(b):
		return math.MaxInt64
	case b <= math.MinInt64 || b < 0 && a < math.MinInt64-int64(b):
		return math.MinInt64
	}
	return a + int64(b)
}

// Map is the line carried over to another clock, which shows f(i) when the line's shows i. Points that are out of order there
// or out of range are dropped.
func (l Timeline) Map(f func(clock.Instant) clock.Instant) Timeline {
	var mapped Timeline
	for _, p := range l {
		p.Hub = f(p.Hub)
		if n := len(mapped); p.sound() && (n == 0 || p.Hub > mapped[n-1].Hub && p.Pos > mapped[n-1].Pos) {
			mapped = append(mapped, p)
		}
	}
	return mapped
}

// Add is the line with one more point, which is left out if it does not fit into the order of both or the line tells it
// already; rate is that of the stream. Of a stretch that is over only those points stay without which the line would be off
// by more than 0.2 ms: so a line stays short over hours, as short as what it tells is smooth.
func (l Timeline) Add(p Point, rate int) Timeline {
	n, known := slices.BinarySearchFunc(l, p.Hub, func(q Point, i clock.Instant) int { return cmp.Compare(q.Hub, i) })
	if known || n > 0 && l[n-1].Pos >= p.Pos || n < len(l) && l[n].Pos <= p.Pos {
		return l
	}
	if n < len(l) {
		if n > 0 && off(l[n-1], p, l[n]) <= float64(straight) {
			return l
		}
		return slices.Insert(slices.Clone(l), n, p).thin()
	}
	if l.tells(p, rate) {
		return l
	}
	if n > 0 && blockOf(l[n-1]) != blockOf(p) {
		l = l.settle()
	}
	return append(slices.Clip(l), p).thin()
}

// tells is true for a point right behind the last one, where the line goes on to: several lines of a journal may be of one
// moment.
func (l Timeline) tells(p Point, rate int) bool {
	if len(l) == 0 || far(l[len(l)-1], p) > float64(time.Second) {
		return false
	}
	i, known := l.HubAt(p.Pos, rate)
	return known && far(Point{Hub: i}, p) <= float64(straight)
}

func blockOf(p Point) int64 { return int64(p.Hub) / int64(block) }

// settle straightens the last block, which is looked at only once: so errors do not add up.
func (l Timeline) settle() Timeline {
	first := len(l) - 1
	for first > 0 && blockOf(l[first-1]) == blockOf(l[len(l)-1]) {
		first--
	}
	first = max(0, first-1) // the line into the block
	return append(slices.Clone(l[:first]), l[first:].straighten()...)
}

// straighten keeps the ends and, as long as any point is off the line between, the one that is off the most (Ramer,
// Douglas, Peucker).
func (l Timeline) straighten() Timeline {
	if len(l) < 3 {
		return l
	}
	most, worst := 0, float64(straight)
	for i := 1; i < len(l)-1; i++ {
		if d := off(l[0], l[i], l[len(l)-1]); d > worst {
			most, worst = i, d
		}
	}
	if most == 0 {
		return Timeline{l[0], l[len(l)-1]}
	}
	return slices.Concat(l[:most+1].straighten(), l[most:].straighten()[1:])
}

// off is by how many nanoseconds the line from a to b misses p.
func off(a, p, b Point) float64 {
	s := slope(a, b)
	if s <= 0 {
		return math.Inf(1)
	}
	return math.Abs(minus(p.Pos, a.Pos)/s - minus(int64(p.Hub), int64(a.Hub)))
}

// thin bounds a line that noise keeps long: of all but its last block every second point goes.
func (l Timeline) thin() Timeline {
	if len(l) <= maxKept {
		return l
	}
	kept := Timeline{l[0]}
	for i := 1; i < len(l); i++ {
		if i%2 == 0 || i > len(l)-60 {
			kept = append(kept, l[i])
		}
	}
	return kept
}
