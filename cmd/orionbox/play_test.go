package main

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/webadmin"
)

func (s *scripted) Play(_ context.Context, request webadmin.PlayRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if request.Chunk == "alice/99" {
		return "", &webadmin.Error{Status: http.StatusConflict, Text: "refused: there is no chunk alice/99"}
	}
	s.plays = append(s.plays, request)
	return request.Chunk + " plays to " + request.To, nil
}

func (s *scripted) Deliver(_ context.Context, request webadmin.DeliverRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if request.What == "alice/9" {
		return "", &webadmin.Error{Status: http.StatusConflict, Text: "refused: there is no such chunk"}
	}
	s.wanted = append(s.wanted, request)
	return request.What + " is asked for", nil
}

func (s *scripted) StopPlaying(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops++
	if s.stops > 2 {
		return "", &webadmin.Error{Status: http.StatusConflict, Text: "refused: nothing plays"}
	}
	return "stopped", nil
}

func (s *scripted) Seek(_ context.Context, request webadmin.SeekRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeks = append(s.seeks, request)
	return "goes on", nil
}

// played is what it was asked to play, and where to go on.
func (s *scripted) played() ([]webadmin.PlayRequest, []webadmin.SeekRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.plays), slices.Clone(s.seeks)
}

func TestPlayCommand(t *testing.T) {
	s := &scripted{}
	socket := s.open(t)
	for line, want := range map[string]webadmin.PlayRequest{
		"play alice/3":          {Chunk: "alice/3", To: "me"},
		"play 3 --to all":       {Chunk: "3", To: "all"},
		"play --to=me m4k2x7qa": {Chunk: "m4k2x7qa", To: "me"},
		"play alice/3 --json --session SESSION_20261122_201501": {Chunk: "alice/3", To: "me", Session: "SESSION_20261122_201501"},
	} {
		before, _ := s.played()
		out, err := orionbox(t, append(strings.Fields(line), "--socket", socket)...)
		after, _ := s.played()
		asked := after[len(before):]
		if err != nil || len(asked) != 1 || asked[0] != want || !strings.Contains(out, want.Chunk+" plays") {
			t.Errorf("%s: %v, asked %+v\n%s", line, err, asked, out)
		}
		if strings.Contains(line, "--json") != strings.HasPrefix(out, "{") {
			t.Errorf("%s prints %s", line, out)
		}
	}
	for line, want := range map[string]webadmin.SeekRequest{
		"play seek 10s":                         {At: 10 * time.Second},
		"play seek 0s":                          {},
		"play seek +5s":                         {At: 5 * time.Second, Relative: true},
		"play seek -5s":                         {At: -5 * time.Second, Relative: true},
		"play seek -.5s --json":                 {At: -500 * time.Millisecond, Relative: true},
		"play seek --json -1m":                  {At: -time.Minute, Relative: true},
		"play --json seek 1m10.5s":              {At: 70500 * time.Millisecond},
		"play seek --socket SOCKET -7s":         {At: -7 * time.Second, Relative: true},
		"play seek -8s --socket=SOCKET":         {At: -8 * time.Second, Relative: true},
		"play seek --socket SOCKET --json -11s": {At: -11 * time.Second, Relative: true},
	} {
		args := strings.Fields(strings.ReplaceAll(line, "SOCKET", socket))
		if !strings.Contains(line, "SOCKET") {
			args = append([]string{args[0], "--socket", socket}, args[1:]...)
		}
		_, before := s.played()
		out, err := orionbox(t, args...)
		_, after := s.played()
		asked := after[len(before):]
		if err != nil || len(asked) != 1 || asked[0] != want || !strings.Contains(out, "goes on") {
			t.Errorf("%s: %v, asked %+v\n%s", line, err, asked, out)
		}
	}
	wantExit(t, 0, "stopped", "play", "stop", "--socket", socket)
	wantExit(t, 0, `{"text":"stopped"}`, "play", "stop", "--json", "--socket", socket)
}

func TestPlayCommandRefuses(t *testing.T) {
	s := &scripted{stops: 2}
	socket := s.open(t)
	wantExit(t, exitRefused, "no chunk alice/99", "play", "alice/99", "--socket", socket)
	wantExit(t, exitRefused, "nothing plays", "play", "stop", "--socket", socket)
	wantExit(t, exitRefused, "24h", "play", "seek", "-25h", "--socket", socket)
	wantExit(t, exitUsage, "accepts 1 arg", "play", "--socket", socket)
	wantExit(t, exitUsage, "accepts 1 arg", "play", "alice/3", "bob/2", "--socket", socket)
	wantExit(t, exitUsage, "names no chunk", "play", "alice/x", "--socket", socket)
	wantExit(t, exitUsage, "which chunk", "play", "", "--socket", socket)
	wantExit(t, exitUsage, "--to is me or all", "play", "alice/3", "--to", "bob", "--socket", socket)
	wantExit(t, exitUsage, "accepts 1 arg", "play", "seek", "--socket", socket)
	wantExit(t, exitUsage, "accepts 1 arg", "play", "seek", "-1s", "-2s", "--socket", socket)
	wantExit(t, exitUsage, "is no time", "play", "seek", "10", "--socket", socket)
	wantExit(t, exitUsage, "is no time", "play", "seek", "soon", "--socket", socket)
	wantExit(t, exitUsage, "unknown flag", "play", "seek", "-5s", "--loud")
	wantExit(t, 0, "play seek -5s", "play", "seek", "--help")
	wantExit(t, 0, "--to all", "play", "--help")
	wantExit(t, exitNotRunning, "orionbox run", "play", "alice/3", "--socket", filepath.Join(t.TempDir(), "none"))
	if plays, seeks := s.played(); len(plays)+len(seeks) != 0 {
		t.Errorf("what was refused was asked for: %+v %+v", plays, seeks)
	}
}
