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
	standing := map[string]Marker{}
	for _, c := range inOrder(changes) {
		m, there := standing[c.Marker]
		switch {
		case c.Op == Delete:
			delete(standing, c.Marker)
		case there != (c.Op == Set):
			standing[c.Marker] = m.after(c)
		}
	}
	markers := make([]Marker, 0, len(standing))
	for _, m := range standing {
		markers = append(markers, m)
	}
	slices.SortFunc(markers, func(a, b Marker) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return markers
}

// inOrder has each change once: of its copies the last that the hub has numbered, else the first.
func inOrder(changes []Change) []Change {
	at := map[string]int{}
	var once []Change
	for _, c := range changes {
		i, known := at[c.ID]
		switch {
		case c.Check() != nil:
		case !known:
			at[c.ID] = len(once)
			once = append(once, c)
		case c.Seq > 0:
			once[i] = c
		}
	}
	slices.SortStableFunc(once, func(a, b Change) int {
		if a.Seq <= 0 || b.Seq <= 0 {
			return cmp.Compare(b.Seq, a.Seq) // whoever has none is behind
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	return once
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
	switch {
	case c.Role == session.Listener:
		return fmt.Errorf("%s marker: a LISTENER may not touch markers; ask the producer", c.Op)
	case c.Role != session.Artist && c.Role != session.Producer:
		return fmt.Errorf("%s marker: only a PRODUCER or an ARTIST may; the role here is %q", c.Op, c.Role)
	case c.Op == Set && i >= 0:
		return errors.New("set marker: one with this id is there already; move that one, or set another")
	case c.Op == Set:
		return nil
	case i < 0:
		return fmt.Errorf("%s marker: there is none with the id %q, or it was deleted; list those that are there", c.Op, c.Marker)
	case c.Role == session.Artist && markers[i].By != c.By:
		return fmt.Errorf("%s marker: an ARTIST may change only their own; this one is of %q, ask the producer", c.Op, markers[i].By)
	}
	return nil
}
