package measure

import (
	"math"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: got %.3f, want %.3f +-%g", what, got, want, within)
	}
}

func TestMeasuresOfASine(t *testing.T) {
	for _, rate := range []int{8000, 16000, 44100, 48000, 96000} {
		for _, freq := range []float64{97, 440, 1004, 3001.5} {
			s := Sine(rate, freq, -20, time.Second)
			near(t, "level", s.Level(), -20, 0.05)
			near(t, "peak", s.Peak(), -20+3.01, 0.1)
			near(t, "tone", s.Tone(freq), -20, 0.05)
			near(t, "main frequency", s.MainFrequency(), freq, 0.1)
			if off := s.Tone(freq * 1.0595); off > -60 {
				t.Errorf("%d Hz: a semitone beside %g Hz shows %.1f dBFS, want under -60", rate, freq, off)
			}
		}
	}
}

func TestTheStrongerToneIsTheMainOne(t *testing.T) {
	s, low := Sine(48000, 660, -20, time.Second), Sine(48000, 440, -40, time.Second)
	for i, v := range low.Samples {
		s.Samples[i] += v
	}
	near(t, "main frequency", s.MainFrequency(), 660, 0.1)
	near(t, "weaker tone", s.Tone(440), -40, 0.1)
}

func TestSilence(t *testing.T) {
	s := Sound{48000, make([]float32, 48000)}
	if s.Level() != Silence || s.Peak() != Silence || s.Tone(440) != Silence || s.MainFrequency() != 0 {
		t.Errorf("level %g, peak %g, tone %g, main frequency %g", s.Level(), s.Peak(), s.Tone(440), s.MainFrequency())
	}
	if empty := (Sound{Rate: 48000}); empty.Level() != Silence || empty.Tone(440) != Silence || empty.Gaps(-60, 0) != nil {
		t.Error("no samples at all are not silence")
	}
}

func TestGaps(t *testing.T) {
	s := Sine(48000, 440, -20, time.Second)
	clear(s.Samples[9600:14400])  // 100 ms at 200 ms
	clear(s.Samples[24000:24240]) // 5 ms at 500 ms
	clear(s.Samples[45600:])      // the last 50 ms
	got := s.Gaps(-60, 20*time.Millisecond)
	want := []Gap{{200 * time.Millisecond, 100 * time.Millisecond}, {950 * time.Millisecond, 50 * time.Millisecond}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("gaps %v, want %v", got, want)
	}
	if n := len(s.Gaps(-60, 4*time.Millisecond)); n != 3 {
		t.Errorf("%d gaps of 4 ms and more, want 3", n)
	}
}

func TestCut(t *testing.T) {
	s := Sine(8000, 440, -20, time.Second)
	if d := s.Cut(250*time.Millisecond, 400*time.Millisecond).Duration(); d != 150*time.Millisecond {
		t.Errorf("cut lasts %v", d)
	}
	if n := len(s.Cut(2*time.Second, 3*time.Second).Samples) + len(s.Cut(time.Second, 0).Samples); n != 0 {
		t.Errorf("%d samples from beyond the end", n)
	}
}
