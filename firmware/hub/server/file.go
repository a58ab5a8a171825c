package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// What stands behind delivery.Door: who may come in there, and how far each file has come.

// Admit is the box whose token it is; user is its name as for NATS (hub.User).
func (s *Server) Admit(user, token string) (hub.Guest, error) {
	r, err := s.registry.admit(user, token)
	if err != nil {
		return hub.Guest{}, err
	}
	return hub.Guest{Room: r.Room, User: user, ID: r.ID, Name: r.Name, Role: r.Role}, nil
}

// Admitted tells whether a box that was let in still may be here.
func (s *Server) Admitted(user string) bool {
	r, known := s.registry.get(user)
	return known && !r.Revoked
}

// Producers are the ids of the boxes that files of a room are for.
func (s *Server) Producers(room string) []string {
	var ids []string
	for _, r := range s.registry.in(hub.Token(room)) {
		if r.Role == session.Producer && !r.Revoked {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Refuse counts and logs what was refused at the files' door.
func (s *Server) Refuse(who, why string, args ...any) { s.refusals.add(who, why, args...) }

// Now is the session clock.
func (s *Server) Now() clock.Instant { return s.clock.now() }

// File is how far a file has come; false if the hub has heard nothing of it.
func (s *Server) File(room string, k takes.TrackKey) (hub.File, bool) {
	f, _, known := s.file(room, k)
	return f, known
}

// Files are all that the hub has heard of in a room.
func (s *Server) Files(room string) []hub.File {
	var all []hub.File
	for _, raw := range s.files.in(hub.Token(room)) {
		if f, err := hub.ParseFile(raw); err == nil { // else fileStored has told of it
			all = append(all, f)
		}
	}
	return all
}

// filesHere is how many of a room the hub has not let go of.
func (s *Server) filesHere(room string) (n int) {
	for _, f := range s.Files(room) {
		if !f.Gone {
			n++
		}
	}
	return n
}

func (s *Server) file(room string, k takes.TrackKey) (hub.File, uint64, bool) {
	l, known := s.files.get(hub.Token(room), fileKey(k))
	if !known {
		return hub.File{}, 0, false
	}
	f, err := hub.ParseFile(l.raw)
	return f, l.seq, err == nil
}

func fileKey(k takes.TrackKey) string {
	return k.Box + "." + trackKey(takes.Track{Session: k.Session, File: k.File})
}

// ErrNoRoom tells that a box has more files here than the hub keeps.
var ErrNoRoom = errors.New("too many files of this box; let a producer take some, or start the hub with an empty folder")

// ChangeFile changes what is known of a file, or makes it known, as it stands when the change is stored; the room is told. A
// change that changes nothing stores nothing.
func (s *Server) ChangeFile(ctx context.Context, room string, k takes.TrackKey, change func(*hub.File)) (hub.File, error) {
	if s.files.full(hub.Token(room), k.Box, fileKey(k)) {
		return hub.File{}, ErrNoRoom
	}
	for range 5 {
		before, seq, _ := s.file(room, k)
		f := before
		f.TrackKey, f.Taken = k, slices.Clone(before.Taken)
		change(&f)
		if same(before, f) {
			return f, nil
		}
		err := s.storeFile(ctx, room, f, seq)
		if !errors.Is(err, errTaken) {
			return f, err
		}
		pause(ctx, 50*time.Millisecond) // until it has come here
	}
	return hub.File{}, errTaken
}

func same(a, b hub.File) bool {
	one, _ := json.Marshal(a) // a file can always be written
	two, _ := json.Marshal(b)
	return string(one) == string(two)
}

// storeFile stores how far a file has come, if nobody has stored another word on it since that of seq.
func (s *Server) storeFile(ctx context.Context, room string, f hub.File, seq uint64) error {
	if err := f.Check(); err != nil {
		return err
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	subject := fileSubject + hub.Token(room) + "." + fileKey(f.TrackKey)
	stored, err := s.store.putAfter(ctx, subject, data, seq)
	if err != nil {
		return fmt.Errorf("store how far %s has come: %w", f.File, err)
	}
	s.files.stored(hub.Token(room), fileKey(f.TrackKey), laid{data, time.Now(), stored})
	return nil
}

// fileStored takes in what came back from the store, and tells it to its room.
func (s *Server) fileStored(m stored) {
	_, err := hub.ParseFile(m.data)
	s.laidDown(m, fileSubject, s.files, hub.TellFile, err)
}

// forgetFiles lets go of what was said before a moment of files that the hub has let go of. What is known of the others is needed,
// to tell of them and to delete them one day.
func (s *Server) forgetFiles(ctx context.Context, before time.Time) {
	gone := func(l laid) bool {
		f, err := hub.ParseFile(l.raw)
		return err == nil && f.Gone
	}
	stream, err := s.store.js.Stream(ctx, fileStream)
	if err != nil {
		return // it is tried again
	}
	for _, subject := range s.files.forgetSome(before, gone) {
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(fileSubject+subject)); err != nil {
			s.log.Warn("forget a file", "error", err)
		}
	}
}
