package mp3

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"orionbox/audio/pcm"
)

// tone is n sample frames of a sine of the frequency (Hz) at a quarter of full scale; channel 1 has half its level.
func tone(f pcm.Format, hz float64, n int) []float32 {
	data := make([]float32, n*f.Channels)
	for i := range n {
		v := 0.25 * math.Sin(2*math.Pi*hz*float64(i)/float64(f.Rate))
		for c := range f.Channels {
			data[i*f.Channels+c] = float32(v / float64(c+1))
		}
	}
	return data
}

// record writes data in pieces of an odd size and leaves the file open.
func record(t testing.TB, cfg Config, data []float32) *File {
	t.Helper()
	f, err := Create(filepath.Join(t.TempDir(), "take.mp3"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for step, pos := 441*cfg.Format.Channels, 0; pos < len(data); pos += step {
		piece := data[pos:min(pos+step, len(data))]
		if err := f.WriteFrame(pcm.Frame{Format: cfg.Format, Data: piece}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func recordClosed(t testing.TB, cfg Config, data []float32) string {
	t.Helper()
	f := record(t, cfg, data)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

// ffmpeg decodes a file with a program that did not write it, and fails the test if that has anything to say.
func ffmpeg(t testing.TB, path string, channels int) []float32 {
	t.Helper()
	var out, complaint bytes.Buffer
	cmd := exec.Command("ffmpeg", "-nostdin", "-v", "warning", "-err_detect", "crccheck+bitstream+buffer",
		"-i", path, "-f", "f32le", "-")
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	said := harmless.ReplaceAllString(complaint.String(), "")
	if err != nil || said != "" {
		t.Fatalf("ffmpeg %s: %v: %s", path, err, said)
	}
	samples := make([]float32, out.Len()/4)
	for i := range samples {
		samples[i] = math.Float32frombits(binary.LittleEndian.Uint32(out.Bytes()[4*i:]))
	}
	return samples
}

// harmless is what ffmpeg says of each MP3 without a length, whole or not.
var harmless = regexp.MustCompile(`(?m)^\[mp3 .*Estimating duration from bitrate, this may be inaccurate\n`)

// level is the amplitude of the frequency in one channel, by correlation (Goertzel's question, asked directly).
func level(data []float32, channels, channel int, hz, rate float64) float64 {
	var re, im float64
	n := len(data) / channels
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		v := float64(data[i*channels+channel])
		re, im = re+v*c, im+v*s
	}
	return 2 * math.Hypot(re, im) / float64(n)
}
