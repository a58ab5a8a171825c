package server

import (
	"encoding/json"
	"sync"
	"time"

	"orionbox/firmware/hub"
)

// gather is how long changes of presence are gathered after the room was told of one, and how much longer for each of
// its boxes: in a room of 1000 each message costs 1000.
const (
	gather        = 10 * time.Millisecond
	gatherForEach = 100 * time.Microsecond
)

// tellers tell rooms of changes: of the first at once, of those that follow it closely together.
type tellers struct {
	tell func(room string)

	mu     sync.Mutex
	rooms  map[string]*teller
	closed bool
	busy   sync.WaitGroup
}

type teller struct {
	free  time.Time   // when it may speak again
	timer *time.Timer // until then, if there is something to say
}

func newTellers(tell func(room string)) *tellers {
	return &tellers{tell: tell, rooms: map[string]*teller{}}
}

// soon has a room of some size told: now, or once it has been quiet for long enough. It does not wait for it.
func (t *tellers) soon(room string, size int, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rooms[room] == nil {
		t.rooms[room] = &teller{}
	}
	r := t.rooms[room]
	switch {
	case t.closed || r.timer != nil:
	case now.Before(r.free):
		t.busy.Add(1)
		r.timer = time.AfterFunc(r.free.Sub(now), func() { defer t.busy.Done(); t.late(room, size) })
	default:
		r.free = now.Add(gather + time.Duration(size)*gatherForEach)
		t.busy.Go(func() { t.tell(room) })
	}
}

func (t *tellers) late(room string, size int) {
	t.mu.Lock()
	r := t.rooms[room]
	r.timer, r.free = nil, time.Now().Add(gather+time.Duration(size)*gatherForEach)
	t.mu.Unlock()
	t.tell(room)
}

// close waits until nobody speaks any more.
func (t *tellers) close() {
	t.mu.Lock()
	t.closed = true
	for _, r := range t.rooms {
		if r.timer != nil && r.timer.Stop() {
			t.busy.Done()
		}
	}
	t.mu.Unlock()
	t.busy.Wait()
}

// tellPeers tells a room who has changed.
func (s *Server) tellPeers(room string) {
	s.telling.Lock()
	defer s.telling.Unlock()
	for _, page := range pages(s.presence.untold(room), maxPage) {
		s.tellNext(room, hub.TellPeers, struct {
			Peers []json.RawMessage `json:"peers"`
		}{page})
	}
}

// tell tells a room something.
func (s *Server) tell(room, what string, message any) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.tellNext(room, what, message)
}

// tellNext is tell for who holds telling: what is told as it stands must not be overtaken by what it was before.
func (s *Server) tellNext(room, what string, message any) {
	data, err := json.Marshal(message)
	if err == nil {
		err = s.room.Publish("tell."+room+"."+what, data)
	}
	if err != nil && s.work.Err() == nil {
		s.log.Warn("tell a room", "what", what, "error", err)
	}
}

// maxPage is how many bytes of things go into one message, so that with what is around them it stays below the limit.
const maxPage = hub.MaxMessage - 4<<10

// pages cuts things into as few pages as need be; none makes no page.
func pages(things []json.RawMessage, limit int) [][]json.RawMessage {
	var all [][]json.RawMessage
	var size, from int
	for i, thing := range things {
		if i > from && size+len(thing)+1 > limit {
			all = append(all, things[from:i])
			size, from = 0, i
		}
		size += len(thing) + 1
	}
	if from < len(things) {
		all = append(all, things[from:])
	}
	return all
}
