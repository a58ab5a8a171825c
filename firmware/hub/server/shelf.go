package server

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxTracks is how many recordings of one box a hub keeps the place of, and how many files.
const maxTracks = 2000

// shelf is the last word on each of many things in each room, as the store has it: where recordings lie, and how far their
// files have come.
type shelf struct {
	mu    sync.Mutex
	rooms map[string]map[string]laid // by room, and by what stands behind it in the subject: the box's id, a point, a key
}

type laid struct {
	raw    json.RawMessage // as boxes are told
	stored time.Time
	seq    uint64
}

func newShelf() *shelf { return &shelf{rooms: map[string]map[string]laid{}} }

// stored takes in what the store has, in whatever order.
func (f *shelf) stored(room, key string, l laid) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rooms[room] == nil {
		f.rooms[room] = map[string]laid{}
	}
	if before, known := f.rooms[room][key]; !known || before.seq < l.seq {
		f.rooms[room][key] = l
	}
}

// get is what is known under a key.
func (f *shelf) get(room, key string) (laid, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, known := f.rooms[room][key]
	return l, known
}

// same tells whether a recording is known just so, and where it is stored.
func (f *shelf) same(room, key string, data []byte) (seq uint64, same bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, known := f.rooms[room][key]
	return l.seq, known && bytes.Equal(l.raw, data)
}

// full tells whether a box has no room for one more.
func (f *shelf) full(room, id, key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.rooms[room][key]; known || len(f.rooms[room]) < maxTracks {
		return false
	}
	n := 0
	for other := range f.rooms[room] {
		if strings.HasPrefix(other, id+".") {
			n++
		}
	}
	return n >= maxTracks
}

// in is all of a room, the latest stored first.
func (f *shelf) in(room string) []json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.SortedFunc(maps.Values(f.rooms[room]), func(a, b laid) int { return b.stored.Compare(a.stored) })
	data := make([]json.RawMessage, len(all))
	for i, l := range all {
		data[i] = l.raw
	}
	return data
}

func (f *shelf) counts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := map[string]int{}
	for room, all := range f.rooms {
		counts[room] = len(all)
	}
	return counts
}

// forget lets go of what the store has let go of.
func (f *shelf) forget(before time.Time) {
	f.forgetSome(before, func(laid) bool { return true })
}

// forgetSome lets go of what was stored before a moment and may go, and gives the subjects of that.
func (f *shelf) forgetSome(before time.Time, may func(laid) bool) (subjects []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for room, all := range f.rooms {
		for key, l := range all {
			if l.stored.Before(before) && may(l) {
				delete(all, key)
				subjects = append(subjects, room+"."+key)
			}
		}
		if len(all) == 0 {
			delete(f.rooms, room)
		}
	}
	return subjects
}

// laidDown takes in what came back from the store below a subject, unless it could not be read, and tells it to its room.
func (s *Server) laidDown(m stored, subject string, on *shelf, tell string, unread error) {
	if unread != nil {
		s.log.Warn("what is stored cannot be read", "subject", m.subject, "seq", m.seq, "error", unread)
		return
	}
	room, key, _ := strings.Cut(strings.TrimPrefix(m.subject, subject), ".")
	on.stored(room, key, laid{m.data, m.at, m.seq})
	if s.up.Load() {
		s.tell(room, tell, json.RawMessage(m.data))
	}
}
