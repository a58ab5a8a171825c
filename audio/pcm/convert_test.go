package pcm

import (
	"math"
	"testing"
	"time"
)

func TestEveryWidthRoundTrips(t *testing.T) {
	for _, w := range []Width{2, 3, 4} {
		scale := math.Pow(2, float64(8*w-1))
		in := []float32{0, 0.5, -0.5, -1, 0.25, float32(1 / math.Min(scale, 1<<23))}
		buf, out := make([]byte, len(in)*int(w)), make([]float32, len(in))
		if n := w.Encode(buf, in); n != len(buf) {
			t.Errorf("width %d: Encode = %d, want %d", w, n, len(buf))
		}
		if n := w.Decode(out, buf); n != len(in) {
			t.Errorf("width %d: Decode = %d, want %d", w, n, len(in))
		}
		for i := range in {
			if in[i] != out[i] {
				t.Errorf("width %d: %v came back as %v", w, in[i], out[i])
			}
		}
	}
}

func TestEncodingSaturates(t *testing.T) {
	in := []float32{1, 2, float32(math.Inf(1)), -2, float32(math.Inf(-1)), float32(math.NaN())}
	got := make([]int16, len(in))
	ToInt16(got, in)
	for i, want := range []int16{32767, 32767, 32767, -32768, -32768, 0} {
		if got[i] != want {
			t.Errorf("%v became %d, want %d", in[i], got[i], want)
		}
	}
	for _, w := range []Width{2, 3, 4} {
		buf, out := make([]byte, len(in)*int(w)), make([]float32, len(in))
		w.Encode(buf, in)
		w.Decode(out, buf)
		for i, want := range []float32{1, 1, 1, -1, -1, 0} {
			if math.Abs(float64(out[i]-want)) > 1.0/scale16 {
				t.Errorf("width %d: %v became %v, want %v", w, in[i], out[i], want)
			}
		}
	}
}

func TestInt16RoundTrips(t *testing.T) {
	all, back := make([]int16, 65536), make([]int16, 65536)
	for i := range all {
		all[i] = int16(i - 32768)
	}
	wide := make([]float32, len(all))
	FromInt16(wide, all)
	ToInt16(back, wide)
	for i := range all {
		if all[i] != back[i] {
			t.Fatalf("%d came back as %d", all[i], back[i])
		}
	}
}

func TestMonoMixesEvenly(t *testing.T) {
	dst := make([]float32, 4)
	if n := Mono(dst, []float32{1, 0, 0.5, 0.5, -1, 1}, 2); n != 3 || dst[0] != 0.5 || dst[1] != 0.5 || dst[2] != 0 {
		t.Errorf("Mono = %d %v", n, dst)
	}
	if n := Mono(dst, []float32{1, 2, 3, 4, 5, 6}, 1); n != 4 || dst[3] != 4 {
		t.Errorf("Mono = %d %v", n, dst)
	}
}

func TestFormatCountsTime(t *testing.T) {
	f := Format{Rate: 44100, Channels: 2}
	if n := f.Samples(10 * time.Millisecond); n != 441 {
		t.Errorf("10 ms is %d frames", n)
	}
	const long = 1000*time.Hour + 10*time.Millisecond
	if n := f.Samples(long); n != 1000*3600*44100+441 || f.Duration(n) != long {
		t.Errorf("1000 h and 10 ms are %d frames, which last %v", n, f.Duration(n))
	}
	if n := (Format{Rate: 96000, Channels: 1}).Samples(-long); n != -1000*3600*96000-960 {
		t.Errorf("as long before the beginning: %d frames", n)
	}
	if d := f.Duration(44100 * 3600 * 24 * 365); d != 365*24*time.Hour {
		t.Errorf("a year is %v", d)
	}
}
