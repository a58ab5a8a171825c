package server

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"orionbox/firmware/hub"
)

// Status is how the hub is doing.
type Status struct {
	Address     string       `json:"address"`
	Version     string       `json:"version"`
	Uptime      float64      `json:"uptime_seconds"`
	Store       string       `json:"store"`             // built-in, or the hosts of the NATS cluster
	Trouble     string       `json:"trouble,omitempty"` // what a person should mend, and how
	Rooms       []RoomStatus `json:"rooms"`
	Connections int          `json:"connections"` // of boxes
	StoredBytes int64        `json:"stored_bytes"`
	LimitBytes  int64        `json:"limit_bytes"`
	Refused     int64        `json:"refused"`      // log-ins and words, since the start
	MemoryBytes int64        `json:"memory_bytes"` // of the process, in use by Go
}

// RoomStatus is a room that somebody is in, or that something is kept of.
type RoomStatus struct {
	Room    string `json:"room"`
	Present int    `json:"present"`
	Unknown int    `json:"unknown"`
	Posts   int    `json:"posts"`
	Tracks  int    `json:"tracks"`
	Files   int    `json:"files"` // recordings and journals that lie here until every producer has them
}

// ownConnections are those of the hub itself to its NATS server.
func (s *Server) ownConnections() int {
	if s.store.shared() {
		return 2
	}
	return 3
}

// Status measures the hub.
func (s *Server) Status(ctx context.Context) (Status, error) {
	bytes, err := s.store.bytes(ctx)
	trouble := s.troubles()
	if err != nil && trouble == "" {
		return Status{}, fmt.Errorf("hub status: %w", err)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return Status{Address: s.Addr(), Version: s.cfg.Version, Uptime: time.Since(s.began).Seconds(), Store: s.store.place, Trouble: trouble,
		Rooms: s.rooms(), Connections: s.nats.NumClients() - s.ownConnections(), StoredBytes: bytes,
		LimitBytes: s.cfg.MaxBytes, Refused: s.refusals.total(),
		MemoryBytes: int64(memory.Sys - memory.HeapReleased)}, nil
}

// troubles is all that a person should mend, in words; empty if there is nothing.
func (s *Server) troubles() string {
	var all []string
	if since, cause := s.store.health.trouble(); cause != nil {
		all = append(all, fmt.Sprintf("the store cannot be written since %s: %s (%v)", since.Format(time.TimeOnly), s.remedy(), cause))
	}
	if lost := s.lost(); len(lost) > 0 {
		all = append(all, inviteAgain(lost))
	}
	return strings.Join(all, "; ")
}

// rooms are those in use; a room that everybody has left, and of which nothing is kept, is finished.
func (s *Server) rooms() []RoomStatus {
	posts, tracks := s.posts.counts(), s.tracks.counts()
	rooms := []RoomStatus{}
	for token, name := range s.registry.names() {
		r := RoomStatus{Room: name, Posts: posts[token], Tracks: tracks[token], Files: s.filesHere(name)}
		for _, p := range s.presence.in(token) {
			switch p.State {
			case hub.Present:
				r.Present++
			case hub.Unknown:
				r.Unknown++
			}
		}
		if r != (RoomStatus{Room: name}) {
			rooms = append(rooms, r)
		}
	}
	slices.SortFunc(rooms, func(a, b RoomStatus) int { return strings.Compare(a.Room, b.Room) })
	return rooms
}

// bytes are how many the store keeps of this studio.
func (st *store) bytes(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var sum uint64
	for _, name := range []string{postStream, trackStream, fileStream, credentialStream, presenceStream} {
		stream, err := st.js.Stream(ctx, name)
		if err != nil {
			return 0, err
		}
		sum += stream.CachedInfo().State.Bytes
	}
	return int64(sum), nil
}

// tidy lets go, now and then, of what the store has let go of.
func (s *Server) tidy(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.forget(ctx, now)
		}
	}
}

func (s *Server) forget(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	first := uint64(0)
	if stream, err := s.store.js.Stream(ctx, postStream); err == nil {
		first = stream.CachedInfo().State.FirstSeq
	}
	s.posts.forget(first, now.Add(-s.cfg.Keep))
	s.tracks.forget(now.Add(-s.cfg.Keep))
	s.forgetFiles(ctx, now.Add(-s.cfg.Keep))
	s.presence.forget(s.clock.now().Add(-s.cfg.Keep))
}
