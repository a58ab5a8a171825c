package library

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// folder is what was read of a session's folder.
type folder struct {
	name     string
	files    []file
	receipts map[string]delivery.Receipt // by recording
	log      takes.Log
	tracks   []takes.Track
	held     bool // of a session of which the journal does not tell whether it is over
	trouble  []string
}

// file is a recording that is there. Its length was measured where the journal does not tell it.
type file struct {
	name     string
	bytes    int64
	modified time.Time
	seconds  float64
}

// tell makes of a folder what is shown of it; times of names are in zone.
func (f folder) tell(zone *time.Location) Session {
	s := Session{Name: f.name, Open: f.open(), Recordings: []Recording{}, Trouble: strings.Join(f.trouble, "; ")}
	s.Began = f.began(zone)
	chunks := takes.Chunks(f.tracks, takes.Fold(takes.Changes(f.log)))
	for _, file := range f.files {
		r := f.recording(file, s)
		r.Chunks = chunksOf(chunks, r.File)
		s.Recordings = append(s.Recordings, r)
		s.Bytes += r.Bytes
	}
	s.Recordings = append(s.Recordings, f.gone(s)...)
	slices.SortStableFunc(s.Recordings, Recording.compare)
	s.Seconds = f.seconds(s)
	return s
}

// compare sorts takes by their number behind the voice.
func (r Recording) compare(o Recording) int {
	return cmp.Or(-cmp.Compare(r.Kind, o.Kind), cmp.Compare(r.Number, o.Number), cmp.Compare(r.File, o.File))
}

// open tells whether the session is being recorded, or was when the power went and was not repaired yet.
func (f folder) open() bool {
	open := f.held
	for _, e := range f.log.Entries {
		if e.Kind == takes.KindSession {
			open = e.Text == takes.Opened
		}
	}
	return open
}

// began is the journal's word, or the name's.
func (f folder) began(zone *time.Location) time.Time {
	for _, e := range f.log.Entries {
		if e.Kind == takes.KindSession && e.Text == takes.Opened {
			return e.Time
		}
	}
	at, _, _ := takes.BeganAt(f.name, zone)
	return at
}

// seconds is up to the last line that tells of the session's own time, and the end of the last recording.
func (f folder) seconds(s Session) float64 {
	most := 0.0
	for _, e := range f.log.Entries {
		most = max(most, e.Session)
	}
	for _, r := range s.Recordings {
		if !r.Began.IsZero() && !s.Began.IsZero() && r.Began.Sub(s.Began).Abs() < 24*time.Hour { // a clock that was set tells nothing
			most = max(most, r.Began.Sub(s.Began).Seconds()+r.Seconds)
		}
	}
	return most
}

// unread says how much of a journal makes no sense.
func unread(log takes.Log) string {
	if log.Bad == 0 {
		return ""
	}
	return fmt.Sprintf("%d lines of its journal cannot be read", log.Bad)
}
