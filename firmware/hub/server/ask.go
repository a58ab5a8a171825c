package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"orionbox/firmware/hub"
)

// asker is a box that asks, by its credential: what a message says of its sender counts for nothing.
type asker struct {
	record
	room, user string // as they stand in subjects
}

// serve begins to answer. Beats have a goroutine of their own, so that they wait for nothing that waits for a disk.
func (s *Server) serve() error {
	s.lanes = newLanes(s)
	known := map[string]nats.MsgHandler{
		hub.AskBeat: s.beat,
		hub.AskPost: s.later(s.post), hub.AskTrack: s.later(s.track), hub.AskHistory: s.later(s.history),
	}
	for what, handler := range known {
		if _, err := s.boxes.Subscribe("ask.*.*."+what, handler); err != nil {
			return fmt.Errorf("serve %s: %w", what, err)
		}
	}
	if _, err := s.boxes.Subscribe("ask.*.*.>", func(msg *nats.Msg) {
		if _, is := known[strings.SplitN(msg.Subject, ".", 4)[3]]; !is {
			s.strange(msg)
		}
	}); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	if err := s.boxes.Flush(); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	s.start(s.watchBeats)
	s.start(s.tidy)
	s.start(s.mend)
	return nil
}

// strange refuses what no box of this version asks. What it was is not told: it may be anything.
func (s *Server) strange(msg *nats.Msg) {
	a, err := s.asker(msg)
	if err == nil {
		err = errors.New("the hub knows no such question; is the box's program newer than the hub's?")
	}
	s.answer(msg, a, hub.PostReply{Error: s.refuse(a, "ask", err)})
}

// asker is who asks: the subject says it, which the NATS server lets nobody else publish on.
func (s *Server) asker(msg *nats.Msg) (asker, error) {
	part := strings.Split(msg.Subject, ".")
	user := part[1] + "." + part[2]
	r, known := s.registry.get(user)
	if !known || r.Revoked {
		return asker{room: part[1], user: user}, errors.New("not a box of this room")
	}
	return asker{r.record, part[1], user}, nil
}

// encoded is an answer that is JSON already.
type encoded []byte

// answer answers a box, at no other place than its own inbox.
func (s *Server) answer(msg *nats.Msg, a asker, reply any) { s.answerBy(s.boxes, msg, a, reply) }

func (s *Server) answerBy(conn *nats.Conn, msg *nats.Msg, a asker, reply any) {
	if msg.Reply == "" {
		return
	}
	if !strings.HasPrefix(msg.Reply, "_INBOX."+a.user+".") {
		s.refusals.add(a.user, "an answer to somebody else")
		return
	}
	data, ready := reply.(encoded)
	var err error
	if !ready {
		data, err = json.Marshal(reply)
	}
	if err == nil {
		err = conn.Publish(msg.Reply, data)
	}
	if err != nil && s.work.Err() == nil {
		s.log.Warn("answer", "box", a.user, "error", err)
	}
}

// maxReason is how much of a reason is given, in bytes.
const maxReason = 400

// refuse counts what a box may not do, and gives the reason in one line, for it to be told.
func (s *Server) refuse(a asker, what string, err error) string {
	why := strings.Join(strings.Fields(err.Error()), " ")
	if len(why) > maxReason {
		why = strings.ToValidUTF8(why[:maxReason], "")
	}
	s.refusals.add(a.user, what+": "+why)
	return why
}

// check makes sure that an ask is one, and from a box of the room.
func check[T any](s *Server, msg *nats.Msg, parse func([]byte) (T, error)) (asker, T, error) {
	a, err := s.asker(msg)
	var said T
	if err == nil {
		said, err = parse(msg.Data)
	}
	return a, said, err
}
