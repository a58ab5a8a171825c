package takes

import "orionbox/firmware/clock"

// Across carries an instant from one hub's clock to another's as a box knew both: by its studio stream, of which the journal
// tells where it stood on each. False if the journal does not tell of both.
func Across(log Log, i clock.Instant, from, to string) (clock.Instant, bool) {
	t := timesOf(log.Entries)
	return t.across(i, from, to)
}

// across finds, by the studio stream, the instant on one clock at which another showed i.
func (t times) across(i clock.Instant, from, to string) (clock.Instant, bool) {
	if from == to {
		return i, true
	}
	pos, known := t.studio[from].PosAt(i, t.rate)
	if !known {
		return 0, false
	}
	return t.studio[to].HubAt(pos, t.rate)
}
