package wav

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"orionbox/audio/pcm"
)

// probe is what ffprobe tells of a file; it fails the test if that complains.
func probe(t *testing.T, path string) (stream struct {
	Codec    string `json:"codec_name"`
	Rate     string `json:"sample_rate"`
	Channels int    `json:"channels"`
	Bits     string `json:"bits_per_raw_sample"`
	Frames   int64  `json:"duration_ts"`
}, tags map[string]string) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "warning", "-of", "json", "-show_streams", "-show_format", path).CombinedOutput()
	var told struct {
		Streams []json.RawMessage
		Format  struct{ Tags map[string]string }
	}
	if err != nil || json.Unmarshal(out, &told) != nil || len(told.Streams) != 1 {
		t.Fatalf("ffprobe: %v: %s", err, out)
	}
	if err := json.Unmarshal(told.Streams[0], &stream); err != nil {
		t.Fatal(err)
	}
	return stream, told.Format.Tags
}

func TestOtherProgramsReadWhenASoundWas(t *testing.T) {
	begins := time.Date(2026, 11, 22, 20, 14, 55, 0, time.FixedZone("", 3600))
	for _, format := range []pcm.Format{{Rate: 48000, Channels: 1}, {Rate: 44100, Channels: 2}} {
		path := filepath.Join(t.TempDir(), "b.wav")
		b := Broadcast{Description: "Café, take 1", Originator: "Orion box", Reference: "SESSION_1", Begins: begins, Samples: Since(begins, format.Rate)}
		f, err := CreateBroadcast(path, format, 3, b)
		if err != nil {
			t.Fatal(err)
		}
		sound := ramp(format, 1001) // an odd number of bytes in mono, which needs padding
		for _, part := range [][]float32{sound[:14], sound[14:]} {
			if err := f.WriteFrame(pcm.Frame{Format: format, Data: part}); err != nil {
				t.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != f.Size() || info.Size()%2 != 0 {
			t.Errorf("%d bytes, want %d: %v", info.Size(), f.Size(), err)
		}
		stream, tags := probe(t, path)
		if stream.Codec != "pcm_s24le" || stream.Rate != strconv.Itoa(format.Rate) || stream.Channels != format.Channels || stream.Frames != 1001 {
			t.Errorf("ffprobe reads %+v", stream)
		}
		want := map[string]string{"time_reference": strconv.FormatInt((20*3600+14*60+55)*int64(format.Rate), 10), "date": "2026-11-22",
			"creation_time": "20:14:55", "encoded_by": "Orion box", "originator_reference": "SESSION_1", "comment": "Caf?, take 1"}
		for key, value := range want {
			if tags[key] != value {
				t.Errorf("%s is %q, want %q", key, tags[key], value)
			}
		}
		if got, all := readAll(t, path); got != format || len(all) != len(sound) || all[0] != sound[0] || all[len(all)-1] != sound[len(sound)-1] {
			t.Errorf("read back: %v, %d samples", got, len(all))
		}
	}
}

func TestSinceCountsFromMidnight(t *testing.T) {
	at := time.Date(2026, 3, 4, 23, 59, 59, 500_000_000, time.UTC)
	if got, want := Since(at, 96000), int64(86400*96000-48000); got != want {
		t.Errorf("%d samples, want %d", got, want)
	}
	if got := Since(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), 48000); got != 0 {
		t.Errorf("%d samples at midnight", got)
	}
}

// The same place is kept for the long sizes before a bext chunk; most of the file is a hole.
func TestLongBroadcastFilesBecomeRF64(t *testing.T) {
	const frames = 1<<32/6 + 1000
	path := filepath.Join(t.TempDir(), "long.wav")
	f, err := CreateBroadcast(path, stereo48, 3, Broadcast{Originator: "Orion box", Samples: 1 << 33})
	if err != nil {
		t.Fatal(err)
	}
	f.size = frames * 6
	if err := f.disk.Truncate(f.Size()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f.Size() < math.MaxUint32 {
		t.Fatalf("%d bytes are no long file", f.Size())
	}
	stream, tags := probe(t, path)
	if stream.Frames != frames || tags["time_reference"] != strconv.Itoa(1<<33) {
		t.Errorf("ffprobe reads %d frames, %v", stream.Frames, tags)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Len() != frames {
		t.Errorf("%d frames, want %d", r.Len(), frames)
	}
}

func TestRefusesWidthsThatNoFileHas(t *testing.T) {
	if _, err := CreateBroadcast(filepath.Join(t.TempDir(), "a.wav"), mono8, 5, Broadcast{}); err == nil {
		t.Error("five bytes a sample")
	}
}
