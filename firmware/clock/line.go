package clock

import (
	"math"
	"time"
)

// line is what is added to a reading x of the box's clock to have another clock's: y nanoseconds at at, and slope
// nanoseconds more each nanosecond.
type line struct {
	at       time.Duration
	y, slope float64
}

func (l line) over(x time.Duration) float64 { return l.y + l.slope*float64(x-l.at) }

// to is the other clock's reading when the box's is x.
func (l line) to(x time.Duration) time.Duration { return add(x, l.over(x)) }

// from is the inverse of to: with c(x) what is added at x, c(x) = c(d) + slope*(x-d) and x + c(x) = d make
// x = d - c(d)/(1+slope), where nothing large is multiplied.
func (l line) from(d time.Duration) time.Duration { return add(d, -l.over(d)/(1+l.slope)) }

// add is x+y to the nearest nanosecond, held within what a Duration has.
func add(x time.Duration, y float64) time.Duration {
	switch sum := float64(x) + y; {
	case sum >= math.MaxInt64:
		return math.MaxInt64
	case sum <= math.MinInt64:
		return math.MinInt64
	}
	return x + time.Duration(math.Round(y))
}

// minus is a-b, held within what an int64 has.
func minus(a, b int64) int64 {
	d := a - b
	switch {
	case a >= b && d < 0:
		return math.MaxInt64
	case a < b && d >= 0:
		return math.MinInt64
	}
	return d
}

// point is a reading x of the box's clock, and there a bound of what is to be added, in nanoseconds.
type point struct {
	x time.Duration
	y float64
}

// vertex is a point as it is reckoned with: seconds and nanoseconds from the latest, small numbers.
type vertex struct{ x, y float64 }

func (v vertex) slope(w vertex) float64 { return (w.y - v.y) / (w.x - v.x) }

// hull is the lower convex hull of points in the order of x (Andrew's monotone chain): the slopes from vertex to vertex
// rise. With sign -1 it is the upper one, and the slopes fall.
func hull(points []point, latest time.Duration, sign, lift float64) []vertex {
	var kept []vertex
	for _, p := range points {
		v := vertex{x: (p.x - latest).Seconds()}
		v.y = p.y + sign*lift*v.x*v.x
		for n := len(kept); n > 0; n = len(kept) {
			last := kept[n-1]
			if v.x == last.x {
				if sign*(v.y-last.y) >= 0 {
					break
				}
			} else if n < 2 || sign*(kept[n-2].slope(last)-last.slope(v)) < 0 {
				break
			}
			kept = kept[:n-1]
		}
		if n := len(kept); n == 0 || v.x > kept[n-1].x {
			kept = append(kept, v)
		}
	}
	return kept
}
