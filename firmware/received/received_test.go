package received

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

const (
	group   = "SESSION_20261122_201455"
	session = "SESSION_20261122_201501"
	take1   = "HQ_Alice_1_201733.mp3"
	take2   = "HQ_Alice_2_202000.mp3"
	rate    = 48000
)

// begun is when take 1 began, in the zone that names of files are in.
var begun = clock.InstantOf(time.Date(2026, 11, 22, 20, 17, 33, 0, time.Local))

func open(t testing.TB, root string) *Store {
	t.Helper()
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func alices(t testing.TB, s *Store) *Folder {
	t.Helper()
	f, err := s.Folder("alice", "Alice", session, group)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// recordTake writes a take of so many seconds, of a tone of its own.
func recordTake(path string, seconds, hz float64) error {
	format := pcm.Format{Rate: rate, Channels: 1}
	f, err := mp3.Create(path, mp3.Config{Format: format, Bitrate: 64, Quality: 9})
	if err != nil {
		return err
	}
	data := make([]float32, int(seconds*rate))
	for i := range data {
		data[i] = float32(0.3 * math.Sin(2*math.Pi*hz*float64(i)/rate) * (1 + 0.5*math.Sin(float64(i)/9000)))
	}
	return errors.Join(f.WriteFrame(pcm.Frame{Format: format, Data: data}), f.Close())
}

// deliver puts a take into the folder as a delivery does.
func deliver(t testing.TB, f *Folder, file string, seconds, hz float64) {
	t.Helper()
	part, err := f.Part(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := recordTake(part, seconds, hz); err != nil {
		t.Fatal(err)
	}
	sum, _, err := SHA256(part)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := f.Keep(file, sum); err != nil || kept != (Kept{File: file}) {
		t.Fatalf("kept as %+v, %v", kept, err)
	}
}

// cuts are the chunks of take 1 between these seconds of it, numbered from 1.
func cuts(title string, at ...float64) (all []takes.Chunk) {
	for i := range at[1:] {
		all = append(all, takes.Chunk{
			Number: i + 1, Box: "alice", Name: "Alice", Session: session, Title: title, Seconds: at[i+1] - at[i],
			Start:  begun.Add(time.Duration(at[i] * float64(time.Second))),
			Studio: &takes.Place{File: take1, From: int64(at[i] * rate), To: int64(at[i+1] * rate), Rate: rate},
		})
	}
	return all
}

// names are the files in a folder, hidden ones too.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data", "received")
	s := open(t, root)
	f := alices(t, s)
	if want := filepath.Join(root, group, "Alice"); f.Dir() != want || f.String() != want || f.Owner() != (Owner{"alice", "Alice", session}) {
		t.Errorf("%s of %+v, want %s", f.Dir(), f.Owner(), want)
	}
	if text := string(read(t, f.path(ownerFile))); !strings.Contains(text, `"box": "alice"`) || !strings.Contains(text, `"session": "`+session+`"`) {
		t.Error(text)
	}
	if again, err := s.Folder("alice", "Alice Renamed", session, "SESSION_20261123_101010"); err != nil || again != f {
		t.Errorf("the second time it is %v, %v", again, err)
	}
	second, err := s.Folder("alice", "Alice", session+"_2", group)
	other, errOther := s.Folder("bob", "Alice", session, group)
	if err != nil || errOther != nil || filepath.Base(second.Dir()) != "Alice_2" || filepath.Base(other.Dir()) != "Alice_3" {
		t.Errorf("%v and %v, %v %v", second, other, err, errOther)
	}
	if all, err := s.Folders(); err != nil || len(all) != 3 || all[0] != f {
		t.Errorf("all are %v, %v", all, err)
	}
}

func TestFolderIsFoundAgain(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	dir := alices(t, s).Dir()
	if _, err := Open(root); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, root)
	if f := alices(t, s); f.Dir() != dir {
		t.Errorf("after a restart it is %s", f.Dir())
	}
	moved := filepath.Join(root, "album", "lead vocals") // by a person, while the box runs
	if err := errors.Join(os.Mkdir(filepath.Dir(moved), 0o750), os.Rename(dir, moved)); err != nil {
		t.Fatal(err)
	}
	if f := alices(t, s); f.Dir() != moved {
		t.Errorf("moved, it is %s", f.Dir())
	}
	if err := os.RemoveAll(moved); err != nil {
		t.Fatal(err)
	}
	if f := alices(t, s); f.Dir() != dir || !f.isOf(f.owner) {
		t.Errorf("deleted, it is %s", f.Dir())
	}
}

// A folder that nobody's artist.json names is a person's; an empty one was left by a power cut.
func TestFolderOfSomebodyElse(t *testing.T) {
	root := t.TempDir()
	for name, file := range map[string]string{"Alice": "my song.rpp", "Alice_2": ownerFile, "Alice_3": hidden(ownerFile)} {
		dir := filepath.Join(root, group, name)
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, file), "{")
	}
	if f := alices(t, open(t, root)); filepath.Base(f.Dir()) != "Alice_3" || !slices.Equal(names(t, f.Dir()), []string{ownerFile}) {
		t.Errorf("%s has %v", f, names(t, f.Dir()))
	}
}

