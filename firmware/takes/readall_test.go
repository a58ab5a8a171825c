package takes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// journalAt makes the folder of a session with a journal, which has a line of its name.
func journalAt(t *testing.T, root, name string) {
	t.Helper()
	line, err := Entry{Kind: KindSession, Text: name}.line()
	if err == nil {
		err = errors.Join(os.Mkdir(filepath.Join(root, name), folderMode), os.WriteFile(filepath.Join(root, name, journalName), line, fileMode))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestReadAll: the newest sessions since a moment are read, the newest first; what cannot be read is told and left out.
func TestReadAll(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"SESSION_20261121_201501", "SESSION_20261122_235959", "SESSION_20261122_201501", "SESSION_20261122_201501_10",
		"SESSION_20261122_201501_2", "SESSION_20261122_201500", "SESSION_20261399_201500", "SESSION_mine", "music"} {
		journalAt(t, root, name)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(root, "SESSION_20261123_000000"), folderMode), os.WriteFile(filepath.Join(root, "SESSION_20261124_000000"), nil, fileMode)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		since time.Time
		most  int
		want  []string
	}{
		{evening.Add(700 * time.Millisecond), 9, []string{"SESSION_20261122_235959", "SESSION_20261122_201501_10", "SESSION_20261122_201501_2", "SESSION_20261122_201501"}},
		{evening.Add(-time.Second), 4, []string{"SESSION_20261122_235959", "SESSION_20261122_201501_10", "SESSION_20261122_201501_2"}},
		{evening.In(time.FixedZone("east", 3600)), 9, []string{"SESSION_20261122_235959"}},
		{evening, 1, nil}, {evening, 0, nil}, {evening, -1, nil}, {evening.AddDate(0, 1, 0), 9, nil},
	} {
		past, err := ReadAll(root, c.since, c.most)
		var got []string
		for _, p := range past {
			got = append(got, p.Log.Entries[0].Text)
			if p.Dir != filepath.Join(root, p.Log.Entries[0].Text) {
				t.Errorf("%s is in %s", p.Log.Entries[0].Text, p.Dir)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("since %v, %d: %v, want %v", c.since, c.most, got, c.want)
		}
		if looked := c.most > 0 && c.since.Before(evening.AddDate(0, 0, 1)); looked != (errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "20261123")) {
			t.Errorf("since %v, %d: %v", c.since, c.most, err)
		}
	}
}

// TestReadAllOfASessionInUse: its journal is read as far as it is written.
func TestReadAllOfASessionInUse(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	note(t, s, tick(1000))
	if past, err := ReadAll(root, evening, 5); err != nil || len(past) != 1 || len(past[0].Log.Entries) != 2 || past[0].Dir != s.Dir() {
		t.Errorf("%+v, %v", past, err)
	}
}

// TestReadAllWithoutRecordings: a box that has not recorded yet has no sessions, and that is no error.
func TestReadAllWithoutRecordings(t *testing.T) {
	if past, err := ReadAll(filepath.Join(t.TempDir(), "none"), evening, 5); past != nil || err != nil {
		t.Errorf("%v, %v", past, err)
	}
}

// TestReadAllIsBounded: a journal for which there is no memory is told and left out, and others are read.
func TestReadAllIsBounded(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"SESSION_20261123_201501", "SESSION_20261122_201501"} {
		journalAt(t, root, name)
	}
	if err := os.Truncate(filepath.Join(root, "SESSION_20261123_201501", journalName), maxRead+1); err != nil {
		t.Fatal(err)
	}
	if past, err := ReadAll(root, evening, 5); err == nil || !strings.Contains(err.Error(), "memory") || len(past) != 1 {
		t.Errorf("%+v, %v", past, err)
	}
}
