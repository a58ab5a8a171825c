package export

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
)

// evenings is a short session: Alice with two takes of which the second's pre-roll reaches into the first, and Bob.
func evenings(t *testing.T) (world, string) {
	w, producer := newWorld(t), carol()
	own := producer.begin(t, w.recordings)
	producer.keepTime(t, own, 16)
	producer.voice(t, own, 0.5, 16, 0.06)
	for i, at := range []float64{5, 9} {
		note(t, own, cut(at, []string{"m1", "m2"}[i], []string{`the "big" one`, ""}[i], session.Producer, "carol", hubClock))
	}
	note(t, own, cut(7, "m3", "", session.Artist, "Alice-box", hubClock))
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	alice := artistAt("Alice", 40)
	s := alice.begin(t, filepath.Join(w.artists, "a"))
	alice.keepTime(t, s, 16)
	alice.record(t, s, 1, take{2, 8})
	alice.record(t, s, 2, take{6.5, 14})
	alice.deliver(t, s, w.in(own), "alice")
	bob := artistAt("Bob", -60)
	s = bob.begin(t, filepath.Join(w.artists, "b"))
	bob.keepTime(t, s, 16)
	bob.record(t, s, 1, take{4, 10})
	bob.deliver(t, s, w.in(own), "bob")
	return w, own.String()
}

func TestTakesOfAPersonAreOneFile(t *testing.T) {
	w, name := evenings(t)
	dir := filepath.Join(t.TempDir(), "out")
	report := run(t, Config{Folders: find(t, w, name), Dir: dir, Rate: 44100})
	for _, at := range []float64{3, 5.5, 7, 11} { // across where the second take goes on
		meets(t, filepath.Join(dir, "wav", "Alice.wav"), at, bursts{1})
	}
	meets(t, filepath.Join(dir, "wav", "Bob.wav"), 6, bursts{1})
	silent := audiotest.ReadPart(t, filepath.Join(dir, "wav", "Bob.wav"), 11, 4)[0]
	if level := silent.Level(); level > -90 {
		t.Errorf("%.1f dB where Bob recorded nothing", level)
	}
	sound := audiotest.ReadPart(t, filepath.Join(dir, "wav", "Alice.wav"), 6.5, 0.01)[0]
	want := measure.Sound{Rate: 44100, Samples: make([]float32, 441)}
	bursts{1}.add(want.Samples, 6.5, 1.0/44100, 0.1)
	if math.Abs(sound.Level()-want.Level()) > 1 && want.Level() > -60 {
		t.Errorf("%.1f dB in the crossfade, want %.1f", sound.Level(), want.Level())
	}
	for _, r := range report.Tracks {
		if r.WAV != "wav/"+r.Name+".wav" && r.Studio {
			t.Errorf("take %d of %s is in %s", r.Take, r.Name, r.WAV)
		}
	}
	// as recorded: whole, though the first take sounds only as far as the second
	if p := probe(t, filepath.Join(dir, "media", strings.TrimSuffix(report.Tracks[0].Source, ".mp3")+".wav")); math.Abs(float64(p.Frames)/48000-6) > 0.01 {
		t.Errorf("the first take has %d frames", p.Frames)
	}
}

// project1 is what a reader of Reaper's files takes out of one, line by line.
type project1 struct {
	tracks  []string
	muted   []string
	items   []map[string]string // of all tracks, by the first word of each line
	markers []string
}

// readProject reads a project by its form alone: every block that opens closes, words are quoted where they must be.
func readProject(t *testing.T, text string) project1 {
	t.Helper()
	var p project1
	var blocks []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case word == ">" && len(blocks) > 0:
			blocks = blocks[:len(blocks)-1]
			continue
		case strings.HasPrefix(word, "<"):
			blocks = append(blocks, word[1:])
			if word == "<ITEM" {
				p.items = append(p.items, map[string]string{})
			}
			continue
		case len(blocks) == 0:
			t.Fatalf("a line outside of the project: %q", line)
		}
		switch in := blocks[len(blocks)-1]; {
		case in == "TRACK" && word == "NAME":
			p.tracks = append(p.tracks, rest)
		case in == "TRACK" && word == "MUTESOLO":
			p.muted = append(p.muted, rest[:1])
		case in == "ITEM" || in == "SOURCE":
			p.items[len(p.items)-1][word] = rest
		case word == "MARKER":
			p.markers = append(p.markers, rest)
		}
	}
	if len(blocks) != 0 {
		t.Fatalf("left open: %v", blocks)
	}
	return p
}

