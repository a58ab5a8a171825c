package server

import (
	"encoding/json"
	"sync"
	"time"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// maxCached is how many bytes of a room's newest posts are kept in memory, for those who come in or come back. Older
// ones are read from the store.
const maxCached = 1 << 20

// posts are what was posted in each room, as far as a hub has to know it without asking the store: which ids there are,
// where the markers stand, and the newest posts themselves.
type posts struct {
	mu    sync.Mutex
	rooms map[string]*room
	seq   uint64 // of the last one that came back from the store
}

type room struct {
	known    map[string]int64          // seq by id: a box that had no answer posts again
	changes  map[string][]takes.Change // by marker; each marker is judged by its own
	log      []logged                  // by seq
	cached   int                       // bytes
	uncached int                       // how many of log, from the first, are not in memory
	count    map[string]int            // of each box and kind, as the store limits them
}

// logged is one post.
type logged struct {
	seq     int64
	stored  time.Time
	id      string
	marker  string
	subject string
	raw     json.RawMessage // as boxes are told; nil if it is only in the store
}

func newPosts() *posts { return &posts{rooms: map[string]*room{}} }

func (p *posts) room(name string) *room {
	r := p.rooms[name]
	if r == nil {
		r = &room{known: map[string]int64{}, changes: map[string][]takes.Change{}, count: map[string]int{}}
		p.rooms[name] = r
	}
	return r
}

// judge tells whether a post is known already, and else whether its box may make it.
func (p *posts) judge(name string, post hub.Post) (seq int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.room(name)
	if seq, known := r.known[post.ID]; known {
		return seq, nil
	}
	if post.Change == nil {
		return 0, nil
	}
	return 0, takes.May(*post.Change, takes.Fold(r.changes[post.Change.Marker]))
}

// acknowledged takes in a post that the store has, before it comes back from there: what comes next is judged by it.
func (p *posts) acknowledged(name string, post hub.Post) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room(name).learn(post)
}

func (r *room) learn(post hub.Post) {
	if _, known := r.known[post.ID]; known {
		return
	}
	r.known[post.ID] = post.Seq
	if post.Change != nil {
		change := *post.Change
		change.Seq = post.Seq
		r.changes[change.Marker] = append(r.changes[change.Marker], change)
	}
}

// stored takes in a post that came back from the store, and tells whether it is new. One that two hubs have stored at
// once is not, the second time.
func (p *posts) stored(name string, post hub.Post, raw json.RawMessage, m stored) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq = m.seq
	r := p.room(name)
	if seq, known := r.known[post.ID]; known && seq != post.Seq && r.has(seq) {
		return false
	}
	r.learn(post)
	l := logged{seq: post.Seq, stored: m.at, id: post.ID, subject: m.subject, raw: raw}
	if post.Change != nil {
		l.marker = post.Change.Marker
	}
	r.log = append(r.log, l)
	r.count[l.subject]++
	r.cached += len(raw)
	for ; r.cached > maxCached; r.uncached++ {
		r.cached -= len(r.log[r.uncached].raw)
		r.log[r.uncached].raw = nil
	}
	if r.count[l.subject] > maxPosts {
		r.dropOldest(l.subject)
	}
	return true
}

// has tells whether the post with a seq has come back from the store.
func (r *room) has(seq int64) bool {
	i := r.after(seq - 1)
	return i < len(r.log) && r.log[i].seq == seq
}

// dropOldest lets go of what the store let go of: the oldest of a box and kind.
func (r *room) dropOldest(subject string) {
	for i, l := range r.log {
		if l.subject == subject {
			r.drop(i, 1)
			return
		}
	}
}

// drop lets go of n posts from place i on.
func (r *room) drop(i, n int) {
	for _, l := range r.log[i : i+n] {
		delete(r.known, l.id)
		r.cached -= len(l.raw)
		if r.count[l.subject]--; r.count[l.subject] == 0 {
			delete(r.count, l.subject)
		}
		r.forgetChange(l)
	}
	r.uncached -= max(0, min(n, r.uncached-i))
	r.log = append(r.log[:i:i], r.log[i+n:]...)
}

func (r *room) forgetChange(l logged) {
	if l.marker == "" {
		return
	}
	var left []takes.Change
	for _, c := range r.changes[l.marker] {
		if c.ID != l.id {
			left = append(left, c)
		}
	}
	if r.changes[l.marker] = left; len(left) == 0 {
		delete(r.changes, l.marker)
	}
}

// after is the place in the log of the first post behind a seq.
func (r *room) after(seq int64) int {
	low, high := 0, len(r.log)
	for low < high {
		if mid := (low + high) / 2; r.log[mid].seq <= seq {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// page gives the posts of a room behind a seq, as many as have room in limit bytes, and whether there are more. Are they
// not in memory, it gives from: the seq to read them from the store from.
func (p *posts) page(name string, seq int64, limit int) (page []json.RawMessage, more bool, from uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[name]
	if r == nil {
		return nil, false, 0
	}
	i := r.after(seq)
	if i < r.uncached {
		return nil, true, uint64(r.log[i].seq)
	}
	for ; i < len(r.log) && limit >= len(r.log[i].raw)+1; i++ {
		limit -= len(r.log[i].raw) + 1
		page = append(page, r.log[i].raw)
	}
	return page, i < len(r.log), 0
}

// last is the seq of a room's last post.
func (p *posts) last(name string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rooms[name]; r != nil && len(r.log) > 0 {
		return r.log[len(r.log)-1].seq
	}
	return 0
}

// pass takes note that a post came back which cannot be read.
func (p *posts) pass(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq = seq
}

// reached tells whether all posts up to a seq have come back from the store.
func (p *posts) reached(seq uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seq >= seq
}

// counts are how many posts each room has.
func (p *posts) counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := map[string]int{}
	for name, r := range p.rooms {
		counts[name] = len(r.log)
	}
	return counts
}

// forget lets go of what the store has let go of: posts before a seq, or stored before a moment.
func (p *posts) forget(first uint64, before time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, r := range p.rooms {
		n := 0
		for n < len(r.log) && (uint64(r.log[n].seq) < first || r.log[n].stored.Before(before)) {
			n++
		}
		if n > 0 {
			r.drop(0, n)
		}
		if len(r.log) == 0 && len(r.known) == 0 {
			delete(p.rooms, name)
		}
	}
}
