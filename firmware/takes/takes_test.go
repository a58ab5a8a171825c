package takes

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

var evening = time.Date(2026, 11, 22, 20, 15, 1, 0, time.UTC)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newSession(t *testing.T, root string) *Session {
	t.Helper()
	s, err := New(Config{Root: root, Artist: "Ann"}, quiet()).Begin(evening)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"Ann": "Ann", "": "box", "..": "box", "...": "box", ".": "box", "/": "box", "../../etc/passwd": "etc-passwd", "a/b\\c:d": "a-b-c-d",
		"Ann Lee": "Ann-Lee", "  Ann  ": "Ann", "Jörg_2": "Jörg_2", "дядя": "дядя", "a..b": "a.b", ".hidden": "hidden", "a\x00b\nc": "a-b-c",
		"\xff\xfe": "box", "mp3.": "mp3", "🎸": "box", "e\u0301ric": "e\u0301ric", "\u0301": "box", strings.Repeat("ü", 50): strings.Repeat("ü", 32),
	} {
		if got := FileName(in); got != want {
			t.Errorf("FileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"Ann", "", "..", "../x", "a\x00", "\u0301", "🎸 _ .", strings.Repeat("-.", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := FileName(s)
		bad := got == "" || len(got) > maxArtist || !utf8.ValidString(got) || got[0] == '.' || strings.Contains(got, "..") || strings.ContainsAny(got, "/\\:*?\"<>|\x00 \n")
		if bad || FileName(got) != got {
			t.Fatalf("FileName(%q) = %q, of which it makes %q", s, got, FileName(got))
		}
		for _, name := range []string{takeFile(got, 12, evening), voiceFile(got, 1, evening), voiceFile(got, 2, evening)} {
			r, ok := ParseName(name)
			if !ok || r.Artist != got || r.Studio != (r.Take == 12) {
				t.Fatalf("%q is read as %+v, %v", name, r, ok)
			}
		}
	})
}

// What a chunk's file is called is no take's name, and the other way round, whatever the artist's name is like.
func TestChunkNames(t *testing.T) {
	for _, c := range []struct {
		file, artist string
		take, chunk  int
	}{
		{"HQ_alice_1-2_201750.mp3", "alice", 1, 2},
		{"HQ_x_1-2_3-4_201750.mp3", "x_1-2", 3, 4},
		{"HQ_x_7_1-2_201750.mp3", "x_7", 1, 2},
		{"HQ_a-1_1-12_201750.mp3", "a-1", 1, 12},
		{"HQ_x_1_201750_3-4_201750.mp3", "x_1_201750", 3, 4},
		{"HQ_Jörg_10-200_000000.mp3", "Jörg", 10, 200},
	} {
		got, ok := ParseChunkName(c.file)
		if !ok || got != (ChunkName{c.artist, c.take, c.chunk}) {
			t.Errorf("%s is read as %+v, %v", c.file, got, ok)
		}
		if r, ok := ParseName(c.file); ok {
			t.Errorf("%s is read as a recording: %+v", c.file, r)
		}
	}
	for _, file := range []string{"HQ_alice_1_201733.mp3", "HQ_x_1-2_3_201750.mp3", "HQ_1-2_201750.mp3", "HQ_a_1-2_201750_edited.mp3",
		"HQ_a_1-2_201750.mp3.part", ".HQ_a_1-2_201750.mp3", "LQ_a_1-2_201750.wav", "HQ_a_-2_201750.mp3", "HQ_a_1--2_201750.mp3"} {
		if got, ok := ParseChunkName(file); ok {
			t.Errorf("%s is read as %+v", file, got)
		}
	}
}

func FuzzChunkName(f *testing.F) {
	for _, s := range []string{"alice", "x_1-2", "a_1_201750", "-", "_", "1-2_201750"} {
		f.Add(s, 1, 2)
	}
	f.Fuzz(func(t *testing.T, artist string, take, chunk int) {
		want := ChunkName{FileName(artist), max(0, take) % 1e9, max(0, chunk) % 1e9}
		file := want.File(evening)
		if got, ok := ParseChunkName(file); !ok || got != want {
			t.Fatalf("%q is read as %+v, %v", file, got, ok)
		}
		if _, ok := ParseName(file); ok {
			t.Fatalf("%q is read as a recording", file)
		}
		if _, ok := ParseChunkName(takeFile(want.Artist, want.Take, evening)); ok {
			t.Fatalf("the take of %q is read as a chunk", want.Artist)
		}
	})
}

