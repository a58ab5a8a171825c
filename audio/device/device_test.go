package device

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gen2brain/malgo"

	"orionbox/audio/pcm"
	"orionbox/audio/ring"
	"orionbox/audio/wav"
)

var (
	stereo = pcm.Format{Rate: 48000, Channels: 2}
	studio = Config{Name: Null, Format: stereo, Width: 2}
)

// nullBackend is miniaudio's own null device. The package misnumbers it.
const nullBackend = malgo.Backend(14)

// await waits until done holds, and fails the test after 10 s.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick, deadline := time.NewTicker(2*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

func TestConfigSaysWhatIsAllowed(t *testing.T) {
	change := func(f func(*Config)) Config { c := studio; f(&c); return c }
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{change(func(c *Config) { c.Format.Rate = 22050 }), "use one of 44100, 48000, 88200, 96000"},
		{change(func(c *Config) { c.Format.Channels = 0 }), "use 1 or 2"},
		{change(func(c *Config) { c.Format.Channels = 8 }), "the first two are recorded"},
		{change(func(c *Config) { c.Width = 1 }), "use 2, 3 or 4 bytes"},
		{change(func(c *Config) { c.Period = time.Second }), "use 2ms to 100ms"},
	} {
		if err := c.cfg.Validate(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
		if _, err := OpenCapture(c.cfg, func([]float32) {}); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v was opened: %v", c.cfg, err)
		}
	}
	if err := studio.Validate(); err != nil {
		t.Error(err)
	}
}

// Pacing runs in a bubble of virtual time: exactly 100 blocks of 10 ms in each second.
func TestNullKeepsRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, open := range []func(Config, func([]float32)) (Device, error){OpenCapture, OpenPlayback} {
			var samples atomic.Int64
			d, err := open(studio, func(data []float32) { samples.Add(int64(len(data) / 2)) })
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(3*time.Second + 5*time.Millisecond) // virtual
			if got := samples.Load(); got != 3*48000 {
				t.Errorf("%v: %d sample frames in 3 s, want %d", d, got, 3*48000)
			}
			if d.Age() > 10*time.Millisecond {
				t.Errorf("age %v", d.Age())
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			if samples.Load() != 3*48000 || d.Age() < time.Second {
				t.Error("a closed device went on")
			}
		}
	})
}

func TestScheduleCatchesUpAndGivesUp(t *testing.T) {
	s := schedule{format: stereo, block: 480}
	if w := s.wait(0); w != 10*time.Millisecond {
		t.Errorf("first block in %v, want 10ms", w)
	}
	late := 0
	for ; s.wait(300*time.Millisecond) <= 0; s.done++ {
		late++
	}
	if late != 30 {
		t.Errorf("%d blocks after 300 ms, want 30", late)
	}
	s.wait(10 * time.Second)
	if s.began() != 10*time.Second-10*time.Millisecond || s.wait(10*time.Second) != 0 {
		t.Errorf("after 10 s asleep the schedule goes on with the block of %v", s.began())
	}
}

