package library

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/audio/wav"
	"orionbox/firmware/delivery"
	"orionbox/firmware/takes"
)

func TestSessionsTellsAllOfASession(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	s := r.found()
	if s.Name != name || !s.Began.Equal(evening) || s.Seconds != 12 || s.Open || s.Trouble != "" || len(s.Recordings) != 3 {
		t.Fatalf("%+v", s)
	}
	voice, first, second := s.Recordings[0], s.Recordings[1], s.Recordings[2]
	if voice.Kind != Voice || voice.File != files[2] || voice.Seconds != 10 || !voice.Began.Equal(evening.Add(time.Second)) || len(voice.Delivered) != 0 {
		t.Errorf("voice: %+v", voice)
	}
	if first.Kind != Take || first.Number != 1 || first.Artist != "Ann" || first.Seconds != 3 || !first.AtHub || first.Open {
		t.Errorf("take 1: %+v", first)
	}
	if len(first.Delivered) != 1 || first.Delivered[0].By != "carol" || len(second.Delivered) != 0 || second.AtHub {
		t.Errorf("delivered: %+v, %+v", first.Delivered, second.Delivered)
	}
	if len(first.Chunks) != 2 || first.Chunks[1].Title != "Verse" || first.Chunks[1].At != 1 || first.Chunks[1].Seconds != 2 ||
		!first.Chunks[1].Began.Equal(evening.Add(3*time.Second)) || first.Chunks[1].Number != first.Chunks[0].Number+1 {
		t.Errorf("chunks of take 1: %+v", first.Chunks)
	}
	if len(voice.Chunks) < 4 || s.Bytes != voice.Bytes+first.Bytes+second.Bytes {
		t.Errorf("%d chunks of the voice, %d bytes", len(voice.Chunks), s.Bytes)
	}
}

func TestSessionThatIsBeingRecorded(t *testing.T) {
	r := newRoom(t)
	s := r.begin(evening)
	path, f := r.startTake(s, 1, evening, 0, 2)
	defer f.Close()
	voicePath, err := s.VoicePath(evening)
	r.must(err)
	v, err := wav.Create(voicePath, voiceFormat)
	r.must(err)
	defer v.Close()
	r.must(errors.Join(tone(v, voiceFormat, 0.25, 3), v.Sync()))
	r.must(s.Note(takes.Entry{Kind: takes.KindVoiceStart, Time: evening, File: voicePath, Rate: 16000}))
	got := r.found()
	if !got.Open || len(got.Recordings) != 2 || !got.Recordings[1].Open || got.Recordings[0].Seconds != 3 {
		t.Fatalf("%+v", got)
	}
	before := got.Recordings[1]
	if before.File != filepath.Base(path) || before.Seconds < 1.8 || before.Seconds > 2.1 {
		t.Errorf("%v s of 2 are on the disk", before.Seconds)
	}
	r.must(errors.Join(tone(f, studioFormat, 0.5, 1), f.Sync()))
	if after := r.found().Recordings[1]; after.Bytes <= before.Bytes || after.Seconds < before.Seconds+0.8 {
		t.Errorf("it has grown from %+v to %+v", before, after)
	}
}

// A journal of which some, or nothing, can be read takes nothing away of what the files tell.
func TestSessionWithADamagedJournal(t *testing.T) {
	for what, text := range map[string]string{"nothing can be read": strings.Repeat("\x00", 3000) + "\n", "it is gone": ""} {
		r := newRoom(t)
		name, files := r.friday()
		path := filepath.Join(r.root, name, takes.JournalName)
		r.must(os.Remove(path))
		if text != "" {
			r.must(os.WriteFile(path, []byte(text), 0o640))
		}
		s := r.found()
		if s.Trouble == "" || !s.Began.Equal(evening) || s.Open || len(s.Recordings) != 3 {
			t.Fatalf("%s: %+v", what, s)
		}
		for i, seconds := range []float64{10, 3, 2} {
			if rec := s.Recordings[i]; rec.Seconds != seconds || rec.Began.Before(evening) || rec.Began.After(evening.Add(10*time.Second)) {
				t.Errorf("%s: %+v", what, rec)
			}
		}
		if rec := s.Recordings[1]; rec.File != files[0] || len(rec.Delivered) != 1 {
			t.Errorf("%s: %+v", what, rec)
		}
	}
}

func TestSessionOfWhichALineIsDamaged(t *testing.T) {
	r := newRoom(t)
	name, _ := r.friday()
	path := filepath.Join(r.root, name, takes.JournalName)
	data, err := os.ReadFile(path)
	r.must(err)
	r.must(os.WriteFile(path, append([]byte("{\"v\":1,\"ki\n"), data...), 0o640))
	if s := r.found(); !strings.Contains(s.Trouble, "1 lines") || len(s.Recordings[1].Chunks) != 2 {
		t.Errorf("%+v", s)
	}
}

