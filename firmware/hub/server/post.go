package server

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// post stores a post and says so. One that could not be stored is not answered: its box posts again.
func (s *Server) post(msg *nats.Msg) {
	a, said, err := check(s, msg, hub.ParsePost)
	if err != nil {
		s.answer(msg, a, hub.PostReply{Error: s.refuse(a, hub.AskPost, err)})
		return
	}
	said = signed(said, a)
	seq, err := s.judge(a, said)
	if errors.Is(err, errBehind) {
		s.trouble(a, hub.AskPost, err)
		return
	}
	if err != nil {
		s.answer(msg, a, hub.PostReply{Error: s.refuse(a, hub.AskPost, err)})
		return
	}
	if seq == 0 {
		if seq, err = s.storePost(a, said); err != nil {
			s.trouble(a, hub.AskPost, err)
			return
		}
	}
	s.answer(msg, a, hub.PostReply{Seq: seq})
}

// signed is a post with the hub's parts, which say who it is from.
func signed(p hub.Post, a asker) hub.Post {
	p.Seq, p.By, p.Name, p.Role = 0, a.ID, a.Name, a.Role
	if p.Change != nil {
		change := *p.Change
		change.ID, change.Seq, change.By, change.Role = p.ID, 0, a.ID, a.Role
		p.Change = &change
	}
	return p
}

// numberedPost is a post with its place in the order.
func numberedPost(p hub.Post, seq int64) hub.Post {
	p.Seq = seq
	if p.Change != nil {
		change := *p.Change
		change.Seq = seq
		p.Change = &change
	}
	return p
}

// errBehind tells that a hub does not know yet what it would judge by.
var errBehind = errors.New("what other hubs have stored has not come here yet")

// judge gives the seq of a post that is known already, and an error if its box may not make it. With several hubs, what
// it is judged by may still be on its way here from another: nobody is refused for that.
func (s *Server) judge(a asker, p hub.Post) (seq int64, err error) {
	if p.Kind == hub.KindRequest && a.Role != session.Producer {
		return 0, errors.New("only a PRODUCER may ask for recordings")
	}
	seq, err = s.posts.judge(a.room, p)
	if err == nil && seq == 0 {
		return 0, checkTime(p, s.clock.now())
	}
	if err == nil || !s.store.shared() {
		return seq, err
	}
	if !s.caughtUp() {
		return 0, errBehind
	}
	return s.posts.judge(a.room, p)
}

// What was said may have waited for long on a box without a network, and clocks that nobody sets go wrong by a little.
const (
	longestWait = 31 * 24 * time.Hour
	wrongClock  = time.Hour
)

// checkTime is an error for what was not said about now: it would stand in a wrong place among what others say. Where a
// marker stands its change says.
func checkTime(p hub.Post, now clock.Instant) error {
	switch {
	case p.Kind == hub.KindMarker:
	case p.At < now.Add(-longestWait):
		return errors.New("it was said more than 31 days ago by the hub's clock; is the box's clock right?")
	case p.At > now.Add(wrongClock):
		return errors.New("it was said more than an hour ahead of the hub's clock; is the box's clock right?")
	}
	return nil
}

// caughtUp waits until all that is stored now has come back, half a second at most.
func (s *Server) caughtUp() bool {
	ctx, cancel := context.WithTimeout(s.work, 500*time.Millisecond)
	defer cancel()
	stream, err := s.store.js.Stream(ctx, postStream)
	if err != nil {
		return false
	}
	last := stream.CachedInfo().State.LastSeq
	for !s.posts.reached(last) && ctx.Err() == nil {
		pause(ctx, time.Millisecond)
	}
	return s.posts.reached(last)
}

// storePost stores a post. That JetStream knows its id helps where another hub has stored it a moment ago.
func (s *Server) storePost(a asker, p hub.Post) (int64, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	at := strconv.FormatInt(int64(s.clock.now()), 10)
	seq, err := s.store.put(s.work, postSubject+a.user+"."+string(p.Kind), data, at, jetstream.WithMsgID(a.room+" "+p.ID))
	if err != nil {
		return 0, err
	}
	s.posts.acknowledged(a.room, numberedPost(p, int64(seq)))
	return int64(seq), nil
}

// trouble tells of what a box is not to blame for, and will try again. Of a sick store mend has told.
func (s *Server) trouble(a asker, what string, err error) {
	if s.work.Err() != nil || errors.Is(err, errSick) {
		return
	}
	if untold, tell := s.refusals.seldom("store", time.Now()); tell {
		s.log.Warn("hub could not store what a box said; the box says it again", "box", a.user, "what", what, "error", err,
			"untold", untold)
	}
}

// postStored takes in a post that came back from the store, and tells it to its room.
func (s *Server) postStored(m stored) {
	p, data, ok := s.readPost(m)
	if !ok {
		s.posts.pass(m.seq)
		return
	}
	room := roomOf(m.subject, postSubject)
	if s.posts.stored(room, p, data, m) && s.up.Load() {
		s.tell(room, hub.TellPost, data)
	}
}

// readPost reads a post as stored, and gives it as boxes are told.
func (s *Server) readPost(m stored) (hub.Post, json.RawMessage, bool) {
	p, err := hub.ParsePost(m.data)
	if err != nil {
		s.log.Warn("a stored post cannot be read", "seq", m.seq, "error", err)
		return p, nil, false
	}
	p = numberedPost(p, int64(m.seq))
	data, err := json.Marshal(p)
	return p, data, err == nil
}
