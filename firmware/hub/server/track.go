package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

// maxTracks is how many recordings of one box a hub keeps the place of.
const maxTracks = 2000

// tracks are where the recordings of each room lie, as the store has it.
type tracks struct {
	mu    sync.Mutex
	rooms map[string]map[string]laid // by room, and by what stands behind it in the subject
}

type laid struct {
	raw    json.RawMessage // as boxes are told
	stored time.Time
	seq    uint64
}

func newTracks() *tracks { return &tracks{rooms: map[string]map[string]laid{}} }

// track stores where a recording of the asking box lies; of another's it may not speak.
func (s *Server) track(msg *nats.Msg) {
	a, said, err := check(s, msg, hub.ParseTrack)
	key := a.ID + "." + trackKey(said)
	switch {
	case err != nil:
	case said.Box != a.ID:
		err = errors.New("a recording of another box")
	case s.tracks.full(a.room, a.ID, key):
		err = errors.New("too many recordings; old ones go by themselves with time")
	}
	if err != nil {
		s.answer(msg, a, hub.PostReply{Error: s.refuse(a, hub.AskTrack, err)})
		return
	}
	said.Name = a.Name
	data, err := json.Marshal(said)
	if err != nil {
		s.trouble(a, hub.AskTrack, err)
		return
	}
	if seq, same := s.tracks.same(a.room, key, data); same { // as after each reconnect
		s.answer(msg, a, hub.PostReply{Seq: int64(seq)})
		return
	}
	seq, err := s.store.put(s.work, trackSubject+a.room+"."+key, data, "")
	if err != nil {
		s.trouble(a, hub.AskTrack, err)
		return
	}
	s.answer(msg, a, hub.PostReply{Seq: int64(seq)})
}

// trackKey is what a recording is stored by: folder and file, which may hold what no subject may.
func trackKey(t takes.Track) string {
	sum := sha256.Sum256([]byte(t.Session + "/" + t.File))
	return hex.EncodeToString(sum[:16])
}

// trackStored takes in a track that came back from the store, and tells it to its room.
func (s *Server) trackStored(m stored) {
	room, key, _ := strings.Cut(strings.TrimPrefix(m.subject, trackSubject), ".")
	if _, err := hub.ParseTrack(m.data); err != nil {
		s.log.Warn("a stored track cannot be read", "seq", m.seq, "error", err)
		return
	}
	s.tracks.stored(room, key, laid{m.data, m.at, m.seq})
	if s.up.Load() {
		s.tell(room, hub.TellTrack, json.RawMessage(m.data))
	}
}

func (t *tracks) stored(room, key string, l laid) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms[room] == nil {
		t.rooms[room] = map[string]laid{}
	}
	t.rooms[room][key] = l
}

// same tells whether a recording is known just so, and where it is stored.
func (t *tracks) same(room, key string, data []byte) (seq uint64, same bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, known := t.rooms[room][key]
	return l.seq, known && bytes.Equal(l.raw, data)
}

// full tells whether a box has no room for one recording more.
func (t *tracks) full(room, id, key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.rooms[room][key]; known || len(t.rooms[room]) < maxTracks {
		return false
	}
	n := 0
	for other := range t.rooms[room] {
		if strings.HasPrefix(other, id+".") {
			n++
		}
	}
	return n >= maxTracks
}

// in are the tracks of a room, the latest stored first.
func (t *tracks) in(room string) []json.RawMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.SortedFunc(maps.Values(t.rooms[room]), func(a, b laid) int { return b.stored.Compare(a.stored) })
	data := make([]json.RawMessage, len(all))
	for i, l := range all {
		data[i] = l.raw
	}
	return data
}

func (t *tracks) counts() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := map[string]int{}
	for room, all := range t.rooms {
		counts[room] = len(all)
	}
	return counts
}

// forget lets go of what the store has let go of.
func (t *tracks) forget(before time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for room, all := range t.rooms {
		for key, l := range all {
			if l.stored.Before(before) {
				delete(all, key)
			}
		}
		if len(all) == 0 {
			delete(t.rooms, room)
		}
	}
}
