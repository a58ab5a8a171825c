package hub

import (
	"cmp"
	"slices"
)

// order makes one row of the posts that the hub tells as they come and those that it tells of the past: each once, in the
// order of Seq. While it catches up, what is told now waits.
type order struct {
	last     int64  // Seq of the last post that was told
	lastID   string // and its id
	catching bool
	found    bool // that post, by the history: the hub still counts as it did
	held     []Post
	seen     map[string]bool // ids of the posts that were told of late
	recent   []string        // those ids, oldest first
}

const (
	maxHeld   = 10_000 // posts told during catch-up; those beyond come with the history as well
	maxRecent = 20_000
)

func newOrder() order { return order{seen: map[string]bool{}} }

// begin starts to catch up: history after which Seq is to be asked for. It has the last post once more, by which a hub
// that has lost what it knew, and counts anew, is found out.
func (o *order) begin() (after int64) {
	o.catching, o.held, o.found = true, nil, o.last == 0
	return max(o.last-1, 0)
}

// restart counts from the beginning: the hub's numbers are another row than before. What was told before is not told again.
func (o *order) restart() { o.last, o.lastID = 0, "" }

// live takes a post that is told now, and gives those to pass on. It is false for one that shows that the hub counts anew:
// its number was another post's.
func (o *order) live(p Post) (tell []Post, ok bool) {
	switch {
	case o.catching && len(o.held) < maxHeld:
		o.held = append(o.held, p)
		return nil, true
	case o.catching:
		o.held = slices.Delete(o.held, 0, 1) // the history has it by now
		o.held = append(o.held, p)
		return nil, true
	case p.Seq <= o.last:
		return nil, o.seen[p.ID]
	}
	return o.tell([]Post{p}), true
}

// page takes a page of history, and gives those to pass on.
func (o *order) page(posts []Post) []Post {
	o.found = o.found || slices.ContainsFunc(posts, func(p Post) bool { return p.Seq == o.last && p.ID == o.lastID })
	return o.tell(posts)
}

// end ends catching up, and gives what had waited. It is false if the hub counts anew.
func (o *order) end() (tell []Post, ok bool) {
	held := o.held
	o.catching, o.held = false, nil
	ok = o.found && !slices.ContainsFunc(held, func(p Post) bool { return p.Seq <= o.last && !o.seen[p.ID] })
	return o.tell(held), ok
}

// tell leaves out what was told before.
func (o *order) tell(posts []Post) (tell []Post) {
	posts = slices.Clone(posts)
	slices.SortStableFunc(posts, func(a, b Post) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, p := range posts {
		if p.Seq <= o.last {
			continue
		}
		o.last, o.lastID = p.Seq, p.ID
		if o.remember(p.ID) {
			tell = append(tell, p)
		}
	}
	return tell
}

// remember is false for an id that was told of late.
func (o *order) remember(id string) bool {
	if o.seen[id] {
		return false
	}
	o.seen[id] = true
	if o.recent = append(o.recent, id); len(o.recent) > maxRecent {
		delete(o.seen, o.recent[0])
		o.recent = o.recent[1:]
	}
	return true
}