func TestProjectAndLabels(t *testing.T) {
	w, name := evenings(t)
	dir := filepath.Join(t.TempDir(), "out")
	report := run(t, Config{Folders: find(t, w, name), Dir: dir})
	text, err := os.ReadFile(filepath.Join(dir, name+".rpp"))
	if err != nil {
		t.Fatal(err)
	}
	p := readProject(t, string(text))
	if want := []string{`"Alice"`, `"Bob"`, `"conference"`}; !reflect.DeepEqual(p.tracks, want) || !reflect.DeepEqual(p.muted, []string{"0", "0", "1"}) {
		t.Errorf("tracks %v, muted %v", p.tracks, p.muted)
	}
	if len(p.items) != 4 {
		t.Fatalf("%d items", len(p.items))
	}
	for i, item := range p.items {
		r := report.Tracks[i]
		if item["FILE"] != `"`+r.Media+`"` {
			t.Errorf("item %d plays %s, want %s", i, item["FILE"], r.Media)
		}
		if _, err := os.Stat(filepath.Join(dir, strings.Trim(item["FILE"], `"`))); err != nil {
			t.Error(err)
		}
		near(t, "position", item["POSITION"], r.Start)
		near(t, "play rate", item["PLAYRATE"], 1+r.DriftPPM/1e6)
		want := r.Length
		if i == 0 { // until the next one, and the crossfade
			want = report.Tracks[1].Start + 0.01 - r.Start
		}
		near(t, "length", item["LENGTH"], want)
	}
	labelled, err := os.ReadFile(filepath.Join(dir, "labels.txt"))
	if err != nil {
		t.Fatal(err)
	}
	wantLabels := "START\t5.000000\tstart\n5.000000\t9.000000\tthe \"big\" one\n9.000000\tEND\t20:15:04\n7.000000\t7.000000\tAlice-box 20:15:02\n"
	end := strings.Split(strings.Split(string(labelled), "\n")[2], "\t")[1]
	start, _, _ := strings.Cut(string(labelled), "\t")
	near(t, "start", start, 0.5) // what the clock was known to
	near(t, "end", end, 16)
	if want := strings.NewReplacer("START", start, "END", end).Replace(wantLabels); string(labelled) != want {
		t.Errorf("labels\n%s\nwant\n%s", labelled, want)
	}
	wantMarkers := []string{`1 ` + start + `000 "start" 1`, `1 5.000000000 "" 1`, `2 5.000000000 'the "big" one' 1`, `2 9.000000000 "" 1`, `3 9.000000000 "20:15:04" 1`, "", `1 7.000000000 "Alice-box 20:15:02" 0`}
	for i, want := range wantMarkers {
		if want != "" && p.markers[i] != want {
			t.Errorf("marker %q, want %q", p.markers[i], want)
		}
	}
}

func near(t *testing.T, what, words string, want float64) {
	t.Helper()
	var got float64
	first, _, _ := strings.Cut(words, " ")
	if err := json.Unmarshal([]byte(first), &got); err != nil || math.Abs(got-want) > 1e-4 {
		t.Errorf("%s %q, want %.6f", what, words, want)
	}
}

