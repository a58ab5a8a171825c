package hub

import (
	"slices"
	"time"

	"orionbox/firmware/takes"
)

// ledger holds the tracks of this box as they stand now, and which of them the hub knows. It only decides.
type ledger struct {
	list []*announced // in the order of their first announcement
	open int          // those that the hub does not know as they are
}

// announced is a track on its way, or there.
type announced struct {
	takes.Track
	known  bool      // by the hub, as it stands
	number uint64    // of the question under way
	sent   time.Time // zero: none is
}

const (
	maxTracks   = 1000
	tracksOnWay = 8
)

// put takes in how a track stands now.
func (l *ledger) put(t takes.Track) {
	i := slices.IndexFunc(l.list, func(a *announced) bool { return a.Track.Key() == t.Key() })
	if i < 0 {
		if l.list = append(l.list, &announced{Track: t}); len(l.list) > maxTracks {
			l.list = slices.Delete(l.list, 0, 1)
		}
	} else {
		*l.list[i] = announced{Track: t} // an answer to what it was is none to what it is
	}
	l.count()
}

func (l *ledger) count() {
	l.open = 0
	for _, a := range l.list {
		if !a.known {
			l.open++
		}
	}
}

// next is the track to be sent now, nil if none is.
func (l *ledger) next() *announced {
	if l.open == 0 {
		return nil
	}
	var next *announced
	under := 0
	for _, a := range l.list {
		switch {
		case !a.sent.IsZero():
			under++
		case !a.known && next == nil:
			next = a
		}
	}
	if under >= tracksOnWay {
		return nil
	}
	return next
}

// answered notes that the hub knows a track; with it, what it knows.
func (l *ledger) answered(number uint64) *announced {
	i := slices.IndexFunc(l.list, func(a *announced) bool { return a.number == number })
	if i < 0 || number == 0 {
		return nil
	}
	l.list[i].known, l.list[i].sent = true, time.Time{}
	l.count()
	return l.list[i]
}

// again has all sent anew.
func (l *ledger) again() {
	for _, a := range l.list {
		a.known, a.sent = false, time.Time{}
	}
	l.count()
}

// late has those sent anew that were not answered in time.
func (l *ledger) late(now time.Time) {
	for _, a := range l.list {
		if !a.sent.IsZero() && now.Sub(a.sent) >= answerLimit {
			a.sent = time.Time{}
		}
	}
}

// due is when late may find something.
func (l *ledger) due() time.Time {
	due := never
	if l.open == 0 {
		return due
	}
	for _, a := range l.list {
		if !a.sent.IsZero() {
			due = earliest(due, a.sent.Add(answerLimit))
		}
	}
	return due
}
