package takes

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestHeldSessionIsKeptFromAll(t *testing.T) {
	root, now := t.TempDir(), time.Date(2026, 11, 22, 20, 15, 1, 0, time.UTC)
	s, err := New(Config{Root: root, Artist: "Ann"}, quiet()).Begin(now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Hold(s.Dir()); !errors.Is(err, ErrInUse) {
		t.Errorf("one that is being recorded: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	held, err := Hold(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if report := recoverAll(t, root); !report.Sessions[0].InUse {
		t.Errorf("a repair does not leave it alone: %+v", report)
	}
	if !InUse(s.Dir()) {
		t.Error("it is not in use")
	}
	if err := held.Close(); err != nil || InUse(s.Dir()) {
		t.Errorf("it is held still, %v", err)
	}
	if _, err := Hold(filepath.Join(root, "none")); err == nil || errors.Is(err, ErrInUse) {
		t.Errorf("no folder: %v", err)
	}
}

// A line goes behind what can be read, whatever the journal is like, and a repair minds it as little as a reader of old does.
func TestHeldSessionNotes(t *testing.T) {
	for what, text := range map[string]string{
		"whole": `{"v":1,"kind":"session","text":"closed"}` + "\n", "cut": `{"v":1,"kind":"session","text":"closed"}` + "\n" + `{"v":1,"ki`,
		"missing": "", "unreadable": "\x00\x00\x00",
	} {
		root := t.TempDir()
		dir := filepath.Join(root, "SESSION_20261122_201501")
		if err := os.Mkdir(dir, folderMode); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(filepath.Join(dir, journalName), []byte(text), fileMode); err != nil {
				t.Fatal(err)
			}
		}
		held, err := Hold(dir)
		if err != nil {
			t.Fatal(err)
		}
		gone := Entry{Kind: KindDeleted, File: filepath.Join(dir, "HQ_Ann_1_201501.mp3"), Bytes: 9, Text: "deleted by a person"}
		if err := errors.Join(held.Note(gone, gone), held.Close()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		log, err := Read(dir)
		if n := len(log.Entries); err != nil || n < 2 || log.Bad > 0 || log.Entries[n-1].File != "HQ_Ann_1_201501.mp3" || log.Entries[n-1].Kind != KindDeleted {
			t.Errorf("%s: %+v, %v", what, log, err)
		}
		if tracks := Tracks(log, "ann", "Ann", filepath.Base(dir)); len(tracks) > 0 {
			t.Errorf("%s: %+v", what, tracks)
		}
		wantIdempotent(t, root)
	}
}