func TestQuotesHoldAnyName(t *testing.T) {
	for text, want := range map[string]string{
		`Ann`: `"Ann"`, ``: `""`, `the "one"`: `'the "one"'`, `it's "one"`: "`it's \"one\"`",
		"`it's \"one\"`": "`'it's \"one\"'`", "two\nlines\t>": `"two lines >"`,
	} {
		if got := quote(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}

// What is missing is told, and the rest is made.
func TestExportsWhatIsThere(t *testing.T) {
	w, name := evenings(t)
	f := find(t, w, name)
	gone, _ := filepath.Glob(filepath.Join(f.Received, "alice", "HQ_Alice_2_*.mp3"))
	if err := os.Remove(gone[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.Received, "bob", "journal.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Received, "alice", "HQ_Alice_1-2_201500.mp3"), []byte("a chunk"), 0o600); err != nil {
		t.Fatal(err)
	}
	report := run(t, Config{Folders: f, Dir: filepath.Join(t.TempDir(), "out")})
	absent := map[string]string{}
	for _, r := range report.Tracks {
		if r.Absent != "" {
			absent[r.Name] = r.Absent
		}
	}
	if want := map[string]string{"Alice": "not delivered yet", "Bob": "its journal does not tell when it was"}; !reflect.DeepEqual(absent, want) {
		t.Errorf("absent %v, want %v", absent, want)
	}
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "no journal") {
		t.Errorf("notes %q", report.Notes)
	}
	var table strings.Builder
	if err := report.Print(&table); err != nil || !strings.Contains(table.String(), "not delivered yet") {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// A session that is still being recorded is exported as far as it has come, and that is told.
func TestExportsWhatIsBeingRecorded(t *testing.T) {
	w, name := evenings(t)
	f := find(t, w, name)
	dir, err := os.Open(f.Own)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil { // as a box that records
		t.Fatal(err)
	}
	report := run(t, Config{Folders: f, Dir: filepath.Join(t.TempDir(), "out")})
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "still being recorded") {
		t.Errorf("notes %q", report.Notes)
	}
}

// An artist's own session is a folder of its own.
func TestExportsOneOwnSession(t *testing.T) {
	w := newWorld(t)
	alice := artistAt("Alice", 70)
	s := alice.begin(t, w.recordings)
	alice.keepTime(t, s, 26)
	alice.record(t, s, 1, take{2, 24})
	alice.voice(t, s, 0, 26, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, named := range []string{s.String(), s.Dir(), Last} {
		f, err := Find(w.recordings, "", named)
		if err != nil || f.Own != s.Dir() || f.Received != "" {
			t.Fatalf("%s: %+v, %v", named, f, err)
		}
	}
	report := run(t, Config{Folders: find(t, w, Last), Dir: filepath.Join(t.TempDir(), "out")})
	if h := report.Tracks[0].Heard; !h.Known() || math.Abs(h.LagMS) > 0.3 {
		t.Errorf("heard %+v", h)
	}
}

func TestRefuses(t *testing.T) {
	w, name := evenings(t)
	f := find(t, w, name)
	if _, err := Find(w.recordings, w.received, "SESSION_19990101_000000"); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("an unknown session: %v", err)
	}
	if _, err := Find(filepath.Join(w.recordings, "nowhere"), "", Last); err == nil || !strings.Contains(err.Error(), "none at all") {
		t.Errorf("no sessions: %v", err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "labels.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Config{Folders: f, Dir: foreign}); err == nil || !strings.Contains(err.Error(), "labels.txt") {
		t.Errorf("a foreign folder: %v", err)
	}
	if left, _ := os.ReadDir(foreign); len(left) != 1 {
		t.Errorf("in the foreign folder: %v", left)
	}
	if _, err := Run(t.Context(), Config{Folders: f, Dir: filepath.Join(foreign, "labels.txt")}); err == nil || !strings.Contains(err.Error(), "is not a folder") {
		t.Errorf("a file: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	full := Config{Folders: f, Dir: dir, Reserve: 1 << 30, Free: func(string) (int64, error) { return 1<<30 + 1<<20, nil }}
	if _, err := Run(t.Context(), full); err == nil || !strings.Contains(err.Error(), "disk") {
		t.Errorf("a full disk: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(cancelled, Config{Folders: f, Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := os.WriteFile(filepath.Join(f.Received, "bob", filepath.Base(firstTake(t, f, "bob"))), []byte("no MP3 at all, but long enough to look at"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	if _, err := Run(t.Context(), Config{Folders: f, Dir: dir, Rate: 47}); err == nil {
		t.Error("a rate that there is not")
	}
	if report := run(t, Config{Folders: f, Dir: dir}); !slices.ContainsFunc(report.Tracks, func(r TrackReport) bool { return r.Name == "Bob" && r.Absent != "" }) {
		t.Errorf("a take that is no MP3: %+v", report.Tracks)
	}
}

func firstTake(t *testing.T, f Folders, folder string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(f.Received, folder, "HQ_*.mp3"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%v: %v", all, err)
	}
	return all[0]
}

// An export may be made again in its place, until somebody has worked on it.
func TestExportsAgain(t *testing.T) {
	w, name := evenings(t)
	f := find(t, w, name)
	dir := filepath.Join(t.TempDir(), "out")
	cfg := Config{Folders: f, Dir: dir}
	run(t, cfg)
	if err := os.Remove(firstTake(t, f, "bob")); err != nil {
		t.Fatal(err)
	}
	// what an export that was killed while it grew leaves
	if err := os.MkdirAll(filepath.Join(dir, partFolder, "wav"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, cfg)
	for _, gone := range []string{"wav/Bob.wav", partFolder} {
		if _, err := os.Stat(filepath.Join(dir, gone)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", gone, err)
		}
	}
	project := filepath.Join(dir, name+".rpp")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(project, later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), ".rpp") {
		t.Errorf("over a project that was worked on: %v", err)
	}
}

// One that was killed while its files moved into place is known by the report that is still in the part.
func TestExportsAgainAfterAKill(t *testing.T) {
	w, name := evenings(t)
	dir := filepath.Join(t.TempDir(), "out")
	cfg := Config{Folders: find(t, w, name), Dir: dir}
	run(t, cfg)
	part := filepath.Join(dir, partFolder)
	if err := os.Mkdir(part, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, late := range []string{"report.json", "labels.txt"} {
		if err := os.Rename(filepath.Join(dir, late), filepath.Join(part, late)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, cfg)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 5 {
		t.Errorf("in the folder: %v, %v", left, err)
	}
}

// A hub that lost its power counts anew: who recorded across that places the others.
func TestClocksAreCarried(t *testing.T) {
	w, producer := newWorld(t), carol()
	producer.clock = "hub-2"
	own := producer.begin(t, w.recordings)
	producer.keepTime(t, own, 30)
	producer.voice(t, own, 0, 14, 0.06)
	before := producer
	before.clock = "hub-1"
	early := before.entry(takes.KindClock, before.pos(1))
	early.Hub = early.Hub.Add(-40 * time.Second) // the old clock was 40 s behind
	entries := []takes.Entry{early}
	early = before.entry(takes.KindClock, before.pos(25))
	early.Hub = early.Hub.Add(-40 * time.Second)
	for _, e := range append(entries, early, producer.entry(takes.KindClock, producer.pos(29))) {
		note(t, own, e)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range []string{"hub-1", takes.LocalClock} {
		b := artistAt([]string{"Alice", "Bob"}[i], 20)
		b.clock = c
		s := b.begin(t, filepath.Join(w.artists, c))
		e := b.entry(takes.KindClock, b.pos(1))
		if c == "hub-1" {
			e.Hub = e.Hub.Add(-40 * time.Second)
		}
		note(t, s, e)
		recordOn(t, b, s, e.Hub.Sub(b.hub(e.Pos)))
		b.deliver(t, s, w.in(own), b.id)
	}
	dir := filepath.Join(t.TempDir(), "out")
	report := run(t, Config{Folders: find(t, w, Last), Dir: dir})
	if report.Clock != "hub-2" {
		t.Errorf("by the clock %q", report.Clock)
	}
	sure := map[string]bool{}
	for _, r := range report.Tracks {
		sure[r.Name] = r.SureOfClock
	}
	if !sure["Alice"] || sure["Bob"] || !sure["Carol"] || len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "time of day") {
		t.Errorf("sure of %v, notes %q", sure, report.Notes)
	}
	meets(t, filepath.Join(dir, "wav", "Alice.wav"), 8, bursts{1})
	meets(t, filepath.Join(dir, "wav", "Bob.wav"), 8, bursts{1})
}

// recordOn makes a take whose journal tells a clock that is off by so much.
func recordOn(t *testing.T, b box, s *takes.Session, off time.Duration) {
	t.Helper()
	b.record(t, s, 1, take{2, 12})
	if off == 0 {
		return
	}
	path := filepath.Join(s.Dir(), "journal.jsonl")
	log, err := takes.Read(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for _, e := range log.Entries {
		if e.File != "" && e.Hub != 0 {
			e.Hub = e.Hub.Add(off)
		}
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	if err := os.WriteFile(path, lines, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSummaryIsMovedByNoOutlier(t *testing.T) {
	var lags []lag
	for i := range 40 {
		lags = append(lags, lag{at: float64(i) * 10, ms: 80 + 0.01*float64(i%3) + 0.002*float64(i), likeness: 0.5})
	}
	lags[5].ms, lags[17].ms, lags[30].ms = 900, -150, 400
	h := summary(lags, 45)
	if math.Abs(h.LagMS-80.05) > 0.03 || h.SpreadMS > 0.06 || h.WorstMS > 0.1 || math.Abs(h.SlopePPM-0.2) > 0.05 || h.Apart != 3 || h.Sure != 40 || h.Windows != 45 {
		t.Errorf("%+v", h)
	}
	if h := summary(lags[:2], 5); h.Known() || h.LagMS != 0 {
		t.Errorf("of two windows: %+v", h)
	}
}

// FuzzEarlierReport: no report.json makes a file an export's that lies elsewhere.
func FuzzEarlierReport(f *testing.F) {
	f.Add([]byte(`{"program":"orionbox export","files":[{"name":"wav/a.wav"},{"name":"../x"},{"name":"/etc/passwd"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, w := range filesIn(data) {
			if !filepath.IsLocal(w.Name) {
				t.Errorf("%q", w.Name)
			}
		}
	})
}

// FuzzQuote: any name is one word on one line.
func FuzzQuote(f *testing.F) {
	f.Add("a \"b' `c`\n>")
	f.Fuzz(func(t *testing.T, text string) {
		q := quote(text)
		if inner := q[1 : len(q)-1]; q[0] != q[len(q)-1] || strings.ContainsRune(inner, rune(q[0])) || strings.ContainsAny(q, "\r\n") {
			t.Errorf("%q becomes %q", text, q)
		}
	})
}