// writeTone writes a sine of hz as a WAV file, with different levels left and right.
func writeTone(t *testing.T, format pcm.Format, hz float64, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tone.wav")
	f, err := wav.Create(path, format)
	if err != nil {
		t.Fatal(err)
	}
	frame := pcm.Frame{Format: format, Data: make([]float32, n*format.Channels)}
	for i := range n {
		for c := range format.Channels {
			frame.Data[i*format.Channels+c] = float32(math.Sin(2*math.Pi*hz*float64(i)/float64(format.Rate)) / float64(2+2*c))
		}
	}
	if err := errors.Join(f.WriteFrame(frame), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file of whole periods must loop without a seam: the second difference of a sine is a sine too, a seam is a spike.
func TestFileMicLoopsWithoutASeam(t *testing.T) {
	for _, from := range []pcm.Format{{Rate: 48000, Channels: 2}, {Rate: 44100, Channels: 1}, {Rate: 16000, Channels: 2}} {
		l, err := openLoop(writeTone(t, from, 500, from.Rate/10), stereo)
		if err != nil {
			t.Fatal(err)
		}
		data := make([]float32, 2*16000)
		if err := l.fill(data); err != nil {
			t.Fatal(err)
		}
		turn := 2 * math.Cos(2*math.Pi*500/48000)
		worst, peak := 0.0, 0.0
		for i := 2 * 2000; i < len(data)-2; i += 2 {
			worst = max(worst, math.Abs(float64(data[i+2])-turn*float64(data[i])+float64(data[i-2])))
			peak = max(peak, float64(data[i]))
		}
		if worst > 2e-4 || math.Abs(peak-0.5) > 0.001 {
			t.Errorf("%v: peak %.4f, want 0.5; roughest place %.6f", from, peak, worst)
		}
		right := data[2*2000+1] / data[2*2000]
		if want := map[int]float32{1: 1, 2: 0.5}[from.Channels]; math.Abs(float64(right-want)) > 0.01 {
			t.Errorf("%v: right is %v of left, want %v", from, right, want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFitChannels(t *testing.T) {
	four := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	two, one := make([]float32, 4), make([]float32, 2)
	fitChannels(two, four, 2, 4)
	fitChannels(one, four, 1, 4)
	if two[0] != 1 || two[1] != 2 || two[2] != 5 || one[0] != 2.5 || one[1] != 6.5 {
		t.Errorf("two %v, one %v", two, one)
	}
}

func TestFileMicAndSpeakersInRealTime(t *testing.T) {
	in := writeTone(t, stereo, 1000, 4800)
	out := filepath.Join(t.TempDir(), "heard.wav")
	synctest.Test(t, func(t *testing.T) {
		heard := ring.NewSamples(96000)
		mic, err := OpenCapture(Config{Name: FilePrefix + in, Format: stereo, Width: 3}, func(d []float32) { heard.Write(d) })
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // so that the speakers' blocks lie between the microphone's
		speakers, err := OpenPlayback(Config{Name: FilePrefix + out, Format: stereo, Width: 3}, func(d []float32) { heard.Read(d) })
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2*time.Second + 2*time.Millisecond)
		before, err := os.Stat(out)
		if err != nil || before.Size() < 48000*4*3/2 {
			t.Errorf("after 2 s the file holds %d bytes (%v): nothing was synced", before.Size(), err)
		}
		if err := errors.Join(mic.Close(), speakers.Close()); err != nil {
			t.Error(err)
		}
	})
	l, err := openLoop(out, stereo)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	data := make([]float32, 9600)
	if err := l.fill(data); err != nil || math.Abs(float64(slices.Max(data))-0.5) > 0.001 {
		t.Errorf("the peak of what was heard is %v (%v), want 0.5", slices.Max(data), err)
	}
	r, err := wav.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Len() != 2*48000 || r.Format() != stereo {
		t.Errorf("heard %d of %v, want 2 s of %v", r.Len(), r.Format(), stereo)
	}
}

func TestFileSpeakersKeepWhatWasThere(t *testing.T) {
	cfg := studio
	path := filepath.Join(t.TempDir(), "heard.wav")
	cfg.Name = FilePrefix + path
	old := map[string]string{path: "a recording", path + ".1": "another"}
	for name, text := range old {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // as when the disk is full: opened again and again
		d, err := OpenPlayback(cfg, func([]float32) {})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{".1": "another", ".2": "a recording", ".3": "RIFF", ".4": "RIFF", "": "RIFF"} {
		if text, err := os.ReadFile(path + name); err != nil || !strings.HasPrefix(string(text), want) {
			t.Errorf("heard.wav%s does not hold %q (%v)", name, want, err)
		}
	}
	cfg.Name = FilePrefix + filepath.Dir(path)
	if _, err := OpenPlayback(cfg, func([]float32) {}); !errors.Is(err, ErrOpen) {
		t.Errorf("a folder as speakers: %v", err)
	}
}

func TestMissingThingsAreToldApart(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.wav")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		want error
	}{
		{FilePrefix + "/nowhere/at/all.wav", ErrNotFound},
		{FilePrefix + empty, ErrOpen},
		{FilePrefix + writeTone(t, stereo, 1, 0), ErrOpen},
		{"hw:CARD=NoSuchCard,DEV=0", ErrNotFound},
		{"a card that nobody has", ErrNotFound},
	} {
		cfg := studio
		cfg.Name = c.name
		if _, err := OpenCapture(cfg, func([]float32) {}); !errors.Is(err, c.want) || !strings.Contains(err.Error(), "microphone") {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	cfg := studio
	cfg.Name = FilePrefix + "/nowhere/out.wav"
	if _, err := OpenPlayback(cfg, func([]float32) {}); !errors.Is(err, ErrNotFound) {
		t.Errorf("playback: %v", err)
	}
}

// miniaudio's null device goes the whole way that a sound card goes.
func TestCardCapturesAndPlaysInEveryWidth(t *testing.T) {
	for _, width := range []pcm.Width{2, 3, 4} {
		for _, k := range []kind{capture, playback} {
			cfg, err := Config{Name: "x", Format: pcm.Format{Rate: 96000, Channels: 2}, Width: width}.validate()
			if err != nil {
				t.Fatal(err)
			}
			var samples atomic.Int64
			d, err := startCard(cfg, k, target{backend: nullBackend, name: "silent"}, func(data []float32) {
				samples.Add(int64(len(data)))
			})
			if err != nil {
				t.Fatalf("%s, width %d: %v", k, width, err)
			}
			await(t, "ten blocks", func() bool { return samples.Load() >= 10*1920 })
			if got := samples.Load(); got%1920 != 0 {
				t.Errorf("%s, width %d: %d samples are no whole blocks", k, width, got)
			}
			if err := errors.Join(d.Close(), d.Close()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(d.String(), "silent") || d.Name() != "silent" || d.Format() != cfg.Format {
				t.Errorf("%v %v %v", d, d.Name(), d.Format())
			}
		}
	}
}

func TestPanicDoesNotPassThroughC(t *testing.T) {
	cfg, _ := studio.validate()
	var calls atomic.Int64
	d, err := startCard(cfg, capture, target{backend: nullBackend, name: "silent"}, func([]float32) {
		calls.Add(1)
		panic("out of tune")
	})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the panic", func() bool { return calls.Load() > 0 })
	await(t, "the device to look lost", func() bool { return d.Age() > 50*time.Millisecond })
	if err := d.Close(); err == nil || !strings.Contains(err.Error(), "out of tune") {
		t.Errorf("Close = %v, want what the callback failed with", err)
	}
	if calls.Load() != 1 {
		t.Errorf("called %d times after it had failed", calls.Load())
	}
}

func TestCallbacksDoNotAllocate(t *testing.T) {
	for _, width := range []pcm.Width{2, 3, 4} {
		c := &card{width: width, buf: make([]float32, 960), block: func([]float32) {}}
		raw := make([]byte, 1200*int(width)) // longer than a block: taken in two
		if n := testing.AllocsPerRun(100, func() { c.onCapture(raw); c.onPlayback(raw) }); n != 0 {
			t.Errorf("width %d: %v allocations, want none", width, n)
		}
	}
}

func TestListNeedsNoSoundCard(t *testing.T) {
	if _, err := List(); err != nil {
		t.Error(err)
	}
}

func BenchmarkCaptureCallback(b *testing.B) {
	c := &card{width: 3, buf: make([]float32, 960), block: func([]float32) {}}
	raw := make([]byte, 960*3)
	for b.Loop() {
		c.onCapture(raw)
	}
}
