package takes

import (
	"cmp"
	"slices"

	"orionbox/firmware/clock"
)

// Tracks is what a session's journal tells of its recordings, in the order in which they began, and where they lie on the
// session clock: that of the last hub that the journal names, or the box's own if it never heard from one. A recording that
// was never closed has the length that Recover found; until then it is open, with the pre-roll that it began with. The
// journal may be damaged: what makes no sense is left out, and a recording of which it has the length alone has no Line.
func Tracks(log Log, box, name, session string) []Track {
	times := timesOf(log.Entries)
	tracks := []Track{}
	for _, t := range recordingsIn(log.Entries) {
		if t.checkFile() == nil && (t.Open || t.Samples > 0) {
			t.Box, t.Name, t.Session, t.Line = box, name, session, times.line(t)
			t.Clock = times.clock
			tracks = append(tracks, t)
		}
	}
	return tracks
}

// Changes is all that a session's journal tells of markers, as Fold takes it, but for what the hub refused. What was set on
// the box's own clock before it heard from a hub stands where it belongs on the hub's; all names the clock that it is by.
func Changes(log Log) []Change {
	times := timesOf(log.Entries)
	refused := map[string]bool{}
	for _, e := range log.Entries {
		if e.Kind == KindMarker && e.Text == MarkerRefused && e.Change != nil {
			refused[e.Change.ID] = true
		}
	}
	changes := []Change{}
	for _, e := range log.Entries {
		if e.Kind == KindMarker && e.Change != nil && e.Change.Check() == nil && !refused[e.Change.ID] {
			changes = append(changes, times.carry(*e.Change, e.Clock))
		}
	}
	return changes
}

// carry is a change on the session's clock. If it tells no clock, it is by that of its line. What cannot be carried over
// stays, by the clock that it is by.
func (t times) carry(c Change, line string) Change {
	from := cmp.Or(c.Clock, line, t.clock)
	if !clockName(from) {
		return c
	}
	c.Clock = t.clock
	if c.At > 0 {
		if i, known := t.translate(c.At, from); known && i > 0 {
			c.At = i
		} else {
			c.Clock = from
		}
	}
	return c
}

// recordingsIn follows each file through the journal.
func recordingsIn(entries []Entry) []Track {
	var tracks []Track
	at := map[string]int{}
	for _, e := range entries {
		if e.Kind == KindSession && e.Text != Opened { // nothing grows any more
			for i := range tracks {
				tracks[i].end()
			}
		}
		if !e.ofFile() {
			continue
		}
		i, known := at[e.File]
		if !known {
			i = len(tracks)
			at[e.File] = i
			name, _ := ParseName(e.File)
			tracks = append(tracks, Track{File: e.File, Studio: name.Studio, Take: name.Take, Open: true})
		}
		tracks[i].follow(e, known)
	}
	return tracks
}

// ofFile tells of a line that says how long a recording is or where it began.
func (e Entry) ofFile() bool {
	name, ok := ParseName(e.File)
	switch e.Kind {
	case KindTakeStart, KindTakeStop, KindTakeRecovered:
		return ok && name.Studio
	case KindVoiceStart, KindVoiceStop, KindVoiceRecovered:
		return ok && !name.Studio
	}
	return false
}

// follow takes in one more line about the recording, which is known if it is not the first.
func (t *Track) follow(e Entry, known bool) {
	t.Rate = cmp.Or(t.Rate, e.Rate)
	samples := min(max(0, e.Samples), maxSamples)
	switch e.Kind {
	case KindTakeStart, KindVoiceStart:
		t.Begin, t.Bitrate = e.Pos, cmp.Or(e.Bitrate, t.Bitrate)
		if t.Open {
			t.Samples = samples
		}
		return
	case KindTakeStop, KindVoiceStop:
		if !known {
			t.Begin = e.Pos - samples // its start is lost; the stop tells where it ended
		}
	default:
		if e.Rate > 0 && t.Rate > e.Rate { // counted in an MP3 that has half the rate of its stream
			samples *= int64(t.Rate / e.Rate)
		}
	}
	t.Samples, t.Bytes, t.Open = samples, e.Bytes, false
}

// end is for a session that is over: of a recording that is open still, no sound reached the disk.
func (t *Track) end() {
	if t.Open {
		t.Open, t.Samples = false, 0
	}
}

