package received

import (
	"cmp"
	"slices"
	"time"
)

// action is what is done to one file.
type action int

// The actions, in the order in which they are done: what is in the way goes first.
const (
	keep   action = iota // it stands as it should
	aside                // somebody has changed it, and it is in the way, or a chunk's no more: it gets a name that tells so
	remove               // nobody has changed it, and it is a chunk's no more
	move                 // it gets another name
	write                // it is cut out of its take
)

// step is one action.
type step struct {
	action
	file  string // that it is done to
	chunk Written
}

// state is a file of a chunk's name as it was found.
type state struct {
	ours *Written  // as it was written; nil if somebody has changed it, or made it
	was  []Written // all that may have been written under that name, as the index tells
}

// plan is what brings the files in step with the chunks that are wanted: pure. whole tells of which takes chunks can be cut
// again; the files of others are left as they are, whatever is wanted. It begins with what makes room.
//
//	wanted    as written   changed by somebody
//	as it is  keep         keep
//	other     write over   aside, write
//	no more   remove       aside
func plan(wanted []Chunk, files map[string]state, whole func(take string) bool) []step {
	p := planner{files: files, stays: map[string]bool{}}
	for _, c := range wanted {
		if whole(c.Take) {
			p.want(c)
		}
	}
	for _, name := range sorted(files) {
		if !p.stays[name] {
			p.clear(name, files[name], whole)
		}
	}
	slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(a.action, b.action) })
	return p.steps
}

type planner struct {
	files map[string]state
	stays map[string]bool // names that have their use
	steps []step
}

// want finds the file of a chunk, or has it written.
func (p *planner) want(c Chunk) {
	if name := p.find(c); name != "" {
		p.stays[name] = true
		w, _ := p.files[name].as(c)
		if w.Start == 0 { // found again from the file itself
			w.Start = c.Start
		}
		p.steps = append(p.steps, step{action: keep, file: name, chunk: w})
		return
	}
	for _, name := range sorted(p.files) {
		if ours := p.files[name].ours; ours != nil && ours.same(c) && !p.stays[name] {
			w := *ours
			w.Chunk = c
			p.take(c.File)
			p.stays[name] = true
			p.steps = append(p.steps, step{action: move, file: name, chunk: w})
			return
		}
	}
	p.take(c.File)
	p.steps = append(p.steps, step{action: write, file: c.File, chunk: Written{Chunk: c}})
}

// find is the name of the file that is the chunk's already. Of a chunk whose start is known a little better than it was, the
// name may tell one second less or more.
func (p *planner) find(c Chunk) string {
	for _, name := range sorted(p.files) {
		if p.stays[name] {
			continue
		}
		if w, ok := p.files[name].as(c); ok && (name == c.File || c.Start.Sub(w.Start).Abs() < time.Second) {
			return name
		}
	}
	return ""
}

// take makes a name free for another file. One of ours is written over.
func (p *planner) take(name string) {
	if s, there := p.files[name]; there && s.ours == nil && !p.stays[name] {
		p.steps = append(p.steps, step{action: aside, file: name})
	}
	p.stays[name] = true
}

// clear does away with what is wanted no more. A file that was never ours is not touched.
func (p *planner) clear(name string, s state, whole func(string) bool) {
	lost := func(w Written) bool { return !whole(w.Take) }
	switch {
	case len(s.was) == 0, slices.ContainsFunc(s.was, lost):
	case s.ours != nil:
		p.steps = append(p.steps, step{action: remove, file: name, chunk: *s.ours})
	default:
		p.steps = append(p.steps, step{action: aside, file: name})
	}
}

// as is how the file was written if it is the chunk's: as it was, or with what somebody has done to it since and goes on with.
func (s state) as(c Chunk) (Written, bool) {
	if s.ours != nil {
		return *s.ours, s.ours.same(c)
	}
	for _, w := range s.was {
		if w.same(c) && !w.Pending {
			return w, true
		}
	}
	return Written{}, false
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
