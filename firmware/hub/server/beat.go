package server

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/hub"
)

// beat answers a beat with the hub's time, and takes in what the box shows of itself.
func (s *Server) beat(msg *nats.Msg) {
	received := s.clock.now() // before anything else: whatever comes first makes the hub's time wrong
	a, said, err := check(s, msg, hub.ParseBeat)
	if err != nil {
		s.answer(msg, a, hub.BeatReply{Error: s.refuse(a, hub.AskBeat, err)})
		return
	}
	s.answer(msg, a, hub.BeatReply{Received: received, Sent: s.clock.now(), Clock: s.clock.name})
	now := time.Now()
	if s.presence.beat(a, said, received, now) {
		s.tellers.soon(a.room, s.presence.size(a.room), now)
		s.saveSoon()
	}
}

// watchBeats finds out who has fallen silent, and is the hub's own beat: every box of a room hears each second that the
// hub is there.
func (s *Server) watchBeats(ctx context.Context) {
	tick := time.NewTicker(hub.BeatEvery / 2)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.presence.look(s.clock.now(), now)
			s.saveSoon()
			for _, room := range s.presence.waiting() {
				s.tellers.soon(room, s.presence.size(room), now)
			}
			if n%2 == 0 {
				s.ownBeat()
			}
		}
	}
}

// ownBeat tells all rooms, and the other hubs, that this one lives.
func (s *Server) ownBeat() {
	for room := range s.presence.here() {
		s.tell(room, hub.TellPeers, hub.PeersMessage{})
	}
	if s.store.shared() {
		_ = s.store.conn.Publish(hubSubject+s.presence.me, nil) // a cluster that is away does not hear it: the next will be heard
	}
}

// saveSoon wakes save.
func (s *Server) saveSoon() {
	select {
	case s.unsaved <- struct{}{}:
	default:
	}
}

// save brings to the store what the other hubs, and the next one here, have to know of this hub's boxes. Only changes
// are stored; the last ones when the hub ends.
func (s *Server) save(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.unsaved:
			s.saveAll(ctx)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	s.saveAll(last)
}

func (s *Server) saveAll(ctx context.Context) {
	for room, entries := range s.presence.unsaved() {
		for _, e := range entries {
			if err := s.saveOne(ctx, room, e); err != nil {
				s.presence.keep(room, e.Peer.ID) // the next look wakes us again
			}
		}
	}
}

func (s *Server) saveOne(ctx context.Context, room string, e entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = s.store.put(ctx, presenceSubject+room+"."+e.Peer.ID, data, "")
	return err
}

// presenceStored takes in what some hub has stored of a box.
func (s *Server) presenceStored(m stored) {
	var e entry
	part := strings.Split(strings.TrimPrefix(m.subject, presenceSubject), ".")
	if json.Unmarshal(m.data, &e) != nil || len(part) != 2 || e.Peer.ID != part[1] {
		return
	}
	now := time.Now()
	if s.presence.stored(part[0], e, s.clock.now(), now) {
		s.tellers.soon(part[0], s.presence.size(part[0]), now)
	}
}

// hubHeard takes in the sign of life of another hub.
func (s *Server) hubHeard(msg *nats.Msg) {
	s.presence.heard(strings.TrimPrefix(msg.Subject, hubSubject), time.Now())
}
