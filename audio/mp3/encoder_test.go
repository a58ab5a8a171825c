package mp3

import (
	"math"
	"path/filepath"
	"strconv"
	"testing"

	"orionbox/audio/pcm"
)

// Sound that has 16 bits goes through as it is.
func TestSixteenBitsAreNotDithered(t *testing.T) {
	q := newQuantizer()
	src := []float32{0, 1.0 / 32768, -1.0 / 32768, 0.5, -1, 32767.0 / 32768, 1, 2, -3}
	got, want := make([]byte, 2*len(src)), make([]byte, 2*len(src))
	q.encode(got, src)
	pcm.Width(2).Encode(want, src)
	if string(got) != string(want) {
		t.Errorf("% x, want % x", got, want)
	}
}

// A tone of half a step would round to a square wave or to nothing; with dither its level comes through, and what is
// added is noise of a fixed strength: the error's power is a quarter of a step squared, 3 * (step^2 / 12).
func TestDitherKeepsWhatLiesBelowTheLastBit(t *testing.T) {
	const n = 1 << 16
	src := make([]float32, n)
	for i := range src {
		src[i] = float32(0.5 / 32768 * math.Sin(2*math.Pi*float64(i)*1000/48000))
	}
	q, raw, out := newQuantizer(), make([]byte, 2*n), make([]float32, n)
	q.encode(raw, src)
	pcm.Width(2).Decode(out, raw)
	if l := level(out, 1, 0, 1000, 48000) * 32768; math.Abs(l-0.5) > 0.02 {
		t.Errorf("level %.3f steps, want 0.5", l)
	}
	var power, mean float64
	for i := range out {
		e := float64(out[i]-src[i]) * 32768
		power, mean = power+e*e/n, mean+e/n
	}
	if math.Abs(power-0.25) > 0.01 || math.Abs(mean) > 0.01 {
		t.Errorf("error: power %.4f steps squared, want 0.25; mean %.4f", power, mean)
	}
	if l := level(out, 1, 0, 3000, 48000) * 32768; l > 0.02 {
		t.Errorf("third harmonic of %.3f steps", l)
	}
	for i, s := range []float32{float32(math.NaN()), 4, -4} {
		q.encode(raw, []float32{s})
		pcm.Width(2).Decode(out, raw[:2])
		if want := [3]float32{0, 32767.0 / 32768, -1}[i]; out[0] != want {
			t.Errorf("%v becomes %v, want %v", s, out[0], want)
		}
	}
}

func TestTheSameSoundGivesTheSameFile(t *testing.T) {
	cfg := Config{Format: stereo48}
	data := music(stereo48, 48000)
	if a, b := recordClosed(t, cfg, data), recordClosed(t, cfg, data); string(read(t, a)) != string(read(t, b)) {
		t.Error("two files differ")
	}
}

func TestFramesOfAnotherKindAreRefused(t *testing.T) {
	f := record(t, Config{Format: stereo48}, nil)
	for _, bad := range []pcm.Frame{
		{Format: pcm.Format{Rate: 48000, Channels: 1}, Data: make([]float32, 4)},
		{Format: pcm.Format{Rate: 44100, Channels: 2}, Data: make([]float32, 4)},
		{Format: stereo48, Data: make([]float32, 3)},
	} {
		if err := f.WriteFrame(bad); err == nil {
			t.Errorf("%v of %d samples was accepted", bad.Format, len(bad.Data))
		}
	}
	if err := f.WriteFrame(pcm.Frame{Format: stereo48}); err != nil {
		t.Errorf("empty frame: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := Probe(f.path); err != nil || !r.Closed || r.Frames != minFrames {
		t.Errorf("empty take: %v %v", r, err)
	}
	ffmpeg(t, f.path, 2)
}

// What a second of studio sound costs, beside LAME's qualities: "x" is times real time on one core.
func BenchmarkEncode(b *testing.B) {
	for _, c := range []struct {
		rate, quality int
	}{{48000, 2}, {48000, 5}, {48000, 7}, {96000, 5}} {
		b.Run(strconv.Itoa(c.rate)+"/q"+strconv.Itoa(c.quality), func(b *testing.B) {
			format := pcm.Format{Rate: c.rate, Channels: 2}
			second := music(format, format.Rate)
			f, err := Create(filepath.Join(b.TempDir(), "bench.mp3"), Config{Format: format, Quality: c.quality})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for pos := 0; pos < len(second); pos += 960 {
					if err := f.WriteFrame(pcm.Frame{Format: format, Data: second[pos : pos+960]}); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "x")
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
