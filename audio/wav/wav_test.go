package wav

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"orionbox/audio/pcm"
)

var (
	mono8    = pcm.Format{Rate: 8000, Channels: 1}
	stereo48 = pcm.Format{Rate: 48000, Channels: 2}
)

// ramp is n sample frames of exact 16-bit steps, none of them zero.
func ramp(f pcm.Format, n int) []float32 {
	data := make([]float32, n*f.Channels)
	for i := range data {
		data[i] = float32(i%30000-15000) / 32768
		if data[i] == 0 {
			data[i] = 1
		}
	}
	return data
}

func record(t testing.TB, f pcm.Format, data []float32) *File {
	t.Helper()
	file, err := Create(filepath.Join(t.TempDir(), "voice.wav"), f)
	if err != nil {
		t.Fatal(err)
	}
	for step, pos := 80*f.Channels, 0; pos < len(data); pos += step {
		if err := file.WriteFrame(pcm.Frame{Format: f, Data: data[pos:min(pos+step, len(data))]}); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// readAll reads a file in pieces of an odd size.
func readAll(t testing.TB, path string) (pcm.Format, []float32) {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []float32
	buf := make([]float32, 77*r.Format().Channels+1)
	for {
		n, err := r.ReadSamples(buf)
		all = append(all, buf[:n*r.Format().Channels]...)
		if errors.Is(err, io.EOF) {
			if int64(len(all)) != r.Len()*int64(r.Format().Channels) {
				t.Errorf("%v: read %d samples of %d", r, len(all), r.Len())
			}
			return r.Format(), all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func equal(t testing.TB, got, want []float32, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d samples, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Abs(float64(got[i])-float64(want[i])) > within {
			t.Fatalf("sample %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	var out, complaint bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("%s %v: %v: %s", name, args, err, complaint.String())
	}
	return out.Bytes()
}

// probed is what ffprobe says of a file.
type probed struct {
	Streams []struct {
		CodecName  string `json:"codec_name"`
		SampleRate string `json:"sample_rate"`
		Channels   int    `json:"channels"`
		Duration   int64  `json:"duration_ts"`
	} `json:"streams"`
}

func ffprobe(t testing.TB, path string) probed {
	t.Helper()
	var p probed
	if err := json.Unmarshal(run(t, "ffprobe", "-v", "warning", "-show_streams", "-of", "json", path), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOthersReadWhatIsWritten(t *testing.T) {
	for _, f := range []pcm.Format{mono8, stereo48, {Rate: 44100, Channels: 1}} {
		data := ramp(f, 5003)
		file := record(t, f, data)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if stat, _ := os.Stat(file.path); stat.Mode().Perm() != 0o640 || stat.Size() != file.Size() {
			t.Errorf("mode %v, %d bytes, want %d", stat.Mode(), stat.Size(), file.Size())
		}
		s := ffprobe(t, file.path).Streams[0]
		if s.CodecName != "pcm_s16le" || s.Channels != f.Channels || s.Duration != 5003 {
			t.Errorf("%v: ffprobe sees %+v", f, s)
		}
		raw := run(t, "sox", file.path, "-t", "s16", "-L", "-")
		got := make([]float32, len(raw)/2)
		pcm.Width(2).Decode(got, raw)
		equal(t, got, data, 0)
		format, own := readAll(t, file.path)
		if format != f {
			t.Errorf("read back as %v, want %v", format, f)
		}
		equal(t, own, data, 0)
	}
}

func TestHeaderIsTrueAtEachSync(t *testing.T) {
	f := record(t, mono8, ramp(mono8, 400))
	for want := int64(400); want < 2000; want += 400 {
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		if got := ffprobe(t, f.path).Streams[0].Duration; got != want {
			t.Errorf("%d samples, want %d", got, want)
		}
		if r, err := Repair(f.path); err != nil || !r.Closed || r.Samples != want {
			t.Errorf("repair: %v %v", r, err)
		}
		if err := f.WriteFrame(pcm.Frame{Format: mono8, Data: ramp(mono8, 400)}); err != nil {
			t.Fatal(err)
		}
	}
}

// A file of more than 4 GiB, most of it a hole.
func TestLongFilesBecomeRF64(t *testing.T) {
	f := record(t, stereo48, ramp(stereo48, 100))
	const long = 5 << 30
	if err := f.disk.Truncate(headerSize + long); err != nil {
		t.Fatal(err)
	}
	f.size = long
	if _, err := f.disk.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteFrame(pcm.Frame{Format: stereo48, Data: ramp(stereo48, 100)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := int64(long)/4 + 100
	if got := ffprobe(t, f.path).Streams[0].Duration; got != want {
		t.Errorf("ffprobe sees %d samples, want %d", got, want)
	}
	r, err := Open(f.path)
	if err != nil || r.Len() != want {
		t.Fatalf("open: %v %v, want %d samples", r, err, want)
	}
	defer r.Close()
	r.SeekTo(want - 100)
	got := make([]float32, 200)
	if n, err := r.ReadSamples(got); n != 100 || err != nil {
		t.Fatalf("read %d: %v", n, err)
	}
	equal(t, got, ramp(stereo48, 100), 0)
	if report, err := Repair(f.path); err != nil || !report.Closed || report.Samples != want {
		t.Errorf("repair: %v %v", report, err)
	}
	if err := os.Truncate(f.path, headerSize+long+41); err != nil { // cut by a byte more than ten samples
		t.Fatal(err)
	}
	if report, err := Repair(f.path); err != nil || report.Closed || report.Samples != long/4+10 || report.TrimmedBytes != 1 {
		t.Errorf("repair: %v %v", report, err)
	}
	if got := ffprobe(t, f.path).Streams[0].Duration; got != long/4+10 {
		t.Errorf("repaired: ffprobe sees %d samples", got)
	}
}

// What sox and ffmpeg write in the kinds that musicians have.
func TestReadsWhatOthersWrite(t *testing.T) {
	data := ramp(stereo48, 3000)
	f := record(t, stereo48, data)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		cmd    string
		within float64
	}{
		"u8":         {"sox -D IN -b 8 -e unsigned OUT", 1.01 / 128},
		"s16":        {"sox IN -b 16 OUT", 0},
		"s24":        {"sox IN -b 24 OUT", 0},
		"s32":        {"sox IN -b 32 OUT", 0},
		"float":      {"sox IN -b 32 -e float OUT", 0},
		"extensible": {"sox IN -b 24 -t wavpcm OUT", 0},
		"ffmpeg s24": {"ffmpeg -v error -i IN -c:a pcm_s24le OUT", 0},
		"ffmpeg f32": {"ffmpeg -v error -i IN -c:a pcm_f32le OUT", 0},
		"rf64":       {"ffmpeg -v error -i IN -rf64 always OUT", 0},
		"tagged":     {"ffmpeg -v error -i IN -metadata title=odd -bitexact OUT", 0},
		"piped":      {"ffmpeg -v error -i IN -f wav - > OUT", 0},
		"sox piped":  {"sox IN -t wav - 2>/dev/null | cat > OUT", 0},
	} {
		out := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".wav")
		run(t, "sh", "-c", strings.NewReplacer("IN", f.path, "OUT", out).Replace(c.cmd))
		t.Run(name, func(t *testing.T) {
			format, got := readAll(t, out)
			if format != stereo48 {
				t.Errorf("format %v", format)
			}
			equal(t, got, data, c.within)
		})
	}
}

func TestSixChannelsAreExtensible(t *testing.T) {
	path := filepath.Join(t.TempDir(), "six.wav")
	run(t, "sox", "-n", "-r", "44100", "-c", "6", "-b", "16", path, "synth", "0.1", "sine", "500")
	format, data := readAll(t, path)
	if format != (pcm.Format{Rate: 44100, Channels: 6}) || len(data) != 4410*6 {
		t.Errorf("%v, %d samples", format, len(data))
	}
}

func TestRefusals(t *testing.T) {
	for _, f := range []pcm.Format{{}, {Rate: 8000}, {Rate: 8000, Channels: 3}, {Rate: -1, Channels: 1}} {
		if _, err := Create(filepath.Join(t.TempDir(), "no.wav"), f); err == nil {
			t.Errorf("%v was accepted", f)
		}
	}
	f := record(t, mono8, nil)
	if _, err := Create(f.path, mono8); !errors.Is(err, os.ErrExist) {
		t.Errorf("a recording would be overwritten: %v", err)
	}
	for _, bad := range []pcm.Frame{
		{Format: stereo48, Data: make([]float32, 2)},
		{Format: pcm.Format{Rate: 8000, Channels: 2}, Data: make([]float32, 3)},
	} {
		if err := f.WriteFrame(bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteFrame(pcm.Frame{Format: mono8}); !errors.Is(err, ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); !errors.Is(err, ErrClosed) {
		t.Errorf("close twice: %v", err)
	}
}
