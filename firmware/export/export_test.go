package export

import (
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
	"orionbox/audio/wav"
	"orionbox/firmware/session"
)

var quiet = slog.New(slog.DiscardHandler)

// probed is what ffprobe tells of a file. It fails the test if that has a word of warning.
type probed struct {
	Frames  int64
	Rate    string
	TimeRef int64
	Tags    map[string]string
}

func probe(t *testing.T, path string) probed {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "warning", "-of", "json", "-show_streams", "-show_format", path).CombinedOutput()
	var told struct {
		Streams []struct {
			Frames int64  `json:"duration_ts"`
			Rate   string `json:"sample_rate"`
			Codec  string `json:"codec_name"`
		}
		Format struct{ Tags map[string]string }
	}
	if err != nil || json.Unmarshal(out, &told) != nil || len(told.Streams) != 1 {
		t.Fatalf("ffprobe %s: %v: %s", path, err, out)
	}
	ref, err := strconv.ParseInt(told.Format.Tags["time_reference"], 10, 64)
	if err != nil {
		t.Errorf("ffprobe %s: time reference: %v", path, err)
	}
	return probed{told.Streams[0].Frames, told.Streams[0].Rate, ref, told.Format.Tags}
}

// run exports and fails the test on an error.
func run(t *testing.T, cfg Config) Report {
	t.Helper()
	cfg.Zone = evening.Location()
	report, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func find(t *testing.T, w world, name string) Folders {
	t.Helper()
	f, err := Find(w.recordings, w.received, name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// meets fails the test if what a file has at some seconds is not what sounded then, to 0.1 ms. Everything begins at evening.
func meets(t *testing.T, path string, at float64, hears bursts) {
	t.Helper()
	const length, around = 2.0, 0.02
	heard := audiotest.ReadPart(t, path, at-around, length+2*around)[0]
	want := measure.Sound{Rate: heard.Rate, Samples: make([]float32, int(length*float64(heard.Rate)))}
	hears.add(want.Samples, at, 1/float64(heard.Rate), 0.1)
	near := int(math.Round(around * float64(heard.Rate)))
	index, likeness := heard.Find(want, near, near/2)
	off := float64(index-near) / float64(heard.Rate) * 1000
	t.Logf("%s at %.0f s: %+.3f ms, alike %.3f", filepath.Base(path), at, off, likeness)
	if math.Abs(off) > 0.1 || likeness < 0.9 {
		t.Errorf("%s at %.0f s is %.3f ms off, alike %.2f", path, at, off, likeness)
	}
}

// An hour of boxes whose cards are 100 ppm fast and 100 ppm slow: without correction they would be 720 ms apart at its end.
func TestAnHourOfDriftingBoxesStaysTogether(t *testing.T) {
	w, producer := newWorld(t), carol()
	own := producer.begin(t, w.recordings)
	var making sync.WaitGroup
	for _, b := range []box{artistAt("Alice", 100), artistAt("Bob", -100)} {
		making.Go(func() {
			s := b.begin(t, filepath.Join(w.artists, b.id))
			b.keepTime(t, s, longest)
			b.record(t, s, 1, take{0.5, longest})
			b.deliver(t, s, w.in(own), b.id)
		})
	}
	producer.keepTime(t, own, longest)
	producer.voice(t, own, max(0, longest-600), longest+2, 0.087)
	note(t, own, cut(8, "m1", "verse", session.Producer, "carol", hubClock))
	note(t, own, cut(16, "m2", "", session.Producer, "carol", hubClock))
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	making.Wait()

	dir := filepath.Join(t.TempDir(), "out")
	report := run(t, Config{Folders: find(t, w, Last), Dir: dir})
	var table strings.Builder
	if err := report.Print(&table); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	for _, file := range []string{"Alice.wav", "Bob.wav", "conference.wav"} {
		path := filepath.Join(dir, "wav", file)
		p := probe(t, path)
		if want := wav.Since(evening, 48000); p.TimeRef != want || p.Frames != report.Frames || p.Rate != "48000" || p.Tags["date"] != "2026-11-22" {
			t.Errorf("%s: ffprobe reads %+v, want %d frames from %d on", file, p, report.Frames, want)
		}
		if out, err := exec.Command("sox", "-V2", path, "-n", "trim", "0", "1").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("sox %s: %v: %s", file, err, out)
		}
	}
	for _, at := range []float64{5, longest / 2, longest - 4} {
		for _, file := range []string{"Alice.wav", "Bob.wav"} {
			meets(t, filepath.Join(dir, "wav", file), at, bursts{1})
		}
	}
	for _, r := range report.Tracks {
		if !r.Studio {
			continue
		}
		if want := map[string]float64{"Alice": 100, "Bob": -100}[r.Name]; math.Abs(r.DriftPPM-want) > 1 {
			t.Errorf("%s drifts by %.2f ppm, want %.0f", r.Name, r.DriftPPM, want)
		}
		if h := r.Heard; !h.Known() || math.Abs(h.LagMS-87) > 0.3 || h.SpreadMS > 0.1 || h.WorstMS > 0.5 || math.Abs(h.SlopePPM) > 2 {
			t.Errorf("%s: heard %+v", r.Name, h)
		}
		if r.ClockErrorMS != 0.15 || !r.SureOfClock || r.BendMS > 0.2 {
			t.Errorf("%s: clock %+v", r.Name, r)
		}
	}
	if len(report.Notes) != 0 || report.Regions != 3 {
		t.Errorf("%d regions, notes %q", report.Regions, report.Notes)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 5 {
		t.Errorf("in the folder: %v, %v", left, err)
	}
}
