package clock

import "time"

// envelope is the line over the stamps of a stream that has not stepped.
type envelope struct {
	line   line
	begin  point
	end    time.Duration
	points []point // of each slot the least late, by the nominal rate
	seen   int
}

func (e *envelope) empty() bool { return e.seen == 0 }

// lasts tells that it is no callback that came late.
func (e *envelope) lasts() bool { return e.seen >= run && e.end-e.begin.x >= stepped }

func (e *envelope) add(p point) {
	if e.empty() {
		e.begin = p
	}
	e.seen++
	e.end = p.x
	n := len(e.points)
	switch {
	case n == 0 || p.x/slot != e.points[n-1].x/slot:
		e.points = append(e.points, p)
	case p.y > e.points[n-1].y:
		e.points[n-1] = p
	default:
		return
	}
	for len(e.points) > slots || p.x-e.points[0].x > slots*slot {
		e.points = e.points[1:]
	}
	e.fit()
}

// fit draws the line along the hull's edge over the mean of x: of all lines that no point is above it is the one with the
// least sum of distances. The slope is believed as far as the span allows.
func (e *envelope) fit() {
	latest := e.points[len(e.points)-1].x
	over := hull(e.points, latest, -1, 0)
	var mean float64
	for _, p := range e.points {
		mean += (p.x - latest).Seconds() / float64(len(e.points))
	}
	n := 0
	for n+2 < len(over) && over[n+1].x < mean {
		n++
	}
	slope := 0.
	if len(over) > 1 {
		slope = max(-maxSlope, min(maxSlope, over[n].slope(over[n+1])))
		span := (latest - e.points[0].x - tooShort).Seconds() / (longSpan - tooShort).Seconds()
		slope *= max(0, min(1, span))
	}
	e.line = line{at: latest, y: touchAbove(over, slope), slope: slope / perSecond}
}

// touchAbove is where the lowest line of that slope that no vertex is above crosses x=0.
func touchAbove(over []vertex, slope float64) float64 {
	y := over[0].y - slope*over[0].x
	for _, v := range over[1:] {
		y = max(y, v.y-slope*v.x)
	}
	return y
}
