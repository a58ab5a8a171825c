package server

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// follow begins to take in what comes back from the store, and waits until all that is there has come.
func (s *Server) follow() error {
	if s.store.shared() {
		if _, err := s.store.conn.Subscribe(hubSubject+"*", s.hubHeard); err != nil {
			return fmt.Errorf("listen for other hubs: %w", err)
		}
	}
	var all []chan struct{}
	for stream, handle := range map[string]func(stored){
		credentialStream: s.recordStored, postStream: s.postStored, trackStream: s.trackStored, fileStream: s.fileStored, presenceStream: s.presenceStored,
	} {
		ready := make(chan struct{})
		all = append(all, ready)
		s.start(func(ctx context.Context) { s.store.feed(ctx, stream, s.log, ready, handle) })
	}
	deadline := time.After(30 * time.Second)
	for _, ready := range all {
		select {
		case <-ready:
		case <-deadline:
			return errors.New("read what is stored: it takes longer than 30 s; is the disk, or the NATS cluster, well?")
		}
	}
	s.up.Store(true)
	s.start(s.save)
	return nil
}