func TestBegin(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data", "recordings")
	first, second := newSession(t, root), newSession(t, root)
	if first.String() != "SESSION_20261122_201501" || second.String() != "SESSION_20261122_201501_2" {
		t.Errorf("folders %s and %s", first, second)
	}
	for path, want := range map[string]fs.FileMode{first.Dir(): fs.ModeDir | folderMode, filepath.Join(first.Dir(), journalName): fileMode} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
	log := readJournal(t, first.Dir())
	if len(log.Entries) != 1 || log.Entries[0] != (Entry{V: 1, Kind: KindSession, Time: evening, Text: Opened}) {
		t.Errorf("journal begins with %+v", log.Entries)
	}
}

func TestBeginManyAtOnce(t *testing.T) {
	root := t.TempDir()
	store := New(Config{Root: root, Artist: "Ann"}, quiet())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := store.Begin(evening)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() { // a repair that looks at the same moment does no harm
			if _, err := Recover(t.Context(), root, quiet()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if folders, err := sessionFolders(root); err != nil || len(folders) != 8 {
		t.Errorf("%d folders, %v", len(folders), err)
	}
}

func TestBeginWhereNoFolderCanBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{file, filepath.Join(file, "below")} {
		if _, err := New(Config{Root: root}, quiet()).Begin(evening); err == nil || !strings.Contains(err.Error(), "recording_location") {
			t.Errorf("%s: %v", root, err)
		}
	}
}

func TestPaths(t *testing.T) {
	s := newSession(t, t.TempDir())
	later := evening.Add(2 * time.Minute)
	take := func(n int) string {
		t.Helper()
		path, err := s.TakePath(n, later)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path)
	}
	voice := func() string {
		t.Helper()
		path, err := s.VoicePath(evening)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path)
	}
	touch := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(s.Dir(), name), nil, fileMode); err != nil {
			t.Fatal(err)
		}
	}
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check(take(1), "HQ_Ann_1_201701.mp3")
	check(take(1), "HQ_Ann_1_201701.mp3") // nothing is on disk yet
	touch("HQ_Ann_1_201601.mp3")          // take 1 failed, and its number is asked for again
	touch("HQ_Ann_3_201601.mp3")
	touch("HQ_notes.txt")
	check(take(1), "HQ_Ann_2_201701.mp3")
	check(take(3), "HQ_Ann_4_201701.mp3")
	check(take(-1), "HQ_Ann_2_201701.mp3")
	check(voice(), "LQ_Ann_201501.wav")
	touch("LQ_Ann_201501.wav")
	check(voice(), "LQ_Ann_201501-2.wav")
}

func TestGuard(t *testing.T) {
	const mb = 1_000_000
	for _, c := range []struct {
		free, reserve, rate int64
		level               Level
		left                time.Duration
	}{
		{500 * mb, 500 * mb, 40_000, Full, 0},
		{499 * mb, 500 * mb, 40_000, Full, 0},
		{0, 0, 40_000, Full, 0},
		{500*mb + 40_000, 500 * mb, 40_000, Low, time.Second},
		{500*mb + 1800*40_000 - 1, 500 * mb, 40_000, Low, LowTime - 25*time.Microsecond},
		{500*mb + 1800*40_000, 500 * mb, 40_000, OK, LowTime},
		{1 << 62, 0, 1, OK, 1<<63 - 1},
		{501 * mb, 500 * mb, 0, OK, 1<<63 - 1},
		{501 * mb, 500 * mb, -1, OK, 1<<63 - 1},
	} {
		level, left := Guard(c.free, c.reserve, c.rate)
		if level != c.level || (left-c.left).Abs() > time.Microsecond {
			t.Errorf("Guard(%d, %d, %d) = %s, %v, want %s, %v", c.free, c.reserve, c.rate, level, left, c.level, c.left)
		}
	}
}

func TestFree(t *testing.T) {
	store := New(Config{Root: t.TempDir()}, quiet())
	if free, err := store.Free(); err != nil || free <= 0 {
		t.Errorf("free %d, %v", free, err)
	}
	if _, err := Free("/no/such/folder"); err == nil {
		t.Error("free space of nothing")
	}
}
