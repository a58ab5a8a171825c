package mp3

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"orionbox/audio/pcm"
)

var stereo48 = pcm.Format{Rate: 48000, Channels: 2}

// shapes are all that can be recorded.
func shapes() (all []Config) {
	for _, rate := range []int{44100, 48000, 88200, 96000} {
		for _, channels := range []int{1, 2} {
			all = append(all, Config{Format: pcm.Format{Rate: rate, Channels: channels}})
		}
	}
	return append(all, Config{Format: stereo48, Bitrate: 128, Quality: 7})
}

func TestOthersPlayWhatIsWritten(t *testing.T) {
	for _, cfg := range shapes() {
		full, _ := cfg.withDefaults()
		t.Run(full.header().String()+" of "+cfg.Format.String(), func(t *testing.T) {
			n := cfg.Format.Rate + 123
			path := recordClosed(t, cfg, tone(cfg.Format, 997, n))
			sound := ffmpeg(t, path, cfg.Format.Channels)
			want := (n*full.Rate + cfg.Format.Rate - 1) / cfg.Format.Rate
			if got := len(sound) / cfg.Format.Channels; got != want {
				t.Errorf("decodes to %d samples, want %d", got, want)
			}
			for c := range cfg.Format.Channels {
				was := 0.25 / float64(c+1)
				if full.Bitrate <= 128 {
					was *= 0.95 // LAME's own headroom against clipping at low bit rates
				}
				if l := level(sound, cfg.Format.Channels, c, 997, float64(full.Rate)); math.Abs(l/was-1) > 0.01 {
					t.Errorf("channel %d: level %.4f, want %.4f", c, l, was)
				}
			}
			validate(t, path)
			if r, err := Probe(path); err != nil || !r.Closed || r.Samples != int64(want) || r.Bitrate != full.Bitrate {
				t.Errorf("probe: %v %v", r, err)
			}
		})
	}
}

// validate asks mp3val and sox.
func validate(t testing.TB, path string) {
	t.Helper()
	said, err := exec.Command("mp3val", path).CombinedOutput()
	said = bytes.ReplaceAll(said, []byte("No supported tags in the file"), nil) // no ID3 tag
	said = bytes.ReplaceAll(said, []byte(`WARNING: "`+path+`": `+"\n"), nil)
	if err != nil || bytes.Contains(said, []byte("WARNING")) || bytes.Contains(said, []byte("ERROR")) {
		t.Errorf("mp3val: %v: %s", err, said)
	}
	said, err = exec.Command("sox", path, "-n", "stat").CombinedOutput()
	if err != nil || bytes.Contains(said, []byte("WARN")) || bytes.Contains(said, []byte("FAIL")) {
		t.Errorf("sox: %v: %s", err, said)
	}
}

// The sound must stand where it was played, not some samples later: the peak of a click tells.
func TestTimeIsTrueToTheSample(t *testing.T) {
	for _, rate := range []int{44100, 48000, 88200, 96000} {
		format := pcm.Format{Rate: rate, Channels: 1}
		data := make([]float32, rate)
		at := rate / 2
		data[at] = 0.9
		sound := ffmpeg(t, recordClosed(t, Config{Format: format}, data), 1)
		peak := 0
		for i, v := range sound {
			if math.Abs(float64(v)) > math.Abs(float64(sound[peak])) {
				peak = i
			}
		}
		if want := at * len(sound) / rate; peak != want {
			t.Errorf("%v: click at %d, want %d", format, peak, want)
		}
	}
}

func TestAGrowingFilePlays(t *testing.T) {
	f := record(t, Config{Format: stereo48}, tone(stereo48, 440, 48000))
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if stat, _ := os.Stat(f.path); stat.Size() != f.Size() || stat.Mode().Perm() != 0o640 {
		t.Errorf("file has %d bytes, mode %v; want %d", stat.Size(), stat.Mode(), f.Size())
	}
	sound := ffmpeg(t, f.path, 2)
	if l := level(sound, 2, 0, 440, 48000); l < 0.24 || l > 0.26 || len(sound) < 2*46000 {
		t.Errorf("level %.3f in %d samples", l, len(sound)/2)
	}
	before := read(t, f.path)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if after := read(t, f.path); !bytes.Equal(after[960:len(before)], before[960:]) {
		t.Error("closing changed sound that was written")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		hint string
	}{
		{Config{Format: pcm.Format{Rate: 16000, Channels: 2}}, "44100, 48000, 88200 or 96000"},
		{Config{Format: pcm.Format{Rate: 48000, Channels: 3}}, "1 or 2"},
		{Config{Format: stereo48, Rate: 32000}, "44100 or 48000"},
		{Config{Format: stereo48, Bitrate: 321}, "320"},
		{Config{Format: stereo48, Bitrate: 32}, "64 kbit/s or more"},
		{Config{Format: stereo48, Quality: 10}, "1 (slow) to 9"},
	} {
		path := t.TempDir() + "/no.mp3"
		_, err := Create(path, c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%+v: %v, want a hint at %q", c.cfg, err, c.hint)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%+v left a file", c.cfg)
		}
	}
}
