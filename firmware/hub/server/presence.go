package server

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
)

// silence is how long a box, or a hub, may say nothing until nobody knows of it any more.
const silence = hub.Missed * hub.BeatEvery

// presence is what is known of who is there. A hub knows of its own boxes by their beats, and of the others' by what
// their hub has stored, for as long as that hub lives.
type presence struct {
	me string // this hub, this time: a hub that starts again knows of nobody

	mu    sync.Mutex
	rooms map[string]map[string]*place // by room's token and box's id
	hubs  map[string]time.Time         // when each of the other hubs was last heard
}

// place is one box.
type place struct {
	hub.Peer               // as its room is told
	said     hub.PeerState // as its hub has it
	hub      string        // which knows it
	heard    time.Time     // its last beat, if this is the hub
	untold   bool          // changed since the room was told
	unsaved  bool          // changed since the other hubs were told

	data   json.RawMessage // how dataOf is told: a thousand boxes ask for a thousand of it when their hub comes back
	dataOf hub.Peer
}

// told is the box as it is told.
func (l *place) told() json.RawMessage {
	if l.data == nil || l.dataOf != l.Peer {
		data, err := json.Marshal(l.Peer)
		if err != nil { // it came from JSON
			return nil
		}
		l.data, l.dataOf = data, l.Peer
	}
	return l.data
}

// entry is how a place is stored.
type entry struct {
	Peer hub.Peer `json:"peer"`
	Hub  string   `json:"hub"`
}

func newPresence(me string) *presence {
	return &presence{me: me, rooms: map[string]map[string]*place{}, hubs: map[string]time.Time{}}
}

// beat takes in a beat of a box, and tells whether it changed anything. at and now are the same moment.
func (p *presence) beat(a asker, b hub.Beat, at clock.Instant, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := hub.Present
	if b.Bye {
		state = hub.Absent
	}
	peer := hub.Peer{ID: a.ID, Name: a.Name, Role: a.Role, State: state, Since: at, Presence: b.Presence}
	l, known := p.at(a.room, a.ID)
	if known && l.State == state {
		peer.Since = l.Since
	}
	changed := !known || l.Peer != peer
	if changed || l.hub != p.me {
		l.unsaved = true
	}
	l.Peer, l.said, l.hub, l.heard = peer, state, p.me, now
	l.untold = l.untold || changed
	return changed
}

// at is the place of a box, which is made if it is not known.
func (p *presence) at(room, id string) (l *place, known bool) {
	if p.rooms[room] == nil {
		p.rooms[room] = map[string]*place{}
	}
	l, known = p.rooms[room][id]
	if !known {
		l = &place{}
		p.rooms[room][id] = l
	}
	return l, known
}

// stored takes in what a hub has stored of a box. What another hub misses of a box that this one hears is not believed.
func (p *presence) stored(room string, e entry, at clock.Instant, now time.Time) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Hub == p.me {
		return false
	}
	l, known := p.at(room, e.Peer.ID)
	if known && l.hub == p.me && l.said == hub.Present && e.Peer.State != hub.Present && now.Sub(l.heard) <= silence {
		l.unsaved = true
		return false
	}
	before := l.Peer
	l.Peer, l.said, l.hub, l.unsaved = e.Peer, e.Peer.State, e.Hub, false
	l.believe(p.alive(e.Hub, now), at)
	changed = before != l.Peer
	l.untold = l.untold || changed
	return changed
}

// believe makes of what a hub said of a box what is known of it: nothing, if nothing is heard of that hub.
func (l *place) believe(alive bool, at clock.Instant) {
	state := l.said
	if state == hub.Present && !alive {
		state = hub.Unknown
	}
	if state != l.State {
		l.State, l.Since, l.untold = state, at, true
	}
}

func (p *presence) alive(name string, now time.Time) bool {
	heard, known := p.hubs[name]
	return known && now.Sub(heard) <= silence
}

// heard takes in a sign of life of another hub.
func (p *presence) heard(name string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if name != p.me {
		p.hubs[name] = now
	}
}

// look finds out who has fallen silent, or is heard of again.
func (p *presence) look(at clock.Instant, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, room := range p.rooms {
		for _, l := range room {
			switch {
			case l.hub != p.me:
				l.believe(p.alive(l.hub, now), at)
			case l.said == hub.Present && now.Sub(l.heard) > silence:
				l.said, l.unsaved = hub.Unknown, true
				l.believe(true, at)
			}
		}
	}
}

// leave shows a box out: its credential is revoked, so its hub need not wait for it to say so.
func (p *presence) leave(room, id string, at clock.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, known := p.rooms[room][id]
	if known && l.State != hub.Absent {
		l.State, l.said, l.Since, l.hub, l.untold, l.unsaved = hub.Absent, hub.Absent, at, p.me, true, true
	}
}

// untold are the boxes of a room that have changed since the last time.
func (p *presence) untold(room string) []json.RawMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed []json.RawMessage
	for _, l := range p.rooms[room] {
		if l.untold {
			l.untold = false
			changed = append(changed, l.told())
		}
	}
	return changed
}

// told are all boxes of a room, by id.
func (p *presence) told(room string) []json.RawMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := slices.Sorted(maps.Keys(p.rooms[room]))
	all := make([]json.RawMessage, 0, len(ids))
	for _, id := range ids {
		all = append(all, p.rooms[room][id].told())
	}
	return all
}

// unsaved are the boxes, by room, that the other hubs do not know the latest of.
func (p *presence) unsaved() map[string][]entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := map[string][]entry{}
	for name, room := range p.rooms {
		for _, l := range room {
			if l.unsaved && l.hub == p.me {
				changed[name] = append(changed[name], entry{l.Peer, p.me})
				l.unsaved = false
			}
		}
	}
	return changed
}

// keep brings a box back that could not be saved.
func (p *presence) keep(room, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, known := p.rooms[room][id]; known {
		l.unsaved = true
	}
}

// in are all boxes of a room, by id.
func (p *presence) in(room string) []hub.Peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]hub.Peer, 0, len(p.rooms[room]))
	for _, l := range p.rooms[room] {
		all = append(all, l.Peer)
	}
	slices.SortFunc(all, func(a, b hub.Peer) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// size is how many boxes of a room are known.
func (p *presence) size(room string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.rooms[room])
}

// here are the rooms that boxes of this hub are in, and with how many.
func (p *presence) here() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	rooms := map[string]int{}
	for name, room := range p.rooms {
		for _, l := range room {
			if l.hub == p.me && l.State == hub.Present {
				rooms[name]++
			}
		}
	}
	return rooms
}

// waiting are the rooms that have something to be told of.
func (p *presence) waiting() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rooms []string
	for name, room := range p.rooms {
		for _, l := range room {
			if l.untold {
				rooms = append(rooms, name)
				break
			}
		}
	}
	return rooms
}

// forget lets go of those who have not been there since before.
func (p *presence) forget(before clock.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, room := range p.rooms {
		for id, l := range room {
			if l.State != hub.Present && l.Since < before {
				delete(room, id)
			}
		}
		if len(room) == 0 {
			delete(p.rooms, name)
		}
	}
}
