package director

import (
	"time"

	"orionbox/firmware/clock"
)

// timelines are the session clocks that a box has lived by: its own, until it meets a hub; then the hub's; and another one
// if the hub's machine loses its power and begins to count anew. What was placed on one is found again on the next, for the
// box knows them all by the same monotonic clock.
type timelines struct {
	own, current string
	of           map[string]*clock.Hub
}

func newTimelines(now time.Time) timelines {
	own := clock.NewHub(now)
	name := own.Reading(now).Clock
	return timelines{own: name, current: name, of: map[string]*clock.Hub{name: own}}
}

// observe takes in an exchange; true if it is the first by another clock, which is the session's from now on.
func (l *timelines) observe(e clock.Exchange) (changed bool) {
	h, known := l.of[e.Clock]
	if !known {
		h = clock.NewHub(e.Received)
		l.of[e.Clock] = h
	}
	h.Observe(e)
	if changed = l.current != e.Clock && h.Reading(e.Received).Synced; changed {
		l.current = e.Clock
	}
	return changed
}

// At is the instant at a time of the box's clock, When the inverse.
func (l *timelines) At(t time.Time) clock.Instant   { return l.of[l.current].At(t) }
func (l *timelines) When(i clock.Instant) time.Time { return l.of[l.current].When(i) }

// Reading tells how the session clock stands.
func (l *timelines) Reading(now time.Time) clock.Reading { return l.of[l.current].Reading(now) }

// carry takes an instant over from another clock. From one that the box never knew it stays as it is: all clocks show
// about the time of day.
func (l *timelines) carry(i clock.Instant, from string) clock.Instant {
	h, known := l.of[from]
	if !known || from == l.current || i == 0 {
		return i
	}
	return l.At(h.When(i))
}

// written is the clock by which the journal is told now: the hub's once it is well known, which a line in a journal cannot
// become later; else the box's own.
func (l *timelines) written(settled bool) (name string, h *clock.Hub) {
	if settled {
		return l.current, l.of[l.current]
	}
	return l.own, l.of[l.own]
}
