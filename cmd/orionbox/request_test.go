package main

import (
	"path/filepath"
	"reflect"
	"testing"

	"orionbox/webadmin"
)

func TestRequest(t *testing.T) {
	s := &scripted{}
	socket := s.open(t)
	wantExit(t, 0, "alice/3 is asked for", "request", "alice/3", "--socket", socket)
	wantExit(t, 0, `"text":"alice/take-2 is asked for"`, "request", "alice/take-2", "--session", "SESSION_20261122_201501", "--json", "--socket", socket)
	wantExit(t, exitRefused, "no such chunk", "request", "alice/9", "--socket", socket)
	wantExit(t, exitUsage, "accepts 1 arg", "request", "--socket", socket)
	wantExit(t, exitNotRunning, "orionbox run", "request", "alice/3", "--socket", filepath.Join(t.TempDir(), "none"))
	want := []webadmin.DeliverRequest{{What: "alice/3"}, {What: "alice/take-2", Session: "SESSION_20261122_201501"}}
	if s.mu.Lock(); !reflect.DeepEqual(s.wanted, want) {
		t.Errorf("asked for %+v", s.wanted)
	}
	s.mu.Unlock()
}
