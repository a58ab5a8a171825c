package media

import (
	"math"
	"testing"
)

// TestSpliceIsNotHeard: whatever the pitch, a steady tone stays steady where a frame of it is left out.
func TestSpliceIsNotHeard(t *testing.T) {
	for _, rate := range []int{8000, 16000, 48000} {
		for _, freq := range []float64{110, 163, 327, 440, 987} {
			n := rate / 50
			sound := sine(rate, freq, 0.5, 2*n)
			got := splice(append([]float32(nil), sound...), n, rate)
			if left := 2*n - len(got); left > n || left < n/2 {
				t.Errorf("%v Hz at %d: %d samples of %d left out", freq, rate, left, n)
			}
			if got[0] != sound[0] && math.Abs(float64(got[0]-sound[0])) > 0.02 || got[len(got)-1] != sound[2*n-1] {
				t.Errorf("%v Hz at %d: the ends are not those of before", freq, rate)
			}
			clean := 0.5 * 2 * math.Pi * freq / float64(rate)
			if step, _ := worst(got); step > 1.4*clean+0.01 {
				t.Errorf("%v Hz at %d: step of %.3f, clean %.3f", freq, rate, step, clean)
			}
		}
	}
}

func TestSpliceOfSilence(t *testing.T) {
	if got := splice(make([]float32, 320), 160, 8000); len(got) != 160 {
		t.Errorf("%d samples", len(got))
	}
	if got := splice(make([]float32, 161), 160, 8000); len(got) != 1 {
		t.Errorf("%d samples", len(got))
	}
}
