package cue

import (
	"math"
	"testing"
	"time"
)

func TestTonesHaveTheirNotes(t *testing.T) {
	for _, rate := range []int{8000, 16000, 48000} {
		for _, tone := range Tones() {
			s := tone.At(rate)
			at := time.Duration(0)
			for i, n := range tone.notes {
				part := s.measured().Cut(at, at+n.length)
				at += n.length
				if n.pitch == 0 {
					if part.Peak() > -100 {
						t.Errorf("%v at %d Hz: %.1f dBFS in a rest", tone, rate, part.Peak())
					}
					continue
				}
				if got := part.MainFrequency(); math.Abs(got-n.pitch) > n.pitch/25 { // a quarter of a tone
					t.Errorf("%v at %d Hz: note %d has %.1f Hz, want %.1f", tone, rate, i, got, n.pitch)
				}
				if peak := part.Peak(); peak > -18 || peak < -22 {
					t.Errorf("%v at %d Hz: note %d peaks at %.1f dBFS", tone, rate, i, peak)
				}
			}
			if d := s.Length(); (d-at).Abs() > time.Millisecond || d < 200*time.Millisecond || d > time.Second {
				t.Errorf("%v at %d Hz lasts %v", tone, rate, d)
			}
		}
	}
}

// No step is steeper than the highest note's own slope: whatever clicks is.
func TestTonesDoNotClick(t *testing.T) {
	for _, tone := range Tones() {
		s, highest := tone.At(16000), 0.0
		for _, n := range tone.notes {
			highest = max(highest, n.pitch)
		}
		limit := toneLevel * 2 * math.Pi * highest / 16000
		if got := steepest(append([]float32{0}, append(s.Samples, 0)...)); got > 1.01*limit {
			t.Errorf("%v steps by %.4f, its slope is %.4f", tone, got, limit)
		}
	}
}

func TestWhatBeginsRisesAndWhatEndsFalls(t *testing.T) {
	rises := func(tone Tone) bool { return tone.notes[len(tone.notes)-1].pitch > tone.notes[0].pitch }
	for _, tone := range []Tone{ToneStarted, ToneReady} {
		if !rises(tone) {
			t.Errorf("%v falls", tone)
		}
	}
	for _, tone := range []Tone{ToneStopped, TonePeerStopped} {
		if rises(tone) {
			t.Errorf("%v rises", tone)
		}
	}
}