// What comes from outside never names a place that is not below the folder.
func TestNamesFromOutside(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	for _, o := range [][4]string{
		{"alice", "Alice", "../../etc", group}, {"alice", "Alice", session, ".."}, {"alice", "Alice", session, "a/b"}, {"", "Alice", session, group},
		{"alice", "Al\x00ice", session, group}, {strings.Repeat("x", 65), "Alice", session, group}, {"alice", "Alice", session + "/x", group}, {"alice", "Alice", session, ""},
	} {
		if f, err := s.Folder(o[0], o[1], o[2], o[3]); err == nil {
			t.Errorf("%q made %s", o, f)
		}
	}
	if f, err := s.Folder("mallory", "../../../etc/passwd", session, group); err != nil || filepath.Dir(f.Dir()) != filepath.Join(root, group) {
		t.Errorf("%v, %v", f, err)
	}
	f := alices(t, s)
	for _, file := range []string{"", "..", "../HQ_a_1_201733.mp3", "x/HQ_a_1_201733.mp3", "HQ_../../x_1_201733.mp3", "HQ_a_1-2_201733.mp3", "LQ_a_201733.wav", "HQ_.._1_201733.mp3", "artist.json"} {
		_, errPart := f.Part(file)
		_, errPath := f.Path(file)
		_, errKeep := f.Keep(file, "00")
		_, errReceipt := f.Receipt(file)
		if errPart == nil || errPath == nil || errKeep == nil || errReceipt == nil || errors.Is(errReceipt, fs.ErrNotExist) {
			t.Errorf("%q is taken for a take: %v, %v, %v, %v", file, errPart, errPath, errKeep, errReceipt)
		}
	}
	if _, err := f.Receipt("../HQ_a_1_201733_2.mp3"); errors.Is(err, fs.ErrNotExist) {
		t.Error("a receipt was looked for outside")
	}
}

func TestKeep(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	part, err := f.Part(take1)
	if err != nil || part != f.path("."+take1+".part") {
		t.Fatalf("%s, %v", part, err)
	}
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	if _, err := f.Keep(take1, sum("one")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing has come: %v", err)
	}
	for _, c := range []struct {
		text string
		want Kept
	}{
		{"one", Kept{File: take1}}, {"one", Kept{File: take1, Same: true}}, {"two", Kept{File: "HQ_Alice_1_201733_2.mp3", Beside: true}},
		{"two", Kept{File: "HQ_Alice_1_201733_2.mp3", Same: true, Beside: true}}, {"three", Kept{File: "HQ_Alice_1_201733_3.mp3", Beside: true}},
	} {
		put(t, part, c.text)
		for range 2 { // the second time as after a power cut right behind it
			got, err := f.Keep(take1, strings.ToUpper(sum(c.text)))
			if err != nil || got != c.want {
				t.Errorf("%q is kept as %+v, %v; want %+v", c.text, got, err, c.want)
			}
			c.want.Same = true
		}
		if string(read(t, f.path(c.want.File))) != c.text {
			t.Errorf("%s is not %q", c.want.File, c.text)
		}
	}
	if all := names(t, f.Dir()); !slices.Equal(all, []string{take1, "HQ_Alice_1_201733_2.mp3", "HQ_Alice_1_201733_3.mp3", ownerFile}) {
		t.Error(all)
	}
}

func TestPutJournal(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	if _, err := f.Journal(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none yet: %v", err)
	}
	line := `{"v":1,"kind":"session","time":"2026-11-22T20:15:01Z","session":0,"text":"opened"}` + "\n"
	for _, c := range []struct {
		text string
		news bool
		now  string
	}{{line, true, line}, {line, false, line}, {line + line, true, line + line}, {line, false, line + line}, {"", false, line + line}} {
		news, err := f.PutJournal([]byte(c.text))
		if err != nil || news != c.news || string(read(t, f.path(journalFile))) != c.now {
			t.Errorf("%d bytes: %v, %v", len(c.text), news, err)
		}
	}
	if log, err := f.Journal(); err != nil || len(log.Entries) != 2 {
		t.Errorf("%+v, %v", log, err)
	}
}

