package recorder

import (
	"errors"
	"slices"
	"time"
)

// ErrOpen is why a Start failed while a take was open. That take goes on.
var ErrOpen = errors.New("a take is open")

// Kind is what happened.
type Kind string

const (
	// Started: the file is open. Pos is its first sample, Samples the length of the pre-roll.
	Started Kind = "started"
	// Progress: Samples and Bytes of the take are on the disk now.
	Progress Kind = "progress"
	// Gap: the Samples from Pos on are silence in the take, all for the one reason that Lost tells.
	Gap Kind = "gap"
	// Stopped: the take is closed, with Samples and Bytes, and ends before Pos.
	Stopped Kind = "stopped"
	// Failed: no file could be opened, or no more be written (Err). What was written before is kept and closed as far
	// as the disk allows. The take with this ID is open no more, if it ever was.
	Failed Kind = "failed"
)

// Event is one thing that happened to a take. Pos counts sample frames from the start of the source's stream, Samples
// are sample frames.
//
// At belongs to Pos wherever Pos is a place in the take: of Started, Gap, Stopped, and Failed of a take that was open, it
// is when the sample frame Pos was captured, by the best estimate from when samples arrived. So At of Started is earlier
// than the press by the pre-roll, and that of Stopped is not later for a disk that was slow. Before any sound was heard, and
// of other events, At is when they were told.
type Event struct {
	Kind    Kind
	ID      int64 // what Start gave: 1, 2, ...
	At      time.Time
	Pos     int64
	Samples int64
	Bytes   int64
	// Lost, of a Gap: sound was captured and lost on its way, as the box or its disk did not keep up. Else nothing was
	// captured: the device was away.
	Lost bool
	Err  error
}

// Status is the last known state. After a take its figures stay until the next one starts.
type Status struct {
	Recording  bool
	LastSynced time.Time // when the file was last seen to have grown on the disk; zero before
	Samples    int64     // in the take, on the disk
	Bytes      int64     // of the file, on the disk
	Lost       int64     // sample frames of the take that are silence because what was captured was lost on its way
	Filled     int64     // sample frames of the take that are silence because nothing was captured
}

const (
	// room is how many events a reader may be late by before any is held back.
	room = 64
	// patience is how many are held back before gaps are merged.
	patience = 256
)

// mailbox hands events to a reader without ever waiting for it. It belongs to the recorder's goroutine.
type mailbox struct {
	out  chan Event
	held []Event // in order, after those in out
}

func newMailbox() *mailbox { return &mailbox{out: make(chan Event, room)} }

// put adds an event. Progress replaces a Progress that nobody read, and is not held back at all when the reader is far
// behind, so that there is always room for the events that matter.
func (m *mailbox) put(e Event) {
	defer m.send()
	last := len(m.held) - 1
	switch {
	case e.Kind == Progress && last >= 0 && m.held[last].Kind == Progress:
		m.held[last] = e
	case e.Kind == Progress && len(m.out) > room/2:
		// The next one will say more.
	case e.Kind == Gap && last >= patience && m.merge(e):
	default:
		m.held = append(m.held, e)
	}
}

// merge adds a gap to the last one of its take and its reason, if only gaps came since.
func (m *mailbox) merge(gap Event) bool {
	for i := range slices.Backward(m.held) {
		h := &m.held[i]
		if h.Kind != Gap || h.ID != gap.ID {
			return false
		}
		if h.Lost == gap.Lost {
			h.Samples += gap.Samples
			return true
		}
	}
	return false
}

// send gives the reader as much as it has room for.
func (m *mailbox) send() {
	for len(m.held) > 0 {
		select {
		case m.out <- m.held[0]:
			m.held = m.held[1:]
		default:
			return
		}
	}
}
