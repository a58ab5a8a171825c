package mp3

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/measure"
	"orionbox/audio/pcm"
)

// TestReaderAgreesWithFFmpeg holds that both decoders give the same samples at the same places, whole and gapless.
func TestReaderAgreesWithFFmpeg(t *testing.T) {
	for _, format := range []pcm.Format{{Rate: 48000, Channels: 2}, {Rate: 44100, Channels: 1}} {
		path := filepath.Join(t.TempDir(), "a.mp3")
		tone := measure.Sine(format.Rate, 440, -12, 1500*time.Millisecond)
		file, err := Create(path, Config{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		data := make([]float32, 0, len(tone.Samples)*format.Channels)
		for _, s := range tone.Samples {
			for range format.Channels {
				data = append(data, s)
			}
		}
		if err := errors.Join(file.WriteFrame(pcm.Frame{Format: format, Data: data}), file.Close()); err != nil {
			t.Fatal(err)
		}
		ours, want := readAll(t, path), audiotest.Read(t, path)[0]
		if len(ours.Samples) != len(tone.Samples) || len(want.Samples) != len(tone.Samples) {
			t.Fatalf("%v: %d samples, ffmpeg %d, written %d", format, len(ours.Samples), len(want.Samples), len(tone.Samples))
		}
		for i := range want.Samples {
			want.Samples[i] -= ours.Samples[i]
		}
		if diff := want.Level(); diff > -80 {
			t.Errorf("%v: differs from ffmpeg by %.1f dBFS", format, diff)
		}
	}
}

func readAll(t *testing.T, path string) measure.Sound {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return readOn(t, r)
}

func readFrom(t *testing.T, path string, pos int64) measure.Sound {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.SeekTo(pos); err != nil {
		t.Fatal(err)
	}
	return readOn(t, r)
}

func readOn(t *testing.T, r *Reader) measure.Sound {
	t.Helper()
	channels := r.Format().Channels
	block, all := make([]float32, 1000*channels), []float32{}
	for {
		n, err := r.ReadSamples(block)
		all = append(all, block[:n*channels]...)
		if errors.Is(err, io.EOF) {
			return measure.Channel(all, channels, 0, r.Format().Rate)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSeekingGivesWhatReadingOnGives holds from places within, at and between frames, closed and while it grows.
func TestSeekingGivesWhatReadingOnGives(t *testing.T) {
	for _, format := range []pcm.Format{stereo48, {Rate: 44100, Channels: 1}} {
		for _, closed := range []bool{true, false} {
			path := filepath.Join(t.TempDir(), "a.mp3")
			file, err := Create(path, Config{Format: format})
			if err != nil {
				t.Fatal(err)
			}
			err = file.WriteFrame(pcm.Frame{Format: format, Data: music(format, 30000)})
			if closed {
				err = errors.Join(err, file.Close())
			} else {
				defer file.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			whole := readAll(t, path).Samples
			for _, pos := range []int{-1, 0, 1, 46, 47, 48, 1151, 1152, 1153, 10000, len(whole) - 1, len(whole), len(whole) + 9} {
				from := max(0, min(pos, len(whole)))
				if got := readFrom(t, path, int64(pos)); !slices.Equal(got.Samples, whole[from:]) {
					t.Errorf("%v, closed %v: %d samples from %d on differ from those of %d", format, closed, len(got.Samples), pos, len(whole))
				}
			}
		}
	}
}
