package takes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

var (
	studio = pcm.Format{Rate: 48000, Channels: 2}
	voice  = pcm.Format{Rate: 16000, Channels: 1}
)

// file is what mp3.File and wav.File have in common.
type file interface {
	WriteFrame(pcm.Frame) error
	Sync() error
	Close() error
}

// play writes n frames of 20 ms of a saw tooth, each synced.
func play(f file, format pcm.Format, n int) error {
	data := make([]float32, format.Rate/50*format.Channels)
	for i := range data {
		data[i] = float32(i%100)/200 - 0.25
	}
	for i := range n {
		frame := pcm.Frame{Format: format, Pos: int64(i * format.Rate / 50), Data: data}
		if err := errors.Join(f.WriteFrame(frame), f.Sync()); err != nil {
			return err
		}
	}
	return nil
}

func createTake(path string) (file, error) {
	return mp3.Create(path, mp3.Config{Format: studio, Bitrate: 320})
}

func createVoice(path string) (file, error) { return wav.Create(path, voice) }

// recording writes one with name into dir; cut leaves it as a power cut would, with part of a frame at its end.
func recording(t *testing.T, dir, name string, cut bool) {
	t.Helper()
	create, format := createVoice, voice
	if strings.HasPrefix(name, "HQ") {
		create, format = createTake, studio
	}
	path := filepath.Join(dir, name)
	f, err := create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := play(f, format, 50); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path) // of the file as it is before it is closed
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if cut {
		if err := os.WriteFile(path, data[:len(data)-7], fileMode); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is every file below root with its text, and when it was written.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		info, statErr := d.Info()
		files[strings.TrimPrefix(path, root)] = fmt.Sprintf("%v %x", info.ModTime(), data)
		return errors.Join(err, statErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func recoverAll(t *testing.T, root string) Report {
	t.Helper()
	report, err := Recover(t.Context(), root, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func wantIdempotent(t *testing.T, root string) {
	t.Helper()
	before := tree(t, root)
	recoverAll(t, root)
	if after := tree(t, root); !reflect.DeepEqual(before, after) {
		t.Error("a second run wrote something")
	}
}

func kinds(log Log) string {
	var all []string
	for _, e := range log.Entries {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", e.Kind, e.File)))
	}
	return strings.Join(all, ", ")
}

func TestRecover(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	recording(t, s.Dir(), "HQ_Ann_1_201502.mp3", false)
	recording(t, s.Dir(), "HQ_Ann_2_201602.mp3", true)
	recording(t, s.Dir(), "LQ_Ann_201501.wav", true)
	note(t, s, Entry{Kind: KindVoiceStart, File: "LQ_Ann_201501.wav"})
	note(t, s, Entry{Kind: KindTakeStart, Take: 1, File: "HQ_Ann_1_201502.mp3"})
	note(t, s, Entry{Kind: KindTakeStop, Take: 1, File: "HQ_Ann_1_201502.mp3"})
	note(t, s, Entry{Kind: KindTakeStart, Take: 2, File: "HQ_Ann_2_201602.mp3"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	report := recoverAll(t, root)
	got := report.Sessions[0]
	if got.Journal != JournalWhole || len(got.Files) != 3 || report.Count(StateRepaired) != 2 || report.Count(StateWhole) != 1 {
		t.Errorf("report %+v", got)
	}
	take := got.Files[1]
	if take.Name != "HQ_Ann_2_201602.mp3" || !take.Studio || take.Take != 2 || take.State != StateRepaired || take.Trimmed == 0 || take.Rate != 48000 || take.Channels != 2 {
		t.Errorf("take %+v", take)
	}
	if l := take.Length(); l < 900*time.Millisecond || l > time.Second {
		t.Errorf("take of 1 s is %v long", l)
	}
	log := readJournal(t, s.Dir())
	want := "session, voice-start LQ_Ann_201501.wav, take-start HQ_Ann_1_201502.mp3, take-stop HQ_Ann_1_201502.mp3, take-start HQ_Ann_2_201602.mp3, " +
		"take-recovered HQ_Ann_2_201602.mp3, voice-recovered LQ_Ann_201501.wav, session"
	if kinds(log) != want {
		t.Errorf("journal holds %s", kinds(log))
	}
	e := log.Entries[5]
	if e.Take != 2 || e.Samples != take.Samples || e.Rate != 48000 || e.Bytes != take.Bytes || !strings.Contains(e.Text, fmt.Sprintf("%d bytes trimmed", take.Trimmed)) {
		t.Errorf("journal says %+v of %+v", e, take)
	}
	wantIdempotent(t, root)
	for _, told := range []string{"HQ_Ann_2_201602.mp3", "repaired", "1 sessions, 1 recordings whole, 2 repaired, 0 failed"} {
		if !strings.Contains(report.String(), told) {
			t.Errorf("the table lacks %q:\n%s", told, report)
		}
	}
}

func TestRecoverWithoutJournal(t *testing.T) {
	for name, text := range map[string]string{"missing": "", "garbage": "\x00\x01\x02 nothing\nnor here\n", "zeros": strings.Repeat("\x00", 9000)} {
		root := t.TempDir()
		dir := filepath.Join(root, "SESSION_20261122_201501")
		if err := os.Mkdir(dir, folderMode); err != nil {
			t.Fatal(err)
		}
		recording(t, dir, "HQ_Ann_7_201502.mp3", true)
		recording(t, dir, "LQ_Ann_201501.wav", false)
		if name != "missing" {
			if err := os.WriteFile(filepath.Join(dir, journalName), []byte(text), fileMode); err != nil {
				t.Fatal(err)
			}
		}
		report := recoverAll(t, root)
		if report.Sessions[0].Journal != JournalRebuilt {
			t.Errorf("%s: journal is %s", name, report.Sessions[0].Journal)
		}
		if got := kinds(readJournal(t, dir)); got != "take-recovered HQ_Ann_7_201502.mp3, voice-recovered LQ_Ann_201501.wav, session" {
			t.Errorf("%s: journal holds %s", name, got)
		}
		aside, err := os.ReadFile(filepath.Join(dir, journalName+".damaged-1"))
		if kept := err == nil && string(aside) == text; kept != (name != "missing") {
			t.Errorf("%s: the damaged journal: %v", name, err)
		}
		wantIdempotent(t, root)
	}
}

func TestRecoverCutJournal(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	recording(t, s.Dir(), "HQ_Ann_1_201502.mp3", false)
	note(t, s, Entry{Kind: KindTakeStart, File: "HQ_Ann_1_201502.mp3"})
	note(t, s, Entry{Kind: KindTakeStop, File: "HQ_Ann_1_201502.mp3"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(s.Dir(), journalName), s.journal.size-9); err != nil {
		t.Fatal(err)
	}
	if got := recoverAll(t, root).Sessions[0].Journal; got != JournalMended {
		t.Errorf("journal is %s", got)
	}
	log := readJournal(t, s.Dir())
	if got := kinds(log); got != "session, take-start HQ_Ann_1_201502.mp3, take-recovered HQ_Ann_1_201502.mp3, session" || log.Entries[2].Text != "was whole" {
		t.Errorf("journal holds %s", got)
	}
	wantIdempotent(t, root)
}

func TestRecoverLeavesALiveSession(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	recording(t, s.Dir(), "HQ_Ann_1_201502.mp3", true)
	before := tree(t, root)
	for _, dir := range []string{root, s.Dir()} {
		report := recoverAll(t, dir)
		if !report.Sessions[0].InUse || !strings.Contains(report.String(), "is being recorded; left alone") {
			t.Errorf("report %s", report)
		}
	}
	if !reflect.DeepEqual(before, tree(t, root)) {
		t.Error("a live session was written to")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if recoverAll(t, s.Dir()).Count(StateRepaired) != 1 {
		t.Error("not repaired after it was closed")
	}
}

func TestRecoverGoesOnOverErrors(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"SESSION_1", "SESSION_2"} {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, folderMode); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{"HQ_Ann_1_201502.mp3", "HQ_Ann_2_201502.mp3", "LQ_Ann_201501.wav"} {
			if err := os.WriteFile(filepath.Join(dir, f), []byte("x"), fileMode); err != nil {
				t.Fatal(err)
			}
		}
	}
	broken := errors.New("broken disk")
	r := recovery{
		repairMP3: func(path string) (sound, error) {
			if strings.Contains(path, "_1_2") {
				return sound{}, fmt.Errorf("repair %s: %w", path, broken)
			}
			return sound{samples: 48000, rate: 48000, channels: 2, trimmed: 5}, nil
		},
		repairWAV: func(string) (sound, error) { return sound{foreign: true}, nil },
		now:       func() time.Time { return evening }, log: quiet(),
	}
	report, err := r.run(t.Context(), root)
	if !errors.Is(err, broken) || strings.Count(err.Error(), "HQ_Ann_1_201502.mp3") != 2 {
		t.Errorf("error %v", err)
	}
	if report.Count(StateFailed) != 2 || report.Count(StateRepaired) != 2 || report.Count(StateForeign) != 2 {
		t.Errorf("report %s", report)
	}
	if got := kinds(readJournal(t, filepath.Join(root, "SESSION_2"))); got != "take-recovered HQ_Ann_2_201502.mp3, session" {
		t.Errorf("journal holds %s", got)
	}
}

// TestRecoverThatIsEnded: the file at hand is finished, no other is begun, and no journal tells of half of a session.
func TestRecoverThatIsEnded(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"SESSION_1", "SESSION_2", "SESSION_3"} {
		for _, name := range []string{"HQ_Ann_1_201502.mp3", "HQ_Ann_2_201502.mp3"} {
			path := filepath.Join(root, dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), folderMode), os.WriteFile(path, []byte("x"), fileMode)); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	repaired := 0
	r := recovery{now: func() time.Time { return evening }, log: quiet(), repairMP3: func(string) (sound, error) {
		if repaired++; repaired == 3 {
			cancel()
		}
		return sound{samples: 48000, rate: 48000, channels: 2}, nil
	}}
	report, err := r.run(ctx, root)
	if !errors.Is(err, context.Canceled) || repaired != 3 || report.Count(StateRepaired) != 3 || len(report.Sessions) != 2 {
		t.Errorf("%d repaired, %v, report %+v", repaired, err, report)
	}
	if s := report.Sessions; s[0].Journal != JournalRebuilt || s[1].Journal != JournalLeft || !strings.Contains(report.String(), "left") {
		t.Errorf("report %s", report)
	}
	if _, err := os.Stat(filepath.Join(root, "SESSION_2", journalName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal of a session half repaired: %v", err)
	}
	if _, err := r.run(t.Context(), root); err != nil || repaired != 9 {
		t.Errorf("the next run: %d repaired, %v", repaired, err)
	}
}

// TestRecoverTellsOfSilencePutIn: where sound was destroyed in the middle, the journal tells how much.
func TestRecoverTellsOfSilencePutIn(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	recording(t, s.Dir(), "HQ_Ann_1_201502.mp3", true)
	path := filepath.Join(s.Dir(), "HQ_Ann_1_201502.mp3")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(data[10*960 : 13*960]) // whole frames of 960 bytes
	if err := errors.Join(os.WriteFile(path, data, fileMode), s.Close()); err != nil {
		t.Fatal(err)
	}
	report := recoverAll(t, root)
	f := report.Sessions[0].Files[0]
	want := fmt.Sprintf("was not closed, %d bytes trimmed, %d frames of silence put in", f.Trimmed, f.Mended)
	log := readJournal(t, s.Dir())
	if got := log.Entries[1]; f.Mended < 3 || got.Kind != KindTakeRecovered || got.Text != want {
		t.Errorf("%+v told as %+v", f, got)
	}
	if !strings.Contains(report.String(), "silence put in") {
		t.Errorf("report %s", report)
	}
}

// TestRecoverOfNoSound: a file cut before its first sound is none that is whole, also if its header is.
func TestRecoverOfNoSound(t *testing.T) {
	root := t.TempDir()
	s := newSession(t, root)
	f, err := createVoice(filepath.Join(s.Dir(), "LQ_Ann_201501.wav"))
	if err != nil {
		t.Fatal(err)
	}
	note(t, s, Entry{Kind: KindVoiceStart, File: "LQ_Ann_201501.wav"})
	if err := errors.Join(f.Close(), os.WriteFile(filepath.Join(s.Dir(), "HQ_Ann_1_201502.mp3"), []byte("\xff"), fileMode), s.Close()); err != nil {
		t.Fatal(err)
	}
	report := recoverAll(t, root)
	if report.Count(StateEmpty) != 2 || !strings.Contains(report.String(), "0 recordings whole, 0 repaired, 0 failed, 2 empty") {
		t.Errorf("report %s", report)
	}
	wantIdempotent(t, root)
}

func TestRecoverOddThings(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "SESSION_20261122_201501")
	for _, d := range []string{dir, filepath.Join(dir, "HQ_Ann_9_201502.mp3"), filepath.Join(root, "SESSION_empty"), filepath.Join(root, "other")} {
		if err := os.Mkdir(d, folderMode); err != nil {
			t.Fatal(err)
		}
	}
	song := strings.Repeat("no mp3 at all ", 100)
	for name, text := range map[string]string{
		"HQ_Ann_1_201502.mp3": "", "HQ_Ann_2_201502.mp3": song, "LQ_Ann_201501.wav": "RIFF", "notes.txt": "mine", "HQ_song.mp3": song,
		journalName: `{"v":1,"kind":"take-start","time":"2026-11-22T20:15:01Z","session":0,"file":"HQ_Ann_5_201502.mp3"}` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), fileMode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "HQ_Ann_3_201502.mp3")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, root)
	report := recoverAll(t, root)
	if !reflect.DeepEqual(before, tree(t, root)) {
		t.Error("something was written where nothing was to be told")
	}
	if report.Count(StateEmpty) != 2 || report.Count(StateForeign) != 1 || report.Count(StateMissing) != 1 || len(report.Sessions) != 2 {
		t.Errorf("report %+v", report)
	}
	data, err := json.Marshal(report)
	if err != nil || !strings.Contains(string(data), `"state":"missing"`) {
		t.Errorf("JSON %s, %v", data, err)
	}
}

func TestRecoverWhereThereIsNothing(t *testing.T) {
	if _, err := Recover(t.Context(), filepath.Join(t.TempDir(), "none"), quiet()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if report := recoverAll(t, t.TempDir()); report.String() == "" || len(report.Sessions) != 0 {
		t.Errorf("empty folder: %s", report)
	}
}
