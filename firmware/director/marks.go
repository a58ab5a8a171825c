package director

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// newID is short enough to type, and unlikely enough to come twice in a room.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()[:7]) }

// mark sets a marker at a time.
func (d *Director) mark(at time.Time, name string) takes.Change {
	c := takes.Change{ID: newID("c"), Marker: newID("m"), Op: takes.Set, At: d.clock.At(at), Name: name, By: d.id, Role: d.cfg.Role}
	d.change(c)
	return c
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

// take takes a change in, this box's or another's, and writes it down if it belongs to this session. What comes back from
// the hub replaces what was known of it.
func (d *Director) take(c takes.Change) {
	place := max(c.At, d.placeOf(c.Marker))
	if i := slices.IndexFunc(d.changes, func(o takes.Change) bool { return o.ID == c.ID }); i < 0 {
		d.changes = append(d.changes, c)
	} else if d.changes[i] != c {
		d.changes[i] = c
	} else {
		return
	}
	if d.folder == nil || place < d.clock.At(d.folder.began) {
		return
	}
	e := takes.Entry{Kind: takes.KindMarker, Hub: c.At, Clock: d.clock.Reading(d.now()).Clock, Change: &c}
	if pos, ok := d.card.Pos(d.clock.When(c.At)); ok && c.At != 0 {
		e.Pos, e.Rate = pos, d.cfg.Studio.Rate
	}
	d.note(d.folder, e)
}

// placeOf is where a marker stands, 0 for one that is not there.
func (d *Director) placeOf(marker string) clock.Instant {
	for _, m := range takes.Fold(d.changes) {
		if m.ID == marker {
			return m.At
		}
	}
	return 0
}

// forget takes back what the hub refused.
func (d *Director) forget(id string) {
	d.changes = slices.DeleteFunc(d.changes, func(c takes.Change) bool { return c.ID == id })
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
	markers := takes.Fold(d.changes)
	i := slices.IndexFunc(markers, func(o takes.Marker) bool { return o.ID == m.Marker })
	switch {
	case m.Op == takes.Set && d.cfg.Role == session.Listener:
		return "", fmt.Errorf("%w: a LISTENER may not set markers", ErrRefused)
	case m.Op == takes.Set:
		c := takes.Change{ID: "c", Marker: "m", Op: takes.Set, At: 1, Name: m.Name}
		if err := c.Check(); err != nil {
			return "", fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return fmt.Sprintf("marker %s set", d.mark(d.now().Add(m.By), m.Name).Marker), nil
	case i < 0:
		return "", fmt.Errorf("%w: %w", ErrRefused, errNoMarker)
	}
	c := takes.Change{ID: newID("c"), Marker: m.Marker, Op: m.Op, Name: m.Name, By: d.id, Role: d.cfg.Role}
	if m.Op == takes.Move {
		c.At = markers[i].At.Add(m.By)
	}
	if err := errors.Join(c.Check(), takes.May(c, markers)); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	d.change(c)
	return fmt.Sprintf("marker %s: %s", m.Marker, m.Op), nil
}

var errNoMarker = errors.New("there is no such marker; `orionbox marker` lists them")
