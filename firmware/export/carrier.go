package export

import (
	"cmp"
	"slices"

	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

// carrier brings instants to the one clock of an export. A box tells time by its own clock until it meets a hub, and a hub
// that lost its power begins to count anew; who recorded across that knows both clocks.
type carrier struct {
	to   string
	logs []takes.Log
}

// carrierOf chooses the clock: the one that the own journal ends with, if that is a hub's, else the hub's clock that most
// boxes tell.
func carrierOf(sources []source, tracks []*track) carrier {
	c := carrier{to: takes.LocalClock}
	votes := map[string]int{}
	for _, t := range tracks {
		if t.own && t.Clock != takes.LocalClock {
			votes[t.Clock] += len(tracks)
		}
		votes[t.Clock]++
	}
	delete(votes, takes.LocalClock)
	names := make([]string, 0, len(votes))
	for name := range votes {
		names = append(names, name)
	}
	if len(names) > 0 {
		c.to = slices.MinFunc(names, func(a, b string) int { return cmp.Or(votes[b]-votes[a], cmp.Compare(a, b)) })
	}
	for _, s := range sources {
		c.logs = append(c.logs, s.log)
	}
	return c
}

// carry is the same instant by the export's clock. Where no journal knows both clocks, it stays as it is and sure is false:
// all clocks show about the time of day. The clock that a box has before it meets a hub is another one for each.
func (c carrier) carry(i clock.Instant, from string) (at clock.Instant, sure bool) {
	if from == c.to {
		return i, from != takes.LocalClock
	}
	if from == takes.LocalClock || from == "" {
		return i, false
	}
	for _, log := range c.logs {
		if at, known := takes.Across(log, i, from, c.to); known {
			return at, true
		}
	}
	return i, false
}

// bring places a track by the export's clock.
func (c carrier) bring(t *track) {
	if len(t.Line) == 0 || t.own && t.Clock == c.to {
		t.sure = true
		return
	}
	_, t.sure = c.carry(t.Line[0].Hub, t.Clock)
	if t.Clock != c.to {
		t.Line = t.Line.Map(func(i clock.Instant) clock.Instant { i, _ = c.carry(i, t.Clock); return i })
	}
}

// markers are those that stand after all that the journals tell, by time.
func (c carrier) markers() []takes.Marker {
	board := takes.NewBoard()
	for _, log := range c.logs {
		for _, change := range takes.Changes(log) {
			if change.At > 0 {
				change.At, _ = c.carry(change.At, cmp.Or(change.Clock, c.to))
				change.Clock = c.to
			}
			board.Take(change)
		}
	}
	return board.Markers()
}
