package media

import "testing"

// TestRateChangeNeverRunsDry: 20 ms in, 20 ms out, and never a sample short.
func TestRateChangeNeverRunsDry(t *testing.T) {
	for _, from := range []int{8000, 16000, 44100, 48000} {
		for _, to := range []int{8000, 16000, 44100, 48000} {
			in, out := make([]float32, from/framesPerSecond), make([]float32, to/framesPerSecond)
			r := newRateChange(from, to, len(in))
			most := 0
			for i := range 1000 {
				r.write(in)
				if r.out.n < len(out) {
					t.Fatalf("%d to %d Hz: short of %d samples after %d frames", from, to, len(out)-r.out.n, i)
				}
				r.out.read(out)
				most = max(most, r.out.n)
			}
			if most > 2*cushion {
				t.Errorf("%d to %d Hz: %d samples wait", from, to, most)
			}
		}
	}
}