func aReceipt() Receipt {
	return Receipt{Box: "alice", Name: "Alice", Session: session, File: take1, Bytes: 12, SHA256: strings.Repeat("ab", 32), Upload: "u-1",
		Received: time.Date(2026, 11, 22, 20, 30, 0, 0, time.UTC), By: "carol"}
}

func TestReceipts(t *testing.T) {
	f := alices(t, open(t, t.TempDir()))
	if _, err := f.Receipt(take1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none yet: %v", err)
	}
	first, second := aReceipt(), aReceipt()
	second.Kept = "HQ_Alice_1_201733_2.mp3"
	if err := errors.Join(f.PutReceipt(first), f.PutReceipt(second)); err != nil {
		t.Fatal(err)
	}
	first.V, second.V = 1, 1
	got, err := f.Receipt(take1)
	beside, errBeside := f.Receipt(second.Kept)
	if err != nil || errBeside != nil || got != first || beside != second {
		t.Errorf("%+v %v, %+v %v", got, err, beside, errBeside)
	}
	put(t, f.path("x"+receiptSuffix), "{")
	if all, err := f.Receipts(); err == nil || !slices.Equal(all, []Receipt{first, second}) {
		t.Errorf("%+v, %v", all, err)
	}
	for name, wrong := range map[string]func(*Receipt){
		"file": func(r *Receipt) { r.File = "../x" }, "kept": func(r *Receipt) { r.Kept = "../" + take1 }, "sum": func(r *Receipt) { r.SHA256 = "ab" },
		"session": func(r *Receipt) { r.Session = session + "_2" }, "box": func(r *Receipt) { r.Box = "bob" }, "bytes": func(r *Receipt) { r.Bytes = -1 },
	} {
		r := aReceipt()
		if wrong(&r); f.PutReceipt(r) == nil {
			t.Errorf("a receipt with a wrong %s was written", name)
		}
	}
}

func TestList(t *testing.T) {
	root := t.TempDir()
	f := alices(t, open(t, root))
	hiddenDir := filepath.Join(root, ".trash")
	if err := os.Mkdir(hiddenDir, 0o750); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(hiddenDir, ownerFile), string(read(t, f.path(ownerFile))))
	if all, err := List(root); err != nil || !slices.Equal(all, []Place{{f.Dir(), f.Owner()}}) {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := List(filepath.Join(root, "none")); err != nil || len(all) != 0 {
		t.Errorf("no folder: %v, %v", all, err)
	}
}

func FuzzOwner(f *testing.F) {
	f.Add([]byte(`{"box":"alice","name":"Alice","session":"SESSION_20261122_201501"}`))
	f.Add([]byte(`{"box":"a","name":"../..","session":"SESSION_20261122_201501_2"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseOwner(data)
		if err == nil && (o.Box == "" || strings.ContainsAny(o.Session, "/\\.") || strings.ContainsAny(takes.FileName(o.Name), "/\\")) {
			t.Fatalf("%q is read as %+v", data, o)
		}
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"v":1,"box":"alice","name":"Alice","session":"SESSION_20261122_201501","file":"HQ_a_1_201733.mp3","bytes":1,"sha256":"` + strings.Repeat("ab", 32) + `","received":"2026-11-22T20:30:00Z","by":"carol"}`))
	f.Add([]byte(`{"v":1,"file":"../HQ_a_1_201733.mp3","kept":"../../x_2.mp3"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseReceipt(data)
		if err == nil && (strings.ContainsAny(r.name(), "/\\\x00") || !strings.HasPrefix(r.name(), "HQ_")) {
			t.Fatalf("%q is read as %+v", data, r)
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"v":1,"chunks":[{"file":"HQ_a_1-2_201750.mp3","take":"HQ_a_1_201733.mp3","from":0,"to":5,"start":"2026-11-22T20:17:50Z","tags":{},"bytes":1,"sha256":"","changed":"2026-11-22T20:17:50Z"}]}`))
	f.Add([]byte(`{"v":1,"chunks":[{"file":"../HQ_a_1-2_201750.mp3","take":"/etc/HQ_a_1_201733.mp3","to":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseIndex(data)
		for _, w := range all {
			if err == nil && (filepath.Base(w.File) != w.File || filepath.Base(w.Take) != w.Take || !bytes.HasPrefix([]byte(w.File), []byte("HQ_"))) {
				t.Fatalf("%q is read as %+v", data, w)
			}
		}
	})
}
