package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/hub"
	"orionbox/firmware/takes"
)

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
	_, err := hub.ParseTrack(m.data)
	s.laidDown(m, trackSubject, s.tracks, hub.TellTrack, err)
}
