package echo

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"orionbox/audio/cue"
)

// echoed is what is heard of the signal after a delay, with a gain in dB.
func echoed(rate int, delay time.Duration, gain float64) []float32 {
	out := make([]float32, signalLength*rate/1000)
	at := int(delay * time.Duration(rate) / time.Second)
	for i, v := range signal(rate)[:len(out)-at] {
		out[at+i] = v * float32(math.Pow(10, gain/20))
	}
	return out
}

// noise is white, at a level in dBFS RMS.
func noise(rate int, level float64) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(rate)))
	out := make([]float32, signalLength*rate/1000)
	for i := range out {
		out[i] = float32(r.NormFloat64() * math.Pow(10, level/20))
	}
	return out
}

// sung is a vowel at a pitch in Hz, which glides by so many Hz a second: all harmonics up to 3 kHz.
func sung(rate int, pitch, glide float64) []float32 {
	out := make([]float32, signalLength*rate/1000)
	for i := range out {
		t := float64(i) / float64(rate)
		for h := 1.0; h*pitch < 3000; h++ {
			out[i] += float32(0.1 / h * math.Sin(2*math.Pi*h*(pitch*t+glide*t*t/2)))
		}
	}
	return out
}

// tone lasts all the time.
func tone(rate int, freq float64) []float32 {
	out := make([]float32, signalLength*rate/1000)
	for i := range out {
		out[i] = float32(0.1 * math.Sin(2*math.Pi*freq*float64(i)/float64(rate)))
	}
	return out
}

func plus(a, b []float32) []float32 {
	for i, v := range b {
		a[i] += v
	}
	return a
}

// without is the sound with silence in place of the time from ms on, as long as a burst.
func without(rate int, sound []float32, from int) []float32 {
	clear(sound[from*rate/1000 : (from+burstLength)*rate/1000])
	return sound
}

func TestJudge(t *testing.T) {
	const ms = time.Millisecond
	for _, rate := range []int{8000, 16000, 48000} {
		for _, c := range []struct {
			name  string
			heard []float32
			want  bool
			delay time.Duration
			level float64
		}{
			{"echo", echoed(rate, 90*ms, 0), true, 90 * ms, 0},
			{"echo at once", echoed(rate, 0, 0), true, 0, 0},
			{"late echo", echoed(rate, 980*ms, -3), true, 980 * ms, -3},
			{"echo as late as the next burst", echoed(rate, 400*ms, 0), true, 400 * ms, 0},
			{"quiet echo", echoed(rate, 150*ms, -40), true, 150 * ms, -40},
			{"loud echo", echoed(rate, 150*ms, 12), true, 150 * ms, 12},
			{"echo in noise", plus(echoed(rate, 120*ms, -10), noise(rate, -40)), true, 120 * ms, -10},
			{"echo with a burst lost", without(rate, echoed(rate, 60*ms, 0), 460), true, 60 * ms, 0},
			{"echo and its echo", plus(echoed(rate, 60*ms, 0), echoed(rate, 300*ms, -12)), true, 60 * ms, 0},
			{"silence", make([]float32, signalLength*rate/1000), false, 0, 0},
			{"nothing", nil, false, 0, 0},
			{"comfort noise", noise(rate, -55), false, 0, 0},
			{"loud noise", noise(rate, -15), false, 0, 0},
			{"echo below what is heard", echoed(rate, 60*ms, -60), false, 0, 0},
			{"one burst of three", without(rate, without(rate, echoed(rate, 60*ms, 0), 460), 860), false, 0, 0},
			{"sung", sung(rate, 190, 0), false, 0, 0},
			{"sung at another pitch", sung(rate, 195, 0), false, 0, 0},
			{"sung gliding", sung(rate, 150, 60), false, 0, 0},
			{"a burst's tone, all the time", tone(rate, 570), false, 0, 0},
			{"all bursts' tones, all the time", plus(plus(tone(rate, 570), tone(rate, 1170)), tone(rate, 1990)), false, 0, 0},
			{"dial tone", tone(rate, 440), false, 0, 0},
			{"milliwatt", tone(rate, 1004), false, 0, 0},
		} {
			v := judge(c.heard, rate)
			off := (v.delay - c.delay).Abs()
			if v.heard != c.want || off > ms || math.Abs(v.level-c.level) > 0.5 {
				t.Errorf("%s at %d Hz: %+v, want %t after %s at %.0f dB", c.name, rate, v, c.want, c.delay, c.level)
			}
		}
	}
}

// TestEchoThatDrifts: a jitter buffer that learns how the network is makes the echo later, or cuts a burst in two.
func TestEchoThatDrifts(t *testing.T) {
	const rate = 16000
	for name, cut := range map[string]int{"between bursts": 350, "within a burst": 570} {
		heard := echoed(rate, 60*time.Millisecond, -6)
		copy(heard[(cut+70)*rate/1000:], heard[cut*rate/1000:])
		v := judge(heard, rate)
		if !v.heard || v.delay < 60*time.Millisecond || v.delay > 130*time.Millisecond || math.Abs(v.level+6) > 0.5 {
			t.Errorf("70 ms more %s: %+v", name, v)
		}
	}
}

// TestVoicesAreNoEcho hears somebody who talks, from every tenth of a second on.
func TestVoicesAreNoEcho(t *testing.T) {
	said := cue.Say(cue.Ready, cue.Starting, cue.ShuttingDown, cue.SafeToUnplug, cue.NotYet, cue.Count(2, cue.Takes), cue.ToDeliver,
		cue.Delivering, cue.Fault, cue.Not, cue.Recording, cue.Started, cue.Stopped, cue.PeerStopped, cue.Take, cue.Number(347),
		cue.Chunk, cue.Number(12), cue.Storage, cue.Count(40, cue.Minutes), cue.Left, cue.Low, cue.Full, cue.NothingSaved)
	if said.Length() < 10*time.Second {
		t.Fatalf("only %s of talk", said.Length())
	}
	window := signalLength * cue.Rate / 1000
	for from := 0; from+window <= len(said.Samples); from += cue.Rate / 10 {
		if v := judge(said.Samples[from:from+window], cue.Rate); v.heard {
			t.Errorf("a voice is taken for an echo: %+v after %d samples", v, from)
		}
	}
}

func TestSignalIsWhatItSays(t *testing.T) {
	for _, rate := range []int{8000, 16000, 48000} {
		s := signal(rate)
		peak := 0.0
		for _, v := range s {
			peak = math.Max(peak, math.Abs(float64(v)))
		}
		if len(s) != 2*rate || math.Abs(peak-amplitude) > 0.001 {
			t.Errorf("%d Hz: %d samples, peak %.3f", rate, len(s), peak)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	heard := echoed(48000, 90*time.Millisecond, -6)
	for b.Loop() {
		judge(heard, 48000)
	}
}
