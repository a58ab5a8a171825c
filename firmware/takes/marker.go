package takes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

// Marker is a point on the session clock where recordings are cut, as it stands after all that was done to it.
type Marker struct {
	ID      string        `json:"id"`
	By      string        `json:"by"`   // id of the box that set it: whose it is
	Role    session.Role  `json:"role"` // of that box, then
	At      clock.Instant `json:"at"`
	Name    string        `json:"name"`
	Verdict Op            `json:"verdict"` // Good, NoGood, or none yet
}

// Cuts tells whether the marker cuts the recordings of a box: a producer's cuts all, an artist's their own.
func (m Marker) Cuts(box string) bool {
	return m.Role == session.Producer || m.Role == session.Artist && m.By == box
}

// Fold is where the markers stand after all changes, by time. The hub's order is the true one; changes that the hub does
// not have yet come after those, as they are given. A change that makes no sense by itself (Check), or for a marker that is
// not there, changes nothing: the hub refuses those, and a journal may be damaged.
func Fold(changes []Change) []Marker {
	b := NewBoard()
	for _, c := range changes {
		b.Take(c)
	}
	return b.Markers()
}

func (m Marker) compare(n Marker) int {
	return cmp.Or(cmp.Compare(m.At, n.At), cmp.Compare(m.ID, n.ID))
}

// after is the marker with one more thing done to it.
func (m Marker) after(c Change) Marker {
	switch c.Op {
	case Set:
		return Marker{ID: c.Marker, By: c.By, Role: c.Role, At: c.At, Name: c.Name}
	case Move:
		m.At = c.At
	case Rename:
		m.Name = c.Name
	case Good, NoGood:
		m.Verdict = c.Op
	}
	return m
}

// May is an error for a change that its box, of its role, may not do to the markers as they stand: a PRODUCER may do all, an
// ARTIST set markers and change their own, a LISTENER nothing.
func May(c Change, markers []Marker) error {
	i := slices.IndexFunc(markers, func(m Marker) bool { return m.ID == c.Marker })
	if i < 0 {
		return c.may(Marker{}, false)
	}
	return c.may(markers[i], true)
}

// may is May, for the marker that the change is of, if that is there.
func (c Change) may(m Marker, there bool) error {
	switch {
	case c.Role == session.Listener:
		return fmt.Errorf("%s marker: a LISTENER may not touch markers; ask the producer", c.Op)
	case c.Role != session.Artist && c.Role != session.Producer:
		return fmt.Errorf("%s marker: only a PRODUCER or an ARTIST may; the role here is %q", c.Op, c.Role)
	case c.Op == Set && there:
		return errors.New("set marker: one with this id is there already; move that one, or set another")
	case c.Op == Set:
		return nil
	case !there:
		return fmt.Errorf("%s marker: there is none with the id %q, or it was deleted; list those that are there", c.Op, c.Marker)
	case c.Role == session.Artist && m.By != c.By:
		return fmt.Errorf("%s marker: an ARTIST may change only their own; this one is of %q, ask the producer", c.Op, m.By)
	}
	return nil
}
