package resample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func sine(rate int, hz float64, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
	}
	return x
}

// convert runs all of src through r in one go.
func convert(r *Resampler, src []float32) []float32 {
	dst := make([]float32, (len(src)*r.out/r.in/r.channels+block)*r.channels)
	n, _ := r.Process(dst, src)
	return dst[:n*r.channels]
}

// settled cuts off both ends, where the filter still sees the start.
func settled(x []float32) []float32 { return x[len(x)/4 : 3*len(x)/4] }

// fit takes the sine of hz out of x by least squares and returns its amplitude and the rms of what remains.
func fit(x []float32, rate int, hz float64) (amplitude, rest float64) {
	var sc, ss, cc, xs, xc float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		ss, cc, sc = ss+s*s, cc+c*c, sc+s*c
		xs, xc = xs+float64(v)*s, xc+float64(v)*c
	}
	det := ss*cc - sc*sc
	a, b := (xs*cc-xc*sc)/det, (xc*ss-xs*sc)/det
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		e := float64(v) - a*s - b*c
		rest += e * e
	}
	return math.Hypot(a, b), math.Sqrt(rest / float64(len(x)))
}

func db(x float64) float64 { return 20 * math.Log10(max(x, 1e-12)) }

var pairs = [][2]int{
	{48000, 48000}, {48000, 16000}, {48000, 8000}, {44100, 48000}, {44100, 16000}, {44100, 8000}, {96000, 48000},
	{96000, 16000}, {88200, 48000}, {88200, 8000}, {8000, 48000}, {16000, 48000}, {16000, 44100}, {48000, 44100}, {48000, 96000},
}

func TestToneComesThroughClean(t *testing.T) {
	for _, p := range pairs {
		for _, hz := range []float64{100, 1000, 0.43 * float64(min(p[0], p[1]))} {
			y := settled(convert(New(p[0], p[1], 1), sine(p[0], hz, p[0]/5)))
			amplitude, rest := fit(y, p[1], hz)
			if math.Abs(db(amplitude)) > 0.01 {
				t.Errorf("%v: %.0f Hz at %.3f dB, want 0", p, hz, db(amplitude))
			}
			if noise := db(rest * math.Sqrt2); noise > -100 {
				t.Errorf("%v: %.0f Hz has distortion and noise at %.1f dB, want below -100", p, hz, noise)
			}
		}
	}
}

func TestNothingFoldsBack(t *testing.T) {
	for _, p := range pairs {
		if p[1] >= p[0] {
			continue
		}
		worst, at := -200.0, 0.0
		for i := range 8 {
			low, high := float64(p[1])/2, float64(p[0])/2
			hz := low + (high-low)*(float64(i)+0.01)/8
			_, level := fit(settled(convert(New(p[0], p[1], 1), sine(p[0], hz, p[0]/5))), p[1], 1)
			if level = db(level * math.Sqrt2); level > worst {
				worst, at = level, hz
			}
		}
		t.Logf("%v: worst alias %.1f dB of %.0f Hz", p, worst, at)
		if worst > -100 {
			t.Errorf("%v: alias of %.0f Hz at %.1f dB, want below -100", p, at, worst)
		}
	}
}

func TestPassBandReaches(t *testing.T) {
	for _, p := range pairs {
		hz := 0.44 * float64(min(p[0], p[1]))
		amplitude, _ := fit(settled(convert(New(p[0], p[1], 1), sine(p[0], hz, p[0]/5))), p[1], hz)
		if db(amplitude) < -0.1 {
			t.Errorf("%v: %.0f Hz at %.2f dB", p, hz, db(amplitude))
		}
	}
}

func TestAnyChunkingGivesTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, p := range pairs {
		src := sine(p[0], 997, 6000)
		whole := convert(New(p[0], p[1], 2), src)
		var pieces []float32
		r, rest := New(p[0], p[1], 2), src
		for {
			dst := make([]float32, 2*(1+random.IntN(700)))
			give := min(2*random.IntN(700), len(rest))
			needed := r.Needed(len(dst) / 2)
			n, used := r.Process(dst, rest[:give])
			if used > give/2 || n < len(dst)/2 && used < give/2 {
				t.Fatalf("%v: produced %d of %d, used %d of %d", p, n, len(dst)/2, used, give/2)
			}
			if (n == len(dst)/2) != (give/2 >= needed) {
				t.Fatalf("%v: Needed said %d for %d, %d frames made %d", p, needed, len(dst)/2, give/2, n)
			}
			pieces, rest = append(pieces, dst[:2*n]...), rest[2*used:]
			if len(rest) == 0 && n == 0 {
				break
			}
		}
		if len(pieces) < len(whole)-2 || len(pieces) > len(whole) {
			t.Fatalf("%v: %d samples in pieces, %d in one go", p, len(pieces), len(whole))
		}
		for i, v := range pieces {
			if v != whole[i] {
				t.Fatalf("%v: sample %d is %v in pieces, %v in one go", p, i, v, whole[i])
			}
		}
	}
}

