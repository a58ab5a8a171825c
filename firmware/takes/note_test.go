package takes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// refuse makes the next write to the journal fail, as that to a disk which was pulled.
func refuse(t *testing.T, s *Session) {
	t.Helper()
	readOnly, err := os.Open(s.journalPath())
	if err := errors.Join(err, s.journal.close()); err != nil {
		t.Fatal(err)
	}
	s.journal.file = readOnly
	if err := s.Note(Entry{Kind: KindGap}); !errors.Is(err, unix.EBADF) {
		t.Fatalf("note to a broken disk: %v", err)
	}
}

// TestNoteAfterTheDiskFailed: the journal goes on where it was, with its last line made whole or cut off.
func TestNoteAfterTheDiskFailed(t *testing.T) {
	whole := `{"v":1,"kind":"gap","time":"2026-11-22T20:15:01Z","session":1}`
	for name, c := range map[string]struct {
		tail    string
		entries int
	}{"clean": {"", 2}, "cut": {whole[:20], 2}, "only its end cut": {whole, 3}, "zeros": {"\x00\x00\x00", 2}} {
		s := newSession(t, t.TempDir())
		refuse(t, s)
		file, err := os.OpenFile(s.journalPath(), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteString(c.tail)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		note(t, s, Entry{Kind: KindMarker})
		got := readJournal(t, s.Dir())
		if len(got.Entries) != c.entries || got.Bad != 0 || got.Whole != got.Size || got.Entries[c.entries-1].Kind != KindMarker {
			t.Errorf("%s: journal reads %+v", name, got)
		}
	}
}

// TestNoteOnADiskThatCameBack: while the folder is away every Note tells so; then the journal is gone on with, and the folder
// is held against a repair.
func TestNoteOnADiskThatCameBack(t *testing.T) {
	s := newSession(t, t.TempDir())
	away := s.Dir() + ".away"
	if err := os.Rename(s.Dir(), away); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Note(Entry{Kind: KindGap}); !errors.Is(err, fs.ErrNotExist) || !Gone(err) {
			t.Errorf("note without a folder: %v", err)
		}
	}
	// A copy of the folder: as after a remount, no hold of before is valid there.
	data, err := os.ReadFile(filepath.Join(away, journalName))
	if err := errors.Join(err, os.Mkdir(s.Dir(), folderMode), os.WriteFile(s.journalPath(), data, fileMode)); err != nil {
		t.Fatal(err)
	}
	note(t, s, Entry{Kind: KindMarker})
	if got := readJournal(t, s.Dir()); len(got.Entries) != 2 || got.Entries[1].Kind != KindMarker {
		t.Errorf("journal reads %+v", got)
	}
	if report := recoverAll(t, s.Dir()); !report.Sessions[0].InUse {
		t.Error("the folder that came back is not held")
	}
}

// TestNoteWhereAnotherFileStands: a journal that was replaced while it was open is gone on with by its name.
func TestNoteWhereAnotherFileStands(t *testing.T) {
	s := newSession(t, t.TempDir())
	if err := os.Remove(s.journalPath()); err != nil {
		t.Fatal(err)
	}
	note(t, s, Entry{Kind: KindMarker})
	if got := readJournal(t, s.Dir()); len(got.Entries) != 1 {
		t.Errorf("journal reads %+v", got)
	}
}
