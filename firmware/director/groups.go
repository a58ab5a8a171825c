package director

import (
	"maps"
	"slices"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// artistSession is a session of an artist's box, of which all files belong to one session of this box.
type artistSession struct{ box, name string }

// groupOf is the session of this box that a file belongs to: the one that it was recorded in, for the most part. With none, it
// is the artist's own. Empty says that it is not known yet. What was found stays: the folder is made by then.
func (d *Director) groupOf(f hub.File) string {
	of := artistSession{f.Box, f.Session}
	if group, found := d.groups[of]; found {
		return group
	}
	theirs, own := d.spans(of)
	if !theirs.known {
		if f.Whole() {
			return f.Session
		}
		return ""
	}
	best, most := f.Session, time.Duration(0)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		s := own[name]
		if d.inSession(name) {
			s.to = max(s.to, theirs.to)
		}
		if both := min(s.to, theirs.to).Sub(max(s.from, theirs.from)); both > most {
			best, most = name, both
		}
	}
	if most > 0 { // else a session of this box may still come to be known
		d.groups[of] = best
	}
	return best
}

// period is from when to when something was recorded.
type period struct {
	from, to clock.Instant
	known    bool
}

// with is the period with a recording more.
func (p period) with(t takes.Track) period {
	begin, known := t.Line.HubAt(t.Begin, t.Rate)
	end, _ := t.Line.HubAt(t.Begin+max(t.Samples, int64(t.Rate)), t.Rate) // one that has just begun has a length too
	switch {
	case !known:
		return p
	case !p.known:
		return period{begin, end, true}
	}
	return period{min(p.from, begin), max(p.to, end), true}
}

// spans are the period of an artist's session, and those of this box's own by their names. It goes once through all that the
// room has ever recorded.
func (d *Director) spans(of artistSession) (theirs period, own map[string]period) {
	own = map[string]period{}
	now := map[takes.TrackKey]bool{}
	for _, r := range d.own {
		t := d.trackOf(r)
		now[t.Key()] = true
		own[t.Session] = own[t.Session].with(t)
	}
	for k, t := range d.told {
		switch {
		case now[k]:
		case k.Box == d.id:
			own[k.Session] = own[k.Session].with(d.carriedTrack(t))
		case k.Box == of.box && k.Session == of.name:
			theirs = theirs.with(d.carriedTrack(t))
		}
	}
	return theirs, own
}
