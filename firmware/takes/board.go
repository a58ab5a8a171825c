package takes

import (
	"cmp"
	"slices"
)

// Board holds all that was done to markers, and where they stand after it (Fold). What a change costs does not grow with the
// number of markers: only the one concerned is folded anew, and not even that where the change is its last. It may be used
// by one goroutine at a time.
type Board struct {
	known    map[string]told   // by id of the change
	of       map[string][]told // by marker, in their order
	standing map[string]Marker
	told     int
	sorted   []Marker        // as Markers gave it last; never changed, but made anew
	touched  map[string]bool // markers that may stand otherwise since
}

// told is a change and when it was told first, which orders those that the hub has not numbered.
type told struct {
	Change
	place int
}

func (t told) compare(u told) int {
	return cmp.Or(t.compareSeq(u.Change), cmp.Compare(t.place, u.place))
}

// compareSeq orders by the hub's numbers; what has none is behind.
func (c Change) compareSeq(d Change) int {
	if c.Seq <= 0 || d.Seq <= 0 {
		return cmp.Compare(d.Seq, c.Seq)
	}
	return cmp.Compare(c.Seq, d.Seq)
}

// NewBoard is one without markers.
func NewBoard() *Board {
	return &Board{known: map[string]told{}, of: map[string][]told{}, standing: map[string]Marker{}, touched: map[string]bool{}, sorted: []Marker{}}
}

// Take takes in a change, and tells whether it was news. Told twice, it counts once: of its copies the last that the hub has
// numbered, else the first. One that makes no sense by itself (Check) is left out.
func (b *Board) Take(c Change) (news bool) {
	old, known := b.known[c.ID]
	if c.Check() != nil || known && (c.Seq <= 0 || c == old.Change) {
		return false
	}
	t := told{c, b.told}
	if known {
		t.place = old.place
		b.Forget(c.ID) // the copy may be of another marker
	}
	b.told++
	b.known[c.ID] = t
	n, _ := slices.BinarySearchFunc(b.of[c.Marker], t, told.compare)
	b.of[c.Marker] = slices.Insert(b.of[c.Marker], n, t)
	if n == len(b.of[c.Marker])-1 {
		b.apply(c)
	} else {
		b.fold(c.Marker)
	}
	return true
}

// Forget takes back a change, which the hub has refused.
func (b *Board) Forget(changeID string) {
	t, known := b.known[changeID]
	if !known {
		return
	}
	delete(b.known, changeID)
	n, _ := slices.BinarySearchFunc(b.of[t.Marker], t, told.compare)
	b.of[t.Marker] = slices.Delete(b.of[t.Marker], n, n+1)
	if len(b.of[t.Marker]) == 0 {
		delete(b.of, t.Marker)
	}
	b.fold(t.Marker)
}

// fold is where one marker stands after all that was done to it.
func (b *Board) fold(marker string) {
	delete(b.standing, marker)
	b.touched[marker] = true
	for _, t := range b.of[marker] {
		b.apply(t.Change)
	}
}

// apply does one more thing to a marker. What is for a marker that is not there changes nothing.
func (b *Board) apply(c Change) {
	m, there := b.standing[c.Marker]
	b.touched[c.Marker] = true
	switch {
	case c.Op == Delete:
		delete(b.standing, c.Marker)
	case there != (c.Op == Set):
		b.standing[c.Marker] = m.after(c)
	}
}

// Marker is one as it stands.
func (b *Board) Marker(id string) (Marker, bool) {
	m, there := b.standing[id]
	return m, there
}

// Markers are all that stand, by time, as Fold gives them. They are to be read only; what is taken in later does not change
// them.
func (b *Board) Markers() []Marker {
	if len(b.touched) == 0 {
		return b.sorted
	}
	var moved []Marker
	for id := range b.touched {
		if m, there := b.standing[id]; there {
			moved = append(moved, m)
		}
	}
	slices.SortFunc(moved, Marker.compare)
	all := make([]Marker, 0, len(b.standing))
	for _, m := range b.sorted {
		if b.touched[m.ID] {
			continue
		}
		for len(moved) > 0 && moved[0].compare(m) < 0 {
			all, moved = append(all, moved[0]), moved[1:]
		}
		all = append(all, m)
	}
	b.sorted = slices.Clip(append(all, moved...))
	clear(b.touched)
	return b.sorted
}

// May is May, for the markers as they stand here.
func (b *Board) May(c Change) error {
	m, there := b.standing[c.Marker]
	return c.may(m, there)
}

// Changes are all that were taken in, each once, in their order.
func (b *Board) Changes() []Change {
	all := make([]told, 0, len(b.known))
	for _, t := range b.known {
		all = append(all, t)
	}
	slices.SortFunc(all, told.compare)
	changes := make([]Change, len(all))
	for i, t := range all {
		changes[i] = t.Change
	}
	return changes
}
