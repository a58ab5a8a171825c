package director

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// markers are all changes to markers that a box knows: as they were made, each by the clock of its time, and on the
// session clock of now.
type markers struct {
	made  []takes.Change
	index map[string]int // in made, by the change's id
	board *takes.Board
}

func newMarkers() markers { return markers{index: map[string]int{}, board: takes.NewBoard()} }

// keep keeps a change as it was made; what comes back from the hub replaces what was known of it.
func (m *markers) keep(c takes.Change) {
	if i, known := m.index[c.ID]; known {
		m.made[i] = c
		return
	}
	m.index[c.ID] = len(m.made)
	m.made = append(m.made, c)
}

// newMarkerID is short enough to type, and unlikely enough to come twice in a room.
func newMarkerID() string { return "m" + strings.ToLower(rand.Text()[:7]) }

// mark sets a marker at a time.
func (d *Director) mark(at time.Time, name string) takes.Change {
	c := d.newChange(newMarkerID(), takes.Set)
	c.At, c.Name = d.clock.At(at), name
	d.change(c)
	return c
}

func (d *Director) newChange(marker string, op takes.Op) takes.Change {
	return takes.Change{ID: rand.Text(), Marker: marker, Op: op, Clock: d.clock.current, By: d.id, Role: d.cfg.Role}
}

// markEnd sets a marker where an artist's take ended, to the sample.
func (d *Director) markEnd(r *recording) {
	if at, ok := r.when(r.begin + r.samples); ok && r.begun {
		d.mark(at, "")
	}
}

// change does something to a marker, here and everywhere.
func (d *Director) change(c takes.Change) {
	d.take(c)
	d.post(hub.Post{ID: c.ID, Kind: hub.KindMarker, Change: &c})
}

// take takes a change in, this box's or another's, and writes it down if it belongs to this session.
func (d *Director) take(c takes.Change) {
	d.markers.keep(c)
	c = d.carried(c)
	before, _ := d.markers.board.Marker(c.Marker)
	news := d.markers.board.Take(c)
	d.stale = d.stale || news
	if !news || d.folder == nil || max(c.At, before.At) < d.clock.At(d.folder.began) {
		return
	}
	e := takes.Entry{Kind: takes.KindMarker, Change: &c}
	name, written := d.clock.written(d.settled)
	if at := d.clock.When(c.At); c.At != 0 {
		c.At, c.Clock = written.At(at), name
		e.Hub, e.Clock = c.At, name
		if pos, ok := d.card.Pos(at); ok {
			e.Pos, e.Rate = pos, d.cfg.Studio.Rate
		}
	}
	d.note(d.folder, e)
}

// carried is a change on the session clock of now.
func (d *Director) carried(c takes.Change) takes.Change {
	c.At, c.Clock = d.clock.carry(c.At, c.Clock), d.clock.current
	return c
}

// carryMarkers places all markers anew, after the session clock has become another or better known.
func (d *Director) carryMarkers() {
	d.markers.board = takes.NewBoard()
	for _, c := range d.markers.made {
		d.markers.board.Take(d.carried(c))
	}
}

// forget takes back a change that the hub refused, in the journal too.
func (d *Director) forget(c takes.Change) {
	d.markers.board.Forget(c.ID)
	d.stale = true
	if i, known := d.markers.index[c.ID]; known {
		d.markers.made[i] = takes.Change{} // which is no change
	}
	d.note(d.folder, takes.Entry{Kind: takes.KindMarker, Text: takes.MarkerRefused, Change: &c})
}

// MarkRequest is what a person wants done to a marker.
type MarkRequest struct {
	Op     takes.Op
	Marker string        // id; not for a new one
	Name   string        // of a new one, and of Rename
	By     time.Duration // of Move: from where it stands; of Set: from now
}

// doMark does it, and tells in words what was done.
func (d *Director) doMark(m MarkRequest) (string, error) {
	c := d.newChange(m.Marker, m.Op)
	c.Name = m.Name
	switch m.Op {
	case takes.Set:
		if why := d.state.MayMark(); why != "" {
			return "", fmt.Errorf("%w: %s", ErrRefused, why)
		}
		c.Marker, c.At = newMarkerID(), d.clock.At(d.now().Add(m.By))
	case takes.Move:
		at, _ := d.markers.board.Marker(m.Marker)
		c.At = max(at.At.Add(m.By), 1)
	}
	if err := errors.Join(c.Check(), d.markers.board.May(c)); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	d.change(c)
	return markWords(c), nil
}

// markWords says what was done to a marker.
func markWords(c takes.Change) string {
	text, at := "marker "+c.Marker, c.At.Time().Local().Format("15:04:05.000")
	switch c.Op {
	case takes.Set:
		return text + " set at " + at
	case takes.Move:
		return text + " moved to " + at
	case takes.Rename:
		return fmt.Sprintf("%s renamed to %q", text, c.Name)
	case takes.Delete:
		return text + " deleted"
	}
	return fmt.Sprintf("%s: the chunk that begins there is %s", text, c.Op)
}

// recentMarkers leaves out those of earlier sessions.
func (d *Director) recentMarkers() []takes.Marker {
	since := d.began()
	var recent []takes.Marker
	for _, m := range d.markers.board.Markers() {
		if m.At >= since {
			recent = append(recent, m)
		}
	}
	return recent
}

// began is when this session began, or the box, while there is none.
func (d *Director) began() clock.Instant {
	if d.folder != nil {
		return d.clock.At(d.folder.began)
	}
	return d.clock.At(d.born)
}
