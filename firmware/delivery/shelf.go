package delivery

import (
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// arrival is a file of an artist's on its way to this producer's box.
type arrival struct {
	file    hub.File
	group   string    // the session of the producer's that it belongs to; empty: not known yet
	have    int64     // bytes of the upload that are here; unknown before it was looked
	mine    string    // SHA-256 of what is here, whole, and the hub knows
	more    bool      // the hub had more than was asked for
	drained bool      // all that will ever come of it is here
	fails   int       // in a row
	looks   time.Time // when it is looked for more of it
	anews   int
	err     string
}

const (
	growEvery  = 3 * time.Second // how often more of a take is fetched that still grows
	arrivalsIn = 10 * time.Second
)

// shelf is all that the hub has for this box. It only decides.
type shelf struct {
	box      string // this one's id
	arrivals map[takes.TrackKey]*arrival
	order    []takes.TrackKey
	hold
}

func newShelf(box string) *shelf {
	return &shelf{box: box, arrivals: map[takes.TrackKey]*arrival{}}
}

// filed takes in what the hub tells of a file.
func (s *shelf) filed(f hub.File, group string) {
	a := s.arrivals[f.TrackKey]
	if a == nil {
		a = &arrival{have: unknown}
		s.arrivals[f.TrackKey] = a
		s.order = append(s.order, f.TrackKey)
	}
	if a.file.Upload != f.Upload { // another version of a journal
		a.have = unknown
	}
	if a.file.Whole() != f.Whole() {
		a.looks = time.Time{}
		if f.Whole() { // it may have been lost, and have come once more: the hub is told once more
			a.mine = ""
		}
	}
	a.file = f
	if f.Whole() && f.TakenBy(s.box) {
		a.mine = f.SHA256
	}
	if a.group == "" {
		a.group = group
	}
}

// next is what is to be fetched now; else, when that may change by itself. What is whole goes first.
func (s *shelf) next(now time.Time) (best *arrival, wake time.Time) {
	if now.Before(s.until) {
		return nil, s.until
	}
	for _, k := range s.order {
		a := s.arrivals[k]
		switch {
		case !a.wanted():
		case now.Before(a.looks):
			if wake.IsZero() || a.looks.Before(wake) {
				wake = a.looks
			}
		case best == nil || a.before(best):
			best = a
		}
	}
	return best, wake
}

// before tells which of two goes first: what is whole, and what has failed less often, lest one that cannot be had holds up all.
func (a *arrival) before(b *arrival) bool {
	if a.fails != b.fails {
		return a.fails < b.fails
	}
	return a.file.Whole() && !b.file.Whole()
}

// taken tells whether it is here, whole, and the hub knows.
func (a *arrival) taken() bool {
	return a.mine != "" && (a.mine == a.file.SHA256 || !a.file.Whole())
}

// wanted tells whether something of it can be had.
func (a *arrival) wanted() bool {
	journal := a.file.File == hub.JournalFile
	return !a.taken() && !a.over() && a.group != "" && (a.file.Whole() || !journal)
}

// over tells whether no more of it will come.
func (a *arrival) over() bool { return a.file.Gone || a.file.Ended && !a.file.Whole() && a.drained }

// InboxStatus is what an inbox tells of itself.
type InboxStatus struct {
	Folder   string          `json:"folder"`
	Arriving []ArrivalStatus `json:"arriving"` // takes that are not here yet, or still grow
	Received int             `json:"received"` // takes that are here
	Cutting  bool            `json:"cutting"`  // the chunks' files are not yet as the chunks are
	Trouble  string          `json:"trouble,omitempty"`
}

// ArrivalStatus is how far a take has come here.
type ArrivalStatus struct {
	Name    string `json:"name"` // of the artist
	Session string `json:"session"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes,omitempty"` // 0 while it grows
	Have    int64  `json:"have_bytes"`
	Whole   bool   `json:"whole"` // at the hub
	Trouble string `json:"trouble,omitempty"`
}

func (s *shelf) status() InboxStatus {
	status := InboxStatus{Arriving: []ArrivalStatus{}, Trouble: s.trouble}
	for _, k := range s.order {
		a := s.arrivals[k]
		switch {
		case k.File == hub.JournalFile:
		case a.taken():
			status.Received++
		case !a.over():
			status.Arriving = append(status.Arriving, ArrivalStatus{Name: a.file.Name, Session: k.Session, File: k.File,
				Bytes: a.file.Bytes, Have: min(max(0, a.have), max(a.file.Bytes, a.have)), Whole: a.file.Whole(), Trouble: a.err})
		}
	}
	return status
}