func TestLengthHoldsTheRatio(t *testing.T) {
	for _, p := range pairs {
		r := New(p[0], p[1], 1)
		got := len(convert(r, make([]float32, p[0])))
		want := p[1] - int(r.Latency()*time.Duration(p[1])/time.Second)
		if got < want-2 || got > want+2 {
			t.Errorf("%v: 1 s became %d frames, want %d", p, got, want)
		}
	}
}

// The ratio swings by +-200 ppm, set anew every 20 ms. Each output sample must be the sine at exactly the place that
// the steps so far add up to: a break of any kind would show.
func TestDriftingRatioNeverBreaksTheWave(t *testing.T) {
	const in, out, hz = 48000, 16000, 1000.0
	r := New(in, out, 1)
	src := sine(in, hz, 11*in)
	place, worst := 0.0, 0.0
	buf := make([]float32, out/50)
	for tick := range 500 {
		ratio := 1 + 200e-6*math.Sin(float64(tick)/20)
		r.Adjust(ratio)
		n, used := r.Process(buf, src)
		src = src[used:]
		if n != len(buf) {
			t.Fatalf("tick %d: %d of %d", tick, n, len(buf))
		}
		for _, v := range buf {
			if place > in/100 {
				worst = max(worst, math.Abs(float64(v)-math.Sin(2*math.Pi*hz*place/in)))
			}
			place += ratio * in / out
		}
	}
	t.Logf("worst sample is off by %.1f dB", db(worst))
	if db(worst) > -95 {
		t.Errorf("worst sample is off by %.1f dB, want below -95", db(worst))
	}
}

func TestChannelsStayApart(t *testing.T) {
	src := make([]float32, 2*4800)
	for i, v := range sine(48000, 1000, 4800) {
		src[2*i] = v
	}
	out := convert(New(48000, 44100, 2), src)
	for i := 1; i < len(out); i += 2 {
		if out[i] != 0 {
			t.Fatalf("left leaked %v into right", out[i])
		}
	}
}

func TestAdjustIsBounded(t *testing.T) {
	r := New(48000, 48000, 1)
	r.Adjust(3)
	if r.step > 1+maxAdjust {
		t.Errorf("step = %v", r.step)
	}
	r.Adjust(math.Inf(-1))
	if r.step < 1-maxAdjust {
		t.Errorf("step = %v", r.step)
	}
}

func TestProcessDoesNotAllocate(t *testing.T) {
	r, src, dst := New(48000, 16000, 2), make([]float32, 2*960), make([]float32, 2*320)
	if n := testing.AllocsPerRun(100, func() { r.Adjust(1.0001); r.Process(dst, src) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestResetIsANewStart(t *testing.T) {
	src := sine(48000, 440, 4800)
	r := New(48000, 16000, 1)
	first := convert(r, src)
	r.Reset()
	again := convert(r, src)
	for i, v := range first {
		if again[i] != v {
			t.Fatalf("sample %d differs after Reset", i)
		}
	}
}

func BenchmarkProcess(b *testing.B) {
	for _, p := range [][2]int{{48000, 16000}, {48000, 8000}, {44100, 16000}, {16000, 48000}, {48000, 48000}} {
		b.Run(fmt.Sprintf("%d-%d", p[0], p[1]), func(b *testing.B) {
			r, src := New(p[0], p[1], 1), sine(p[0], 1000, p[0]/50)
			dst := make([]float32, p[1]/50+2)
			r.Adjust(1.00005)
			for b.Loop() {
				r.Process(dst, src)
			}
			b.ReportMetric(0.02/(b.Elapsed().Seconds()/float64(b.N)), "x-real-time")
		})
	}
}
