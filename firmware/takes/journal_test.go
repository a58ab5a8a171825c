package takes

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func readJournal(t *testing.T, dir string) Log {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	log, err := ReadJournal(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func note(t *testing.T, s *Session, e Entry) {
	t.Helper()
	if err := s.Note(e); err != nil {
		t.Fatal(err)
	}
}

func TestNote(t *testing.T) {
	s := newSession(t, t.TempDir())
	s.now = func() time.Time { return evening.Add(3 * time.Second) }
	note(t, s, Entry{Kind: KindTakeStart, Time: evening.Add(1500 * time.Millisecond), Take: 1, File: s.Dir() + "/HQ_Ann_1_201502.mp3", Pos: 96000, Samples: 12, Rate: 48000, Bytes: 960})
	note(t, s, Entry{Kind: KindMarker, Text: "line\nbreak, \"quote\", ünïcode"})
	want := []Entry{
		{V: 1, Kind: KindSession, Time: evening, Text: Opened},
		{V: 1, Kind: KindTakeStart, Time: evening.Add(1500 * time.Millisecond), Session: 1.5, Take: 1, File: "HQ_Ann_1_201502.mp3", Pos: 96000, Samples: 12, Rate: 48000, Bytes: 960},
		{V: 1, Kind: KindMarker, Time: evening.Add(3 * time.Second), Session: 3, Text: "line\nbreak, \"quote\", ünïcode"},
	}
	if got := readJournal(t, s.Dir()); !reflect.DeepEqual(got.Entries, want) || got.Bad != 0 || got.Whole != got.Size {
		t.Errorf("journal reads\n%+v\nwant\n%+v", got, want)
	}
}

func TestNoteTakesSessionTimeFromTheMonotonicClock(t *testing.T) {
	s := newSession(t, t.TempDir())
	s.began = time.Now()
	e := Entry{Kind: KindMarker, Time: s.began.Add(2 * time.Second)}
	note(t, s, e)
	if got := readJournal(t, s.Dir()).Entries[1].Session; got != 2 {
		t.Errorf("session time %v", got)
	}
}

func TestNoteAfterClose(t *testing.T) {
	s := newSession(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Note(Entry{Kind: KindMarker}); !errors.Is(err, ErrClosed) {
		t.Errorf("note after close: %v", err)
	}
}

func TestNoteThatIsTooLong(t *testing.T) {
	s := newSession(t, t.TempDir())
	if err := s.Note(Entry{Kind: KindMarker, Text: strings.Repeat("x", maxLine)}); err == nil {
		t.Error("a line that no reader takes was written")
	}
	note(t, s, Entry{Kind: KindMarker})
	if got := readJournal(t, s.Dir()); len(got.Entries) != 2 || got.Bad != 0 {
		t.Errorf("journal reads %+v", got)
	}
}

// TestJournalThatCannotBeMade: the session goes on, and has its journal as soon as one can be had.
func TestJournalThatCannotBeMade(t *testing.T) {
	s := newSession(t, t.TempDir())
	path := filepath.Join(s.Dir(), journalName)
	if err := errors.Join(s.journal.close(), os.Remove(path), os.Mkdir(path, folderMode)); err != nil {
		t.Fatal(err)
	}
	s.journal = nil
	if err := s.Note(Entry{Kind: KindMarker}); err == nil {
		t.Error("noted into a folder")
	}
	if _, err := s.TakePath(1, evening); err != nil {
		t.Errorf("without a journal there is no take: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	note(t, s, Entry{Kind: KindMarker})
	if got := readJournal(t, s.Dir()); len(got.Entries) != 1 {
		t.Errorf("journal reads %+v", got)
	}
}

func TestReadJournalIsTolerant(t *testing.T) {
	const good = `{"v":1,"kind":"note","time":"2026-11-22T20:15:01Z","session":1}`
	for _, c := range []struct {
		name, text string
		entries    int
		bad        int
		tail       int64
	}{
		{"empty", "", 0, 0, 0},
		{"two", good + "\n" + good + "\n", 2, 0, 0},
		{"blank lines", "\n" + good + "\n\n", 1, 0, 0},
		{"CRLF", good + "\r\n", 1, 0, 0},
		{"cut", good + "\n" + good[:20], 1, 1, 20},
		{"no line end, but whole", good + "\n" + good, 2, 0, int64(len(good))},
		{"garbage between", good + "\n\x00\x00\n{}\n[]\nnull\n" + good + "\n", 2, 4, 0},
		{"zeros behind", good + "\n" + strings.Repeat("\x00", 4096), 1, 1, 4096},
		{"too long", strings.Repeat("x", 3*maxLine) + "\n" + good + "\n", 1, 1, 0},
		{"too long and cut", good + "\n" + strings.Repeat(" ", 3*maxLine), 1, 0, 3 * maxLine},
		{"later version", `{"v":2,"kind":"dance","time":"2026-11-22T20:15:01Z","new":[1]}` + "\n", 1, 0, 0},
		{"no version", `{"kind":"note"}` + "\n", 0, 1, 0},
	} {
		log, err := ReadJournal(strings.NewReader(c.text))
		if err != nil || len(log.Entries) != c.entries || log.Bad != c.bad || log.Size-log.Whole != c.tail || log.Size != int64(len(c.text)) {
			t.Errorf("%s: %d entries, %d bad, tail %d, size %d of %d, %v", c.name, len(log.Entries), log.Bad, log.Size-log.Whole, log.Size, len(c.text), err)
		}
	}
}

// TestMendCutAtEveryByte: wherever a power cut ends the journal, the whole lines stay and the next one can be read.
func TestMendCutAtEveryByte(t *testing.T) {
	s := newSession(t, t.TempDir())
	note(t, s, Entry{Kind: KindTakeStart, Take: 1, File: "HQ_Ann_1_201502.mp3"})
	whole, err := os.ReadFile(filepath.Join(s.Dir(), journalName))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), journalName)
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], fileMode); err != nil {
			t.Fatal(err)
		}
		before, err := ReadJournal(bytes.NewReader(whole[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		j, log, err := openJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.mend(log), j.append(Entry{Kind: KindMarker, Time: evening}), j.close()); err != nil {
			t.Fatal(err)
		}
		after := readJournal(t, filepath.Dir(path))
		if len(after.Entries) != len(before.Entries)+1 || after.Bad != 0 || after.Entries[len(before.Entries)].Kind != KindMarker {
			t.Fatalf("cut at %d: %+v became %+v", cut, before, after)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	line := `{"v":1,"kind":"take-stop","time":"2026-11-22T20:15:01.5Z","session":1.25,"take":1,"file":"HQ_Ann_1_201502.mp3","pos":1}` + "\n"
	for _, s := range []string{"", line, line + line[:30], line[:50] + "\x00\n" + line, `{"v":1e9,"kind":"x"}` + "\n", "{}\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := ReadJournal(bytes.NewReader(data))
		if err != nil || log.Size != int64(len(data)) || log.Whole > log.Size || len(log.Entries)+log.Bad > bytes.Count(data, []byte("\n"))+1 {
			t.Fatalf("%+v, %v", log, err)
		}
		path := filepath.Join(t.TempDir(), journalName)
		if err := os.WriteFile(path, data, fileMode); err != nil {
			t.Fatal(err)
		}
		j, _, err := openJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.mend(log), j.append(Entry{Kind: KindMarker, Time: evening}), j.close()); err != nil {
			t.Fatal(err)
		}
		again := readJournal(t, filepath.Dir(path))
		if len(again.Entries) != len(log.Entries)+1 {
			t.Fatalf("%d entries and a new one are %d", len(log.Entries), len(again.Entries))
		}
	})
}
