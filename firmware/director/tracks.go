package director

import (
	"path/filepath"
	"slices"
	"time"

	"orionbox/audio/recorder"
	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// The recordings of this session as tracks: where each lies on the session clock, known to this box as it grows and told
// to the room, so that every box can name every chunk.

// announceEvery is how often the room is told of a track that grows.
const announceEvery = 5 * time.Second

func (d *Director) trackBegins(r *recording, e recorder.Event) {
	r.begun, r.begin = true, e.Pos
	d.own = append(d.own, r)
	d.follow(r)
	d.place(r, r.begin)
	d.announce(r)
}

func (d *Director) trackGrows(r *recording, e recorder.Event) {
	r.samples, r.bytes = e.Samples, e.Bytes
	d.follow(r)
}

func (d *Director) trackEnds(r *recording, e recorder.Event) {
	r.ended = true
	if !r.begun {
		return
	}
	r.samples, r.bytes = max(r.samples, e.Samples), max(r.bytes, e.Bytes)
	d.follow(r)
	d.place(r, r.begin+r.samples)
	d.announce(r)
}

// place notes when the sample frame pos of a recording was captured, by the box's own clock: what that is on the session
// clock may become better known, or another.
func (d *Director) place(r *recording, pos int64) {
	if at, ok := r.when(pos); ok {
		r.line = r.line.Add(takes.Point{Hub: d.ownInstant(at), Pos: pos}, r.rate)
	}
}

// ownInstant is a time of the box's monotonic clock, ownTime the inverse.
func (d *Director) ownInstant(t time.Time) clock.Instant {
	return clock.InstantOf(d.born).Add(t.Sub(d.born))
}
func (d *Director) ownTime(i clock.Instant) time.Time {
	return d.born.Add(i.Sub(clock.InstantOf(d.born)))
}

// instantOf is when the sample frame of a recorder's event was captured, by the clock that the journal is told.
func (d *Director) instantOf(r *recording, e recorder.Event) (clock.Instant, string) {
	at, ok := r.when(e.Pos)
	if !ok {
		at = e.At
	}
	name, written := d.clock.written(d.settled)
	return written.At(at), name
}

// announce tells the room of a track. One that has ended stays as it was told, so that all boxes cut it at the same sample.
func (d *Director) announce(r *recording) {
	if !d.settled || !r.begun {
		return
	}
	t := d.trackNow(r)
	if r.ended {
		r.final = &t
	}
	d.parts.Hub.Announce(t)
}

// movedBy is how far a track may be from where it is known to be now, until the room is told anew.
const movedBy = time.Millisecond

// moved tells whether a track that has ended lies elsewhere, by what is known now of the hub's clock.
func (d *Director) moved(r *recording) bool {
	now := d.trackNow(r)
	for _, pos := range []int64{r.begin, r.begin + r.samples} {
		was, _ := r.final.Line.HubAt(pos, r.rate)
		if is, _ := now.Line.HubAt(pos, r.rate); is.Sub(was).Abs() > movedBy {
			return true
		}
	}
	return r.final.Clock != now.Clock
}

// trackOf is a recording as the room knows it, or will.
func (d *Director) trackOf(r *recording) takes.Track {
	if r.final != nil {
		return d.carriedTrack(*r.final)
	}
	return d.trackNow(r)
}

func (d *Director) trackNow(r *recording) takes.Track {
	t := takes.Track{
		Box: d.id, Name: d.cfg.Name, File: r.file(), Studio: r.number > 0, Rate: r.rate,
		Begin: r.begin, Samples: r.samples, Bytes: r.bytes, Open: !r.ended, Clock: d.clock.current,
		Line: r.line.Map(func(i clock.Instant) clock.Instant { return d.clock.At(d.ownTime(i)) }),
	}
	if path := r.path.Load(); path != nil {
		t.Session = filepath.Base(filepath.Dir(*path))
	}
	if t.Studio {
		t.Take, t.Bitrate = r.take(), d.cfg.Bitrate
	}
	return t
}

// tracks are all that are known: the others' as they told of them, this box's as they are now.
func (d *Director) tracks() []takes.Track {
	var all []takes.Track
	own := map[takes.TrackKey]bool{}
	for _, r := range d.own {
		t := d.trackOf(r)
		own[t.Key()] = true
		all = append(all, t)
	}
	for key, t := range d.told {
		if !own[key] {
			all = append(all, d.carriedTrack(t))
		}
	}
	return all
}

// carriedTrack is a track on the session clock of now.
func (d *Director) carriedTrack(t takes.Track) takes.Track {
	if t.Clock != d.clock.current {
		t.Line = t.Line.Map(func(i clock.Instant) clock.Instant { return d.clock.carry(i, t.Clock) })
		t.Clock = d.clock.current
	}
	return t
}

// shelve keeps this session's recordings among those that were told, when another session begins.
func (d *Director) shelve() {
	for _, r := range d.own {
		t := d.trackOf(r)
		d.told[t.Key()] = t
	}
	d.own = nil
}

// recent leaves out the tracks of earlier sessions: those that had ended before this box's own began.
func (d *Director) recent(all []takes.Track) []takes.Track {
	since := d.began()
	return slices.DeleteFunc(all, func(t takes.Track) bool {
		end, ok := t.Line.HubAt(t.Begin+t.Samples, t.Rate)
		grows := t.Open && d.peers[t.Box].State == hub.Present
		return !grows && (!ok || end < since)
	})
}
