package cue

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
)

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// names of the clips in a folder, in order.
func names(t *testing.T, folder string) []clip {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.wav"))
	if err != nil {
		t.Fatal(err)
	}
	var all []clip
	for _, f := range files {
		all = append(all, clip(strings.TrimSuffix(filepath.Base(f), ".wav")))
	}
	return slices.Sorted(slices.Values(all))
}

// The words that the program can name, the lines of words.txt and the files are the same.
func TestEveryWordHasAClipAndEveryClipAWord(t *testing.T) {
	named := map[clip]bool{}
	for _, c := range append(ones[:], tens[2:]...) {
		named[c] = true
	}
	for _, quoted := range regexp.MustCompile(`"([a-z-]+)"`).FindAllSubmatch(append(read(t, "words.go"), read(t, "number.go")...), -1) {
		named[clip(quoted[1])] = true
	}
	want := slices.Sorted(maps.Keys(named))
	if got := slices.Sorted(maps.Keys(vocabulary())); !slices.Equal(got, want) {
		t.Errorf("words.txt has %q,\nthe program names %q", got, want)
	}
	if got := names(t, "clips"); !slices.Equal(got, want) {
		t.Errorf("clips has %q,\nthe program names %q", got, want)
	}
}

func TestClipsAreReadAsOthersReadThem(t *testing.T) {
	for _, c := range []clip{"8", "ready", "no-disk"} {
		channels := audiotest.Read(t, filepath.Join("clips", string(c)+".wav"))
		if len(channels) != 1 || channels[0].Rate != Rate || !slices.Equal(c.samples(), channels[0].Samples) {
			t.Errorf("%s: ffmpeg reads %d channels at %d Hz, or other samples", c, len(channels), channels[0].Rate)
		}
	}
}

func TestClipsAreClearAndEvenlyLoud(t *testing.T) {
	for c := range vocabulary() {
		s := measure.Sound{Rate: Rate, Samples: c.samples()}
		if level := s.Level(); math.Abs(level+26) > 0.1 {
			t.Errorf("%s: %.2f dBFS, want -26", c, level)
		}
		if peak := s.Peak(); peak > -6 {
			t.Errorf("%s: peak at %.1f dBFS", c, peak)
		}
		if d := s.Duration(); d < 200*time.Millisecond || d > 2*time.Second {
			t.Errorf("%s lasts %v", c, d)
		}
		for _, gap := range s.Gaps(-60, 150*time.Millisecond) {
			t.Errorf("%s: silent for %v at %v", c, gap.Length, gap.Start)
		}
		if start, end := s.Cut(0, 60*time.Millisecond), s.Cut(s.Duration()-60*time.Millisecond, time.Hour); start.Peak() < -50 || end.Peak() < -50 {
			t.Errorf("%s: not trimmed, %.0f and %.0f dBFS at its ends", c, start.Peak(), end.Peak())
		}
		if first, last := s.Samples[0], s.Samples[len(s.Samples)-1]; math.Abs(float64(first)) > 0.002 || math.Abs(float64(last)) > 0.002 {
			t.Errorf("%s begins with %v and ends with %v", c, first, last)
		}
	}
}

// What is shipped is what the step made, untouched, from the words and the script that are here. Where the programs are
// there, it is made again: by the same versions the same, by others at least alike.
func TestClipsAreWhatTheStepMakes(t *testing.T) {
	made := strings.Split(strings.TrimSpace(string(read(t, "clips", "MADE"))), "\n")
	want := []string{made[0], made[1], fmt.Sprintf("%x  -", sha256.Sum256(append(read(t, "clips.sh"), read(t, "words.txt")...)))}
	for _, c := range names(t, "clips") {
		want = append(want, fmt.Sprintf("%x  %s.wav", sha256.Sum256(read(t, "clips", string(c)+".wav")), c))
	}
	slices.Sort(want[3:])
	if got := append(made[:3:3], slices.Sorted(slices.Values(made[3:]))...); !slices.Equal(got, want) {
		t.Fatalf("clips were not made from this clips.sh and words.txt, or changed since: run make clips\n%q\n%q", got, want)
	}
	for _, program := range []string{"espeak-ng", "sox"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("%s is not here: the clips were held against their sums alone", program)
			return
		}
	}
	compareMade(t, made)
}

func compareMade(t *testing.T, made []string) {
	t.Helper()
	folder := t.TempDir()
	if out, err := exec.Command("./clips.sh", folder).CombinedOutput(); err != nil {
		t.Fatalf("clips.sh: %v\n%s", err, out)
	}
	if got, want := names(t, folder), names(t, "clips"); !slices.Equal(got, want) {
		t.Fatalf("made %q, want %q", got, want)
	}
	again := bytes.Split(read(t, folder, "MADE"), []byte("\n"))
	same := string(again[0]) == made[0] && string(again[1]) == made[1]
	for c := range vocabulary() {
		now := measure.Sound{Rate: Rate, Samples: decode(read(t, folder, string(c)+".wav"))}
		if err := alike(now, measure.Sound{Rate: Rate, Samples: c.samples()}, same); err != nil {
			t.Errorf("%s, by %s and %s: %v", c, again[0], again[1], err)
		}
	}
}

// alike compares with what is shipped: to the last bits if the programs are the same (another machine rounds otherwise).
func alike(now, shipped measure.Sound, same bool) error {
	if !same {
		ratio := float64(len(now.Samples)) / float64(len(shipped.Samples))
		if math.Abs(ratio-1) > 0.4 || math.Abs(now.Level()-shipped.Level()) > 0.2 {
			return fmt.Errorf("%v at %.1f dBFS, shipped %v at %.1f", now.Duration(), now.Level(), shipped.Duration(), shipped.Level())
		}
		return nil
	}
	if len(now.Samples) != len(shipped.Samples) {
		return fmt.Errorf("%d samples, shipped %d", len(now.Samples), len(shipped.Samples))
	}
	for i, s := range now.Samples {
		if math.Abs(float64(s-shipped.Samples[i])) > 2.0/(1<<15) {
			return fmt.Errorf("sample %d is %v, shipped %v", i, s, shipped.Samples[i])
		}
	}
	return nil
}
