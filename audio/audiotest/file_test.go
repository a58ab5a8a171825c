package audiotest

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"orionbox/audio/measure"
)

func TestFilesAreReadAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "two.wav")
	WriteWAV(t, path, measure.Sine(44100, 440, -20, time.Second), measure.Sine(44100, 880, -30, time.Second))
	channels := Read(t, path)
	if len(channels) != 2 || channels[0].Rate != 44100 || channels[0].Duration() != time.Second {
		t.Fatalf("read %d channels, %d Hz, %v", len(channels), channels[0].Rate, channels[0].Duration())
	}
	for c, want := range []struct{ freq, level float64 }{{440, -20}, {880, -30}} {
		if got := channels[c].Tone(want.freq); math.Abs(got-want.level) > 0.05 {
			t.Errorf("channel %d: %g Hz at %.2f dBFS, want %g", c, want.freq, got, want.level)
		}
	}
}

func TestClearest(t *testing.T) {
	s := measure.Sine(48000, 440, -20, time.Second)
	for at := range s.Samples {
		if at%19200 < 4800 { // 100 ms torn out of every 400
			s.Samples[at] = 0
		}
	}
	clearest := Clearest(s, 440, 200*time.Millisecond)
	if tone, freq := clearest.Tone(440), clearest.MainFrequency(); math.Abs(tone+20) > 0.05 || math.Abs(freq-440) > 1 {
		t.Errorf("%.2f dBFS at %.1f Hz, want -20 at 440", tone, freq)
	}
}