// A take that was deleted to make room is shown, since a producer has it.
func TestSessionShowsWhatMadeRoom(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	path := filepath.Join(r.root, name, files[0])
	receipt, err := delivery.ReadReceipt(path)
	r.must(err)
	_, err = receipt.Delete(path, evening)
	r.must(err)
	rec := r.found().Recordings[1]
	if rec.File != files[0] || rec.Deleted == nil || rec.Bytes == 0 || rec.Seconds != 3 || len(rec.Delivered) != 1 {
		t.Errorf("%+v", rec)
	}
	if _, _, err := r.Open(name, files[0]); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// sessions makes so many folders with journals of so many lines.
func (r *room) sessions(n, lines int) {
	r.t.Helper()
	for i := range n {
		at := evening.AddDate(0, 0, i)
		dir := filepath.Join(r.root, "SESSION_"+at.Format("20060102_150405"))
		r.must(os.Mkdir(dir, 0o750))
		var b strings.Builder
		fmt.Fprintf(&b, `{"v":1,"kind":"session","time":%q,"session":0,"text":"opened"}`+"\n", at.Format(time.RFC3339Nano))
		for k := range lines {
			now := at.Add(time.Duration(k) * time.Second)
			fmt.Fprintf(&b, `{"v":1,"kind":"clock","time":%q,"session":%d,"pos":%d,"rate":48000,"hub":%q,"clock":"hub-0123456789abcdef","ppm":12.25,"error_ms":0.4}`+"\n",
				now.Format(time.RFC3339Nano), k, 1+48000*k, now.UTC().Format(time.RFC3339Nano))
		}
		fmt.Fprintf(&b, `{"v":1,"kind":"session","time":%q,"session":%d,"text":"closed"}`+"\n", at.Format(time.RFC3339Nano), lines)
		path := filepath.Join(dir, takes.JournalName)
		r.must(os.WriteFile(path, []byte(b.String()), 0o640))
		for _, p := range []string{path, dir} {
			r.must(os.Chtimes(p, at, at))
		}
	}
}

// Of 200 sessions only those are read again that have changed.
func TestSessionsAreReadOnce(t *testing.T) {
	r := newRoom(t)
	r.sessions(200, 3)
	all, err := r.Sessions(t.Context())
	r.must(err)
	if len(all) != 200 || len(r.known) != 200 {
		t.Fatalf("%d sessions, %d kept", len(all), len(r.known))
	}
	for i := 1; i < len(all); i++ {
		if !all[i].Began.Before(all[i-1].Began) {
			t.Fatalf("%v comes before %v", all[i-1].Began, all[i].Began)
		}
	}
	for _, k := range r.known { // what is kept is what is told
		k.Session.Trouble = "kept"
		r.known[k.Name] = k
	}
	dir := filepath.Join(r.root, all[7].Name)
	r.must(os.WriteFile(filepath.Join(dir, "HQ_Ann_1_201501.mp3"), []byte("no sound"), 0o640))
	r.must(os.RemoveAll(filepath.Join(r.root, all[9].Name)))
	again, err := r.Sessions(t.Context())
	r.must(err)
	kept := 0
	for _, s := range again {
		if s.Trouble == "kept" {
			kept++
		} else if s.Name != all[7].Name || len(s.Recordings) != 1 {
			t.Errorf("read again: %+v", s)
		}
	}
	if len(again) != 199 || kept != 198 || len(r.known) != 199 {
		t.Errorf("%d sessions, %d as kept, %d in memory", len(again), kept, len(r.known))
	}
}

// What was written just now may be written to once more in the same tick of the disk's clock: it is not kept.
func TestSessionThatHasJustChangedIsReadAgain(t *testing.T) {
	r := newRoom(t)
	r.sessions(1, 1)
	r.now = evening.Add(time.Second)
	r.found()
	if len(r.known) != 0 {
		t.Error("it is kept")
	}
	r.now = evening.Add(settledIn)
	r.found()
	if len(r.known) != 1 {
		t.Error("it is not kept")
	}
}

func TestSessionsOfNobody(t *testing.T) {
	r := newRoom(t)
	r.cfg.Root = filepath.Join(r.root, "none")
	if all, err := r.Sessions(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.sessions(0, 0)
	r.cfg.Root = r.root
	r.sessions(1, 1)
	if _, err := r.Sessions(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// BenchmarkSessions reads 200 evenings of an hour, a clock line a second, for the first time and again.
func BenchmarkSessions(b *testing.B) {
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%v", again), func(b *testing.B) {
			r := newRoom(b)
			r.sessions(200, 3600)
			if _, err := r.Sessions(b.Context()); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if !again {
					clear(r.known)
				}
				if all, err := r.Sessions(b.Context()); err != nil || len(all) != 200 {
					b.Fatal(len(all), err)
				}
			}
		})
	}
}
