package takes

import (
	"cmp"
	"slices"

	"orionbox/firmware/clock"
)

// Stretch is a piece of one recording: sample frames From up to To, not included, from the start of the file.
type Stretch struct {
	Session, File string
	Rate          int // sample frames a second
	From, To      int64
}

// Heard are the pieces of a box's voice recordings, by time, that were recorded between two instants: what the box heard
// and said then, whoever's chunk that is. One that is still open may reach beyond what is on the disk. When the box was off
// or its disk full, there is none.
func Heard(tracks []Track, box string, from, to clock.Instant) []Stretch {
	type piece struct {
		at clock.Instant
		Stretch
	}
	var pieces []piece
	for _, t := range tracks {
		first, ok := t.Line.PosAt(from, t.Rate)
		last, _ := t.Line.PosAt(to, t.Rate)
		if t.Box != box || t.Studio || !ok || t.Check() != nil {
			continue
		}
		s := Stretch{t.Session, t.File, t.Rate, max(first, t.Begin) - t.Begin, max(last, t.Begin) - t.Begin}
		if !t.Open {
			s.To = min(s.To, t.Samples)
		}
		if minus(s.To, s.From) < together.Seconds()*float64(t.Rate) { // shorter than a click
			continue
		}
		at, _ := t.Line.HubAt(t.Begin+s.From, t.Rate)
		pieces = append(pieces, piece{at, s})
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.File, b.File)) })
	heard := make([]Stretch, len(pieces))
	for i, p := range pieces {
		heard[i] = p.Stretch
	}
	return heard
}

// GrownTo is an open track as it will be once all that was captured until i is on the disk, and known here: what one tells
// of a recording that grows is up to some seconds old.
func (t Track) GrownTo(i clock.Instant) Track {
	if pos, ok := t.Line.PosAt(i, t.Rate); ok && t.Open && pos > t.Begin && pos-t.Begin <= maxSamples {
		t.Samples = max(t.Samples, pos-t.Begin)
	}
	return t
}
