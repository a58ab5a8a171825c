// Package mp3test makes MP3 files for tests.
package mp3test

import (
	"math/rand/v2"
	"testing"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
)

// Hiss writes some seconds of noise, each time the same for a length, as a stereo file of 48 kHz and 320 kbps. grow is called after
// each second, with what is on the disk; it may be nil.
func Hiss(t testing.TB, path string, seconds int, grow func(path string, bytes int64)) {
	t.Helper()
	format := pcm.Format{Rate: 48000, Channels: 2}
	f, err := mp3.Create(path, mp3.Config{Format: format, Quality: 9})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(seconds)))
	frame := pcm.Frame{Format: format, Data: make([]float32, 48000*2)}
	for range seconds {
		for i := range frame.Data {
			frame.Data[i] = float32(random.NormFloat64()) / 20
		}
		if err := f.WriteFrame(frame); err != nil {
			t.Fatal(err)
		}
		if grow == nil {
			continue
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		grow(path, f.Size())
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
