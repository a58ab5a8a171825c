package takes

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"orionbox/firmware/clock"
)

// together is how close two cuts are one: nobody pressed twice in that time, so they mean the same moment.
const together = 5 * time.Millisecond

// Chunks cuts recordings, of any number of boxes and sessions, at the starts and ends of takes, and at the markers that cut
// their box. Where the voice begins, or ends for good, in the middle of a take nothing is cut. The chunks are sorted by start; together those of a recording cover it to the sample, each sample once. A recording
// that is still open ends, for now, with what it has. One that makes no sense (Track.Check), is shorter than 5 ms, or has
// no place on the session clock, is left out, and so is time in which nothing was recorded.
func Chunks(tracks []Track, markers []Marker) []Chunk {
	type folder struct{ box, session string }
	of := map[folder][]Track{}
	for _, t := range tracks {
		if t.Check() == nil {
			of[folder{t.Box, t.Session}] = append(of[folder{t.Box, t.Session}], t)
		}
	}
	chunks := []Chunk{}
	for f, tracks := range of {
		own := slices.DeleteFunc(slices.Clone(markers), func(m Marker) bool { return !m.Cuts(f.box) })
		chunks = append(chunks, cutSession(tracks, own)...)
	}
	slices.SortFunc(chunks, func(a, b Chunk) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Box, b.Box), cmp.Compare(a.Session, b.Session), cmp.Compare(a.Number, b.Number))
	})
	return chunks
}

// cutSession makes the chunks of one session of a box.
func cutSession(tracks []Track, markers []Marker) []Chunk {
	lying := lay(tracks)
	cuts := cutsOf(lying, markers)
	var chunks []Chunk
	for k := 0; k+1 < len(cuts); k++ {
		var studio, voice []*Place
		for _, l := range lying {
			if p := l.piece(cuts, k); p != nil && l.Studio {
				studio = append(studio, p)
			} else if p != nil {
				voice = append(voice, p)
			}
		}
		chunks = append(chunks, chunksAt(cuts[k], cuts[k+1], tracks[0], studio, voice)...)
	}
	for i := range chunks {
		chunks[i].Number = i + 1
	}
	return chunks
}

// chunksAt is the chunk between two cuts, or none, or several: two takes overlap when the pre-roll of the second reaches
// into the first.
func chunksAt(from, to cut, of Track, studio, voice []*Place) []Chunk {
	var chunks []Chunk
	for i := range max(len(studio), len(voice)) {
		c := Chunk{Box: of.Box, Name: of.Name, Session: of.Session, Start: from.at, Seconds: minus(int64(to.at), int64(from.at)) / perSecond}
		if m := from.marker; m != nil {
			c.Marker, c.Title, c.Verdict = m.ID, m.Name, m.Verdict
		}
		if i < len(studio) {
			c.Studio = studio[i]
		}
		if i < len(voice) {
			c.Voice = voice[i]
		}
		chunks = append(chunks, c)
	}
	return chunks
}

// laid is a track where it lies on the session clock.
type laid struct {
	Track
	start, end clock.Instant
}

// lay places the tracks, sorted by their start. All that are open end together and with the last that has ended, so that
// there are no cuts where one of them was written a moment later than the others.
func lay(tracks []Track) []laid {
	var all []laid
	var now clock.Instant
	for _, t := range tracks {
		start, known := t.Line.HubAt(t.Begin, t.Rate)
		end, _ := t.Line.HubAt(t.Begin+t.Samples, t.Rate)
		if !known || minus(int64(end), int64(start)) < float64(together) {
			continue
		}
		all = append(all, laid{Track: t, start: start, end: end})
		now = max(now, end)
	}
	for i := range all {
		if all[i].Open {
			all[i].end = now
		}
	}
	slices.SortFunc(all, func(a, b laid) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.File, b.File)) })
	return all
}

// cut is where chunks meet.
type cut struct {
	first  clock.Instant // of all that are one with it
	at     clock.Instant // the marker's, if there is one
	marker *Marker
}

// cutsOf are the cuts by time, at least 5 ms apart. Which ones are taken together is decided from the first on, so that a
// later one changes nothing before it.
func cutsOf(tracks []laid, markers []Marker) []cut {
	var all []cut
	for i, t := range tracks {
		if !hidden(tracks, i, t.start, true) {
			all = append(all, cut{first: t.start, at: t.start})
		}
		if !hidden(tracks, i, t.end, false) {
			all = append(all, cut{first: t.end, at: t.end})
		}
	}
	for i, m := range markers {
		all = append(all, cut{first: m.At, at: m.At, marker: &markers[i]})
	}
	slices.SortStableFunc(all, func(a, b cut) int { return cmp.Compare(a.at, b.at) })
	var cuts []cut
	for _, c := range all {
		last := len(cuts) - 1
		switch {
		case last < 0 || minus(int64(c.at), int64(cuts[last].first)) >= float64(together):
			cuts = append(cuts, c)
		case cuts[last].marker == nil && c.marker != nil:
			cuts[last].at, cuts[last].marker = c.at, c.marker
		}
	}
	return cuts
}

// hidden tells whether an end of the n-th track needs no cut: that of the first voice recording, or the last, within a take.
func hidden(tracks []laid, n int, at clock.Instant, start bool) bool {
	if tracks[n].Studio {
		return false
	}
	within := false
	for i, t := range tracks {
		switch {
		case t.Studio:
			within = within || t.start < at && at < t.end
		case i < n && start, i != n && !start && t.end > at:
			return false // there is voice on the other side
		}
	}
	return within
}

// piece is what the track has between the k-th cut and the next; nil for nothing.
func (l laid) piece(cuts []cut, k int) *Place {
	first, last := indexOf(cuts, l.start), indexOf(cuts, l.end)
	if minus(int64(l.end), int64(cuts[last].first)) >= float64(together) { // it ends within the chunk
		last++
	}
	if k < first || k >= last {
		return nil
	}
	from, to := int64(0), l.Samples
	if k > first {
		from = l.sampleAt(cuts[k].at)
	}
	if k+1 < last {
		to = l.sampleAt(cuts[k+1].at)
	}
	return l.place(from, to)
}

// indexOf is the cut that one at i became.
func indexOf(cuts []cut, i clock.Instant) int {
	return sort.Search(len(cuts), func(k int) bool { return cuts[k].first > i }) - 1
}

// sampleAt is how many sample frames of the track lie before i.
func (l laid) sampleAt(i clock.Instant) int64 {
	pos, _ := l.Line.PosAt(i, l.Rate) // known, since the track is laid
	return min(max(pos, l.Begin)-l.Begin, l.Samples)
}