// times is what a journal tells of time.
type times struct {
	clock  string // the session's
	rate   int    // of the studio stream
	studio map[string]Timeline
	own    map[string]Timeline // of the voice recordings, each a stream for itself, by file; on the session's clock
	guess  map[string]Timeline // from the times of day of starts: for a journal without hub times
}

func timesOf(entries []Entry) times {
	t := times{clock: LocalClock, studio: map[string]Timeline{}, own: map[string]Timeline{}, guess: map[string]Timeline{}}
	for _, e := range entries {
		if e.Hub > 0 && e.onClock() != LocalClock && clockName(e.Clock) {
			t.clock = e.Clock
		}
		if e.ofStudio() && e.Rate > 0 {
			t.rate = e.Rate
		}
	}
	for _, e := range entries {
		if p := e.point(); e.Hub != 0 && e.ofStudio() && p.sound() {
			t.studio[e.onClock()] = t.studio[e.onClock()].Add(p, t.rate)
		}
	}
	for _, e := range entries {
		t.addOwn(e)
	}
	return t
}

// addOwn takes in a line about a voice recording, or a start that tells no hub time.
func (t times) addOwn(e Entry) {
	if e.Hub == 0 && (e.Kind == KindTakeStart || e.Kind == KindVoiceStart) && e.Time.Year() > 1970 && e.Time.Year() < 2200 {
		t.guess[e.File] = Timeline{{Hub: clock.InstantOf(e.Time), Pos: e.Pos}}
	}
	if e.Hub == 0 || !e.ofVoice() {
		return
	}
	if i, known := t.translate(e.Hub, e.onClock()); known {
		if p := (Point{Hub: i, Pos: e.Pos}); p.sound() {
			t.own[e.File] = t.own[e.File].Add(p, e.Rate)
		}
	}
}

// onClock is the clock that Hub is of.
func (e Entry) onClock() string { return cmp.Or(e.Clock, LocalClock) }

func (e Entry) point() Point { return Point{Hub: e.Hub, Pos: e.Pos} }

// ofStudio tells of a line whose Pos is of the studio stream, ofVoice of one whose Pos is of a voice recording's.
func (e Entry) ofStudio() bool {
	name, ok := ParseName(e.File)
	return e.tellsTime() && (e.Kind == KindClock && e.File == "" || ok && name.Studio)
}

func (e Entry) ofVoice() bool {
	name, ok := ParseName(e.File)
	return e.tellsTime() && ok && !name.Studio
}

func (e Entry) tellsTime() bool {
	return slices.Contains([]Kind{KindClock, KindGap, KindTakeStart, KindTakeStop, KindVoiceStart, KindVoiceStop}, e.Kind)
}

// translate finds the instant on the session's clock at which another clock showed i.
func (t times) translate(i clock.Instant, from string) (clock.Instant, bool) {
	return t.across(i, from, t.clock)
}

// line is that of a recording's stream, as far as the recording needs it.
func (t times) line(r Track) Timeline {
	l := t.own[r.File]
	if r.Studio {
		l = t.studio[t.clock].near(r)
	}
	if len(l) == 0 && t.clock == LocalClock {
		l = t.guess[r.File]
	}
	return l
}

// near is what a recording needs of its stream's line: what lies within it, and a block around for the slope. If the line
// begins later than that or ends before, it is the block at that end, which the recording lies on the continuation of.
func (l Timeline) near(r Track) Timeline {
	if len(l) == 0 {
		return nil
	}
	margin := int64(r.Rate) * int64(block.Seconds())
	first, _ := slices.BinarySearchFunc(l, r.Begin-margin, Point.comparePos)
	last, _ := slices.BinarySearchFunc(l, r.Begin+r.Samples+margin, Point.comparePos)
	first, last = max(0, first-1), min(len(l)-1, last)
	for last+1 < len(l) && (first == last || far(l[first], l[last+1]) <= float64(block)) {
		last++
	}
	for first > 0 && (first == last || far(l[first-1], l[last]) <= float64(block)) {
		first--
	}
	return slices.Clone(l[first : last+1])
}

func (p Point) comparePos(pos int64) int { return cmp.Compare(p.Pos, pos) }
