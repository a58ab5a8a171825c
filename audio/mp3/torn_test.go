package mp3

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orionbox/audio/measure"
	"orionbox/audio/pcm"
)

// sounds are what takes are made of: each fills the frames another way.
func sounds(rate int) map[string][]float32 {
	random := rand.New(rand.NewPCG(5, 6))
	noise := make([]float32, rate)
	for i := range noise {
		noise[i] = 2*random.Float32() - 1
	}
	return map[string][]float32{
		"noise": noise, "silence": make([]float32, rate),
		"loud":  measure.Sine(rate, 440, -3.02, time.Second).Samples,
		"quiet": measure.Sine(rate, 440, -70, time.Second).Samples,
	}
}

// TestTorn holds that no whole frame counts as torn, and each one that breaks off in its sound does.
func TestTorn(t *testing.T) {
	for _, format := range []pcm.Format{{Rate: 48000, Channels: 2}, {Rate: 44100, Channels: 1}} {
		for name, sound := range sounds(format.Rate) {
			path := filepath.Join(t.TempDir(), "a.mp3")
			file, err := Create(path, Config{Format: format})
			if err != nil {
				t.Fatal(err)
			}
			data := sound[:len(sound)/format.Channels*format.Channels]
			if err := file.WriteFrame(pcm.Frame{Format: format, Data: data}); err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			all, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at+4 <= len(all); {
				h, err := ParseHeader([4]byte(all[at:]))
				if err != nil {
					t.Fatal(err)
				}
				if at > 0 { // the Info frame has no sound
					tear(t, format.String()+", "+name, all[at:at+h.Size()], h)
				}
				at += h.Size()
			}
		}
	}
}

func tear(t *testing.T, what string, frame []byte, h Header) {
	t.Helper()
	sound := 4 + h.sideInfo()
	end := sound + mainBytes(frame, h)
	if torn(frame, h) && (frame[end-1] != 0 || len(frame)-end >= 5) {
		t.Fatalf("%s: a whole frame of %d bytes counts as torn, its sound ends at %d", what, len(frame), end)
	}
	for cut := end - 1; cut >= sound; cut -= 7 {
		broken := append(bytes.Clone(frame[:cut]), make([]byte, len(frame)-cut)...)
		if !bytes.Equal(broken, frame) && !torn(broken, h) {
			t.Fatalf("%s: cut at byte %d of %d it counts as whole, its sound ends at %d", what, cut, len(frame), end)
		}
	}
}
