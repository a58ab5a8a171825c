package export

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"orionbox/audio/pcm"
	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

// scene is a session on one clock.
type scene struct {
	folders Folders
	clock   string
	rate    int           // sample frames a second of the grid that all WAVs lie on
	begin   clock.Instant // frame 0 of it: a whole second
	frames  int64         // of each WAV
	tracks  []*track      // that have a place, by start
	absent  []*track      // that have none, or no file
	markers []takes.Marker
	notes   []string
}

// track is a recording and where it lies.
type track struct {
	takes.Track
	own     bool
	sure    bool // its place is by the session clock, not by the time of day
	path    string
	format  pcm.Format // of the file
	frames  int64      // in the file, decoded
	halved  int        // sample frames of the stream for one of the file
	start   clock.Instant
	end     clock.Instant
	errorMS float64 // that its journal grants the session clock; 0 unknown
	why     string  // of an absent one
}

// read reads a session's folders and opens all its recordings once.
func read(f Folders) (*scene, error) {
	sources, err := sourcesOf(f)
	if err != nil {
		return nil, err
	}
	s := &scene{folders: f}
	var all []*track
	for _, src := range sources {
		if src.note != "" {
			s.notes = append(s.notes, src.note)
		}
		if takes.InUse(src.dir) {
			s.notes = append(s.notes, fmt.Sprintf("%s is still being recorded: what comes later is not in it; export again then", src.session))
		}
		all = append(all, src.tracks()...)
	}
	c := carrierOf(sources, all)
	for _, t := range all {
		c.bring(t)
		s.take(t)
	}
	s.clock, s.markers = c.to, c.markers()
	slices.SortStableFunc(s.tracks, func(a, b *track) int { return cmp.Compare(a.start, b.start) })
	if len(s.tracks) == 0 {
		return nil, fmt.Errorf("export %s: there is no recording that has a place in time%s", f.Session, s.whyNone())
	}
	return s, nil
}

func (s *scene) whyNone() string {
	for _, t := range s.absent {
		return fmt.Sprintf("; %s: %s", t.File, t.why)
	}
	for _, note := range s.notes {
		return "; " + note
	}
	return ""
}

// tracks are the recordings of a folder: those that the journal tells of, and files that it does not know.
func (s source) tracks() []*track {
	var all []*track
	told := map[string]bool{}
	for _, t := range takes.Tracks(s.log, s.box, s.name, s.session) {
		told[t.File] = true
		if s.own || t.Studio { // an artist's voice recording stays on the artist's box
			all = append(all, &track{Track: t, own: s.own, path: filepath.Join(s.dir, t.File)})
		}
	}
	for _, file := range s.files {
		if r, _ := takes.ParseName(file); !told[file] {
			all = append(all, &track{Track: takes.Track{Box: s.box, Name: s.name, Session: s.session, File: file, Studio: r.Studio, Take: r.Take},
				own: s.own, path: filepath.Join(s.dir, file)})
		}
	}
	for _, t := range all {
		t.errorMS = clockError(s.log, t.Track)
	}
	return all
}

// take looks at a recording's file and gives the track its place, or the reason why it has none.
func (s *scene) take(t *track) {
	if err := t.look(); err != nil {
		t.why = err.Error()
		s.absent = append(s.absent, t)
		return
	}
	if !t.sure {
		s.notes = append(s.notes, fmt.Sprintf("%s of %s is placed by the time of day that its box had: it may be off by as much as that was wrong", t.File, t.Name))
	}
	if told := t.Samples / int64(t.halved); !t.Open && told-t.frames > int64(t.format.Rate)/10 {
		s.notes = append(s.notes, fmt.Sprintf("%s of %s has %.1f s; its journal tells of %.1f s", t.File, t.Name, seconds(t.frames, t.format.Rate), seconds(told, t.format.Rate)))
	}
	s.tracks = append(s.tracks, t)
}

func seconds(frames int64, rate int) float64 { return float64(frames) / float64(rate) }

func (t *track) look() error {
	in, err := openSound(t.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("not delivered yet")
	case err != nil:
		return err
	}
	t.format, t.frames = in.Format(), in.Len()
	if err := in.Close(); err != nil {
		return err
	}
	t.halved = max(1, t.Rate/max(1, t.format.Rate))
	var known, knownEnd bool
	t.start, known = t.Line.HubAt(t.Begin, t.Rate)
	t.end, knownEnd = t.Line.HubAt(t.Begin+t.frames*int64(t.halved), t.Rate)
	switch {
	case !known || !knownEnd:
		return errors.New("its journal does not tell when it was")
	case t.end <= t.start:
		return errors.New("there is no sound in it")
	case t.end.Sub(t.start) > 48*time.Hour:
		return errors.New("it is longer than two days")
	}
	return nil
}

// lay lays out the grid, from the whole second before the first start to the last end.
func (s *scene) lay(rate int) error {
	s.rate, s.begin = rate, s.tracks[0].start
	end := s.begin
	for _, t := range s.tracks {
		s.begin, end = min(s.begin, t.start), max(end, t.end)
	}
	s.begin -= s.begin % clock.Instant(time.Second)
	if end.Sub(s.begin) > 48*time.Hour {
		return fmt.Errorf("export %s: its recordings lie more than two days apart, from %v to %v: a box had a wrong clock; export the folders one by one",
			s.folders.Session, s.begin.Time(), end.Time())
	}
	s.frames = s.frameAt(end) + 1
	return nil
}

// frameAt is the frame of the grid at or before an instant.
func (s *scene) frameAt(i clock.Instant) int64 {
	return pcm.Format{Rate: s.rate, Channels: 1}.Samples(i.Sub(s.begin))
}

// instant is when a frame of the grid is, to the nanosecond.
func (s *scene) instant(frame int64) clock.Instant {
	return s.begin.Add(pcm.Format{Rate: s.rate, Channels: 1}.Duration(frame))
}

// since is an instant in seconds of the grid.
func (s *scene) since(i clock.Instant) float64 { return i.Sub(s.begin).Seconds() }

// place is the frame of the track's file, with a fraction, that was captured at an instant.
func (t *track) place(i clock.Instant) float64 {
	pos, _ := t.Line.PlaceAt(i, t.Rate, t.Begin) // known, since the track has a place
	return pos / float64(t.halved)
}

// playRate is by how much the file must be played faster than it says to last as long as it took.
func (t *track) playRate() float64 {
	return seconds(t.frames, t.format.Rate) / t.end.Sub(t.start).Seconds()
}

// bend is how far, in milliseconds, the track leaves the straight line between its ends, which is all that a play rate tells.
func (t *track) bend() float64 {
	const points = 200
	worst := 0.0
	for k := range int64(points) {
		at := t.start.Add(t.end.Sub(t.start) / points * time.Duration(k))
		off := t.place(at) - float64(t.frames)/points*float64(k)
		worst = max(worst, off, -off)
	}
	return worst / float64(t.format.Rate) * 1000
}

// clockError is the most, in milliseconds, that a box's clock may have been off its hub's while it recorded a track.
func clockError(log takes.Log, t takes.Track) float64 {
	start, _ := t.Line.HubAt(t.Begin, t.Rate)
	end, known := t.Line.HubAt(t.Begin+t.Samples, t.Rate)
	worst := 0.0
	for _, e := range log.Entries {
		during := known && e.Hub >= start.Add(-15*time.Second) && e.Hub <= end.Add(15*time.Second)
		if e.Kind == takes.KindClock && e.File == "" && e.Clock == t.Clock && during {
			worst = max(worst, e.ErrorMS)
		}
	}
	return worst
}
