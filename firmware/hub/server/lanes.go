package server

import (
	"context"
	"hash/fnv"
	"strings"

	"github.com/nats-io/nats.go"
)

// lanes are what asks that may wait for a disk are handled on: one box's in order, several boxes' side by side.
type lanes struct {
	queue [16]chan func()
}

// laneLength is how many asks may wait in a lane. More are not answered, and their boxes ask again.
const laneLength = 256

func newLanes(s *Server) *lanes {
	l := &lanes{}
	for i := range l.queue {
		queue := make(chan func(), laneLength)
		l.queue[i] = queue
		s.start(func(ctx context.Context) {
			for {
				select {
				case <-ctx.Done():
					return
				case work := <-queue:
					work()
				}
			}
		})
	}
	return l
}

// later handles a message on its box's lane.
func (s *Server) later(handle nats.MsgHandler) nats.MsgHandler {
	return func(msg *nats.Msg) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(msg.Subject[:strings.LastIndexByte(msg.Subject, '.')])) // never fails
		select {
		case s.lanes.queue[h.Sum32()%uint32(len(s.lanes.queue))] <- func() { handle(msg) }:
		default:
			s.dropped.Add(1)
		}
	}
}
