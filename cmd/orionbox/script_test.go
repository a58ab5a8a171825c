package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/webadmin"
)

// scripted is the studio of a box that is not there: it shows what it was given and remembers what it was asked.
type scripted struct {
	peers   []hub.Peer
	chunks  []takes.Chunk
	markers []takes.Marker

	mu    sync.Mutex
	all   bool
	asked []webadmin.MarkRequest
	posts []hub.Post
	more  chan struct{} // closed when there are more posts
	deaf  bool          // what is said stays in the box, as it does while the hub is away
	held  []string

	plays  []webadmin.PlayRequest
	wanted []webadmin.DeliverRequest
	seeks  []webadmin.SeekRequest
	stops  int
}

func (s *scripted) Peers(context.Context) (any, error) { return s.peers, nil }

func (s *scripted) Chunks(_ context.Context, all bool) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
	return s.chunks, nil
}

func (s *scripted) Markers(_ context.Context, all bool) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
	return s.markers, nil
}

func (s *scripted) Mark(_ context.Context, request webadmin.MarkRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if request.Marker == "mgone" {
		return "", &webadmin.Error{Status: http.StatusConflict, Text: "refused: there is no such marker"}
	}
	s.asked = append(s.asked, request)
	return "marker m1: " + request.Op, nil
}

func (s *scripted) Chat(ctx context.Context, after int64, wait time.Duration) (any, error) {
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		s.mu.Lock()
		more := s.more
		s.mu.Unlock()
		posts := s.room()
		posts = slices.DeleteFunc(posts, func(p hub.Post) bool { return p.Seq <= after })
		if len(posts) > 0 || wait == 0 {
			return posts, nil
		}
		select {
		case <-more:
		case <-late.C:
			return posts, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *scripted) Say(_ context.Context, text string) error {
	switch {
	case text == "something rude":
		return &webadmin.Error{Status: http.StatusConflict, Text: "refused: not here"}
	case s.deaf:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held = append(s.held, text)
	default:
		s.post(hub.Post{Kind: hub.KindChat, Name: "carol", Role: session.Producer, Text: text})
	}
	return nil
}

// post has the room hear something.
func (s *scripted) post(p hub.Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Seq = int64(len(s.posts) + 1)
	if p.At == 0 {
		p.At = clock.InstantOf(time.Now())
	}
	s.posts = append(s.posts, p)
	close(s.more)
	s.more = make(chan struct{})
}

func (s *scripted) marks() []webadmin.MarkRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// room is what was said so far.
func (s *scripted) room() []hub.Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

func (s *scripted) last() hub.Post {
	room := s.room()
	return room[len(room)-1]
}

// kept is what the box has not brought to the hub.
func (s *scripted) kept() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.held)
}

// wantedAll tells whether the last question for chunks or markers was for all.
func (s *scripted) wantedAll() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// open serves the studio on a socket of the test's own.
func (s *scripted) open(t *testing.T) (socket string) {
	t.Helper()
	s.more = make(chan struct{})
	return serveParts(t, webadmin.Parts{Studio: s})
}

// serveParts serves on a socket until the test ends.
func serveParts(t *testing.T, parts webadmin.Parts) (socket string) {
	t.Helper()
	run, err := os.MkdirTemp("", "box") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	socket = filepath.Join(run, "s")
	listener, err := webadmin.ListenLocal(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- webadmin.Serve(ctx, listener, webadmin.New(parts, newLog(0))) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return socket
}
