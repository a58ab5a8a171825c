package library

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

// recording is a file that is there.
func (f folder) recording(file file, s Session) Recording {
	r := f.named(file.name, s)
	r.Bytes, r.Seconds = file.bytes, file.seconds
	t, known := f.track(file.name)
	r.Open = s.Open && (!known || t.Open)
	if r.Seconds == 0 && known {
		r.Seconds = float64(t.Samples) / float64(t.Rate)
	}
	return r
}

// named is what name, journal and receipt tell of a recording.
func (f folder) named(name string, s Session) Recording {
	n, _ := takes.ParseName(name) // it is one
	r := Recording{File: name, Kind: Voice, Artist: n.Artist, Number: n.Take, Chunks: []Chunk{}, Delivered: []delivery.Taken{}}
	if n.Studio {
		r.Kind = Take
	}
	receipt := f.receipts[name]
	r.AtHub, r.Delivered = receipt.Whole != nil, append(r.Delivered, receipt.Taken...)
	r.Began = f.start(name, s)
	return r
}

// gone are the takes that were deleted since a producer has them.
func (f folder) gone(s Session) []Recording {
	var all []Recording
	for name, receipt := range f.receipts {
		if receipt.Deleted == nil || slices.ContainsFunc(f.files, func(o file) bool { return o.name == name }) {
			continue
		}
		r := f.named(name, s)
		r.Bytes, r.Deleted = receipt.Bytes, receipt.Deleted
		if t, known := f.track(name); known {
			r.Seconds = float64(t.Samples) / float64(t.Rate)
		}
		all = append(all, r)
	}
	return all
}

func (f folder) track(name string) (takes.Track, bool) {
	i := slices.IndexFunc(f.tracks, func(t takes.Track) bool { return t.File == name })
	if i < 0 {
		return takes.Track{}, false
	}
	return f.tracks[i], true
}

// start is when a recording began: by the session clock, by the journal's line, or by its name, in this order.
func (f folder) start(name string, s Session) time.Time {
	t, _ := f.track(name)
	if i, known := t.Line.HubAt(t.Begin, t.Rate); known {
		return i.Time()
	}
	for _, e := range f.log.Entries {
		if e.File == name && (e.Kind == takes.KindTakeStart || e.Kind == takes.KindVoiceStart) {
			return e.Time
		}
	}
	return nameTime(name, s.Began)
}

// nameTime is the time of day in a recording's name, on the day that the session began or the next.
func nameTime(name string, began time.Time) time.Time {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	stem, _, _ = strings.Cut(stem[strings.LastIndexByte(stem, '_')+1:], "-")
	at, err := time.Parse("150405", stem)
	if err != nil || began.IsZero() {
		return time.Time{}
	}
	at = time.Date(began.Year(), began.Month(), began.Day(), at.Hour(), at.Minute(), at.Second(), 0, began.Location())
	if at.Before(began.Truncate(time.Second)) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// chunksOf are those that have a piece of a file.
func chunksOf(all []takes.Chunk, file string) []Chunk {
	chunks := []Chunk{}
	for _, c := range all {
		for _, p := range []*takes.Place{c.Studio, c.Voice} {
			if p == nil || p.File != file || p.Rate <= 0 {
				continue
			}
			rate := float64(p.Rate)
			chunks = append(chunks, Chunk{Number: c.Number, Title: c.Title, Verdict: c.Verdict, Began: c.Start.Time(),
				At: float64(p.From) / rate, Seconds: float64(p.To-p.From) / rate})
		}
	}
	return chunks
}
