package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/firmware/takes"
)

// heardBy is what a box recorded that is off by so much: its own signal, as take and as voice, and a chunk of both that
// begins at the cut.
func heardBy(t *testing.T, dir string, p player, m cut, take, voice time.Duration) takes.Chunk {
	t.Helper()
	folder := filepath.Join(dir, p.name, "SESSION_20260102_030405")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	place := func(file string, off time.Duration) *takes.Place {
		if path := filepath.Join(folder, file); !exists(path) {
			if err := writeSignal(path, p); err != nil {
				t.Fatal(err)
			}
		}
		from := m.heard + studio.Samples(off)
		return &takes.Place{File: file, From: from, To: from + studio.Samples(time.Second), Rate: studio.Rate}
	}
	c := takes.Chunk{Number: 1, Name: p.name, Marker: m.marker, Seconds: 1, Voice: place("LQ.wav", voice)}
	if p.role == artist {
		c.Studio = place("HQ.wav", take)
	}
	return c
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestCutsAreJudgedByTheSoundAtThem(t *testing.T) {
	carol, alice := players[0], players[1]
	cfg := Config{Out: t.TempDir()}
	for _, c := range []struct {
		what        string
		p           player
		took        time.Duration
		take, voice time.Duration
		fault       string // part of it; empty for none
	}{
		{"as far off as they may be", alice, time.Millisecond, 4 * time.Millisecond, 29 * time.Millisecond, ""},
		{"a take too late", alice, time.Millisecond, 7 * time.Millisecond, 0, "the take is cut 7.0 ms off"},
		{"a take within a slow press", alice, 40 * time.Millisecond, 20 * time.Millisecond, 0, ""},
		{"a voice too early", alice, time.Millisecond, 0, -35 * time.Millisecond, "the voice is cut 35.0 ms off"},
		{"the producer's voice", carol, time.Millisecond, 0, 40 * time.Millisecond, "the voice is cut 40.0 ms off"},
		{"no voice there", alice, time.Millisecond, 0, 7 * time.Second, "LQ.wav: boundary at 10.000 s: there is no sound"},
	} {
		m := cut{marker: "m1", took: c.took, heard: studio.Samples(3 * time.Second)}
		got := judgeCuts(cfg, c.p, []cut{m}, []takes.Chunk{heardBy(t, cfg.Out, c.p, m, c.take, c.voice)})
		faults := strings.Join(got.Faults, "; ")
		if (c.fault == "") != (faults == "") || !strings.Contains(faults, c.fault) {
			t.Errorf("%s: faults %q, want %q", c.what, faults, c.fault)
		}
		if (got.BoundaryErrorMS != nil) != (c.p.role == artist) {
			t.Errorf("%s: take %v ms off", c.what, got.BoundaryErrorMS)
		}
	}
}

func TestAPressThatIsTooLongTellsNothing(t *testing.T) {
	cfg, alice := Config{Out: t.TempDir()}, players[1]
	made := []cut{{marker: "m1", took: time.Millisecond, heard: 48000}, {marker: "m2", took: 60 * time.Millisecond, heard: 96000}}
	fine, unsure := heardBy(t, cfg.Out, alice, made[0], 0, 0), heardBy(t, cfg.Out, alice, made[1], 80*time.Millisecond, 80*time.Millisecond)
	got := judgeCuts(cfg, alice, made, []takes.Chunk{fine, unsure})
	if len(got.Faults) > 0 || got.BoundaryErrorMS == nil || *got.BoundaryErrorMS > 1 {
		t.Errorf("the cut that can be measured is %v ms off, faults %q", got.BoundaryErrorMS, got.Faults)
	}
	if faults := judgePresses(cfg, made); len(faults) != 1 || !strings.Contains(faults[0], "cut 2 cannot be measured: its press took 60 ms") {
		t.Errorf("faults %q", faults)
	}
	if faults := judgePresses(Config{Mic: "song.wav"}, made); len(faults) > 0 {
		t.Errorf("nothing is measured where all play a file: %q", faults)
	}
}

func TestCutsThatAreMissing(t *testing.T) {
	cfg, m := Config{Out: t.TempDir(), Mic: "song.wav"}, cut{marker: "m1", heard: 48000}
	for _, p := range players {
		whole := heardBy(t, cfg.Out, p, m, 0, 0)
		deaf := whole
		deaf.Voice = nil
		if got := judgeCuts(cfg, p, []cut{m}, []takes.Chunk{deaf}); len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "not in the voice") {
			t.Errorf("%s without voice: %q", p.name, got.Faults)
		}
		if got := judgeCuts(cfg, p, []cut{m, {marker: "m2"}}, []takes.Chunk{whole}); len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "at cut 2") {
			t.Errorf("%s without a cut: %q", p.name, got.Faults)
		}
		whole.Studio = nil
		if got := judgeCuts(cfg, p, []cut{m}, []takes.Chunk{whole}); (len(got.Faults) == 1) != (p.role == artist) {
			t.Errorf("%s without a take: %q", p.name, got.Faults)
		}
	}
}

func TestTheReceiptShowsHowFarCutsAreOff(t *testing.T) {
	near := 0.234
	r := Receipt{}
	r.addCuts(Cuts{Box: "carol", VoiceErrorMS: &near, PressMS: 0.6})
	r.addCuts(Cuts{Box: "alice", BoundaryErrorMS: &near, PressMS: 0.6, Faults: []string{"the voice is far"}})
	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"carol  -                0.23 ms           0.60 ms     ok\n",
		"alice  0.23 ms          -                 0.60 ms     NOT OK: the voice is far\n",
		"fault: alice's box: the voice is far\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, out.String())
		}
	}
}

func TestBoxesThatMeanTheSameChunk(t *testing.T) {
	a := takes.Chunk{Number: 2, Name: "alice", Marker: "m1", Start: 1e18, Seconds: 3, Studio: &takes.Place{From: 100, To: 200, Rate: 48000}}
	b := a
	b.Start, b.Seconds = a.Start.Add(3*time.Microsecond), 3.000003
	if !alike(a, b) {
		t.Error("clocks that differ by microseconds are no disagreement")
	}
	late, moved := b, b
	late.Start = a.Start.Add(2 * time.Millisecond)
	moved.Studio = &takes.Place{From: 101, To: 200, Rate: 48000}
	if alike(a, late) || alike(a, moved) {
		t.Error("milliseconds, or other samples, are one")
	}
}
