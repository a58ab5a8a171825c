package audiotest

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"orionbox/audio/measure"
)

// Read decodes any sound file by ffmpeg, at its own rate: one Sound a channel. It fails the test if ffmpeg finds
// an error in the file.
func Read(t testing.TB, path string) []measure.Sound {
	t.Helper()
	rate, channels := shape(t, path)
	raw := output(t, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-")
	return split(floats(raw), channels, rate)
}

// ReadRaw reads headerless 16-bit little-endian mono, as Asterisk's .sln48 (rate 48000) is.
func ReadRaw(t testing.TB, path string, rate int) measure.Sound {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read raw sound: %v", err)
	}
	data := make([]float32, len(raw)/2)
	for i := range data {
		data[i] = float32(int16(binary.LittleEndian.Uint16(raw[2*i:]))) / (1 << 15)
	}
	return measure.Sound{Rate: rate, Samples: data}
}

// WriteWAV writes 16-bit PCM for programs that play files, one Sound a channel, all of the same rate and length.
func WriteWAV(t testing.TB, path string, channels ...measure.Sound) {
	t.Helper()
	rate, n, frames := channels[0].Rate, len(channels), len(channels[0].Samples)
	head := []any{[]byte("RIFF"), uint32(36 + 2*n*frames), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(n),
		uint32(rate), uint32(2 * n * rate), uint16(2 * n), uint16(16), []byte("data"), uint32(2 * n * frames)}
	var b bytes.Buffer
	for _, v := range head {
		binary.Write(&b, binary.LittleEndian, v)
	}
	for i := range frames {
		for _, s := range channels {
			v := min(max(math.Round(float64(s.Samples[i])*(1<<15)), math.MinInt16), math.MaxInt16)
			b.Write(binary.LittleEndian.AppendUint16(nil, uint16(int16(v))))
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatalf("write wav: %v", err)
	}
}

func split(data []float32, channels, rate int) []measure.Sound {
	out := make([]measure.Sound, channels)
	for c := range out {
		out[c] = measure.Channel(data, channels, c, rate)
	}
	return out
}

// shape asks ffprobe for rate and channels.
func shape(t testing.TB, path string) (rate, channels int) {
	t.Helper()
	out := output(t, "ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels",
		"-of", "default=noprint_wrappers=1", path)
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch n, _ := strconv.Atoi(value); key {
		case "sample_rate":
			rate = n
		case "channels":
			channels = n
		}
	}
	if rate == 0 || channels == 0 {
		t.Fatalf("ffprobe %s: no sound in it: %q", path, out)
	}
	return rate, channels
}

// output is what a program prints; the test fails if it fails or complains.
func output(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	var complaint bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil || complaint.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, complaint.Bytes())
	}
	return out
}

// ReadPart is Read for a part of a long file: so many seconds from a time on.
func ReadPart(t testing.TB, path string, from, seconds float64) []measure.Sound {
	t.Helper()
	rate, channels := shape(t, path)
	raw := output(t, "ffmpeg", "-v", "error", "-xerror", "-ss", strconv.FormatFloat(from, 'f', 6, 64), "-i", path,
		"-t", strconv.FormatFloat(seconds, 'f', 6, 64), "-f", "f32le", "-c:a", "pcm_f32le", "-")
	return split(floats(raw), channels, rate)
}

func floats(raw []byte) []float32 {
	data := make([]float32, len(raw)/4)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return data
}
