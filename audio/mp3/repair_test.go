package mp3

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"orionbox/audio/pcm"
)

// interrupted is a recording of n sample frames that was never closed.
func interrupted(t testing.TB, f pcm.Format, n int) []byte {
	t.Helper()
	file := record(t, Config{Format: f}, music(f, n))
	if err := file.disk.Close(); err != nil {
		t.Fatal(err)
	}
	file.encoder.close()
	return read(t, file.path)
}

// ends are where the frames of data end, whole ones only.
func ends(t testing.TB, data []byte) (all []int) {
	t.Helper()
	at := 0
	for _, f := range frames(t, data) {
		at += len(f)
		all = append(all, at)
	}
	return all
}

// repaired checks that Repair does what Probe said, and that nothing is left for a second time.
func repaired(t testing.TB, path string) Report {
	t.Helper()
	before := read(t, path)
	planned, err := Probe(path)
	if err != nil || !bytes.Equal(read(t, path), before) {
		t.Fatalf("probe: %v %v", planned, err)
	}
	report, err := Repair(path)
	if err != nil || report != planned {
		t.Fatalf("%v %v, probe said %v", report, err, planned)
	}
	after := read(t, path)
	again, err := Repair(path)
	if err != nil || !again.Closed || again.Samples != report.Samples || !bytes.Equal(read(t, path), after) {
		t.Fatalf("again: %v %v, first %v", again, err, report)
	}
	return report
}

func TestRepairAfterACutAtAnyByte(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 44100, Channels: 2}, {Rate: 48000, Channels: 1}} {
		whole := interrupted(t, f, 20000)
		bounds := ends(t, whole)
		path := filepath.Join(t.TempDir(), "cut.mp3")
		for cut := 0; cut <= len(whole); cut += 1 + cut/50 {
			if err := os.WriteFile(path, whole[:cut], 0o640); err != nil {
				t.Fatal(err)
			}
			report := repaired(t, path)
			after := read(t, path)
			if cut < 4 {
				if len(after) != cut || report.Frames != 0 {
					t.Fatalf("cut at %d: %v", cut, report)
				}
				continue
			}
			n := 0
			for n < len(bounds) && bounds[n] <= cut {
				n++
			}
			if report.Frames != max(minFrames, n-1) || report.Mended != max(0, minFrames+1-max(n, 1)) || report.Format != f || report.Bitrate != 320 {
				t.Fatalf("cut at %d: %v, want %d frames", cut, report, n-1)
			}
			if n > 0 && !bytes.Equal(after[bounds[0]:bounds[n-1]], whole[bounds[0]:bounds[n-1]]) {
				t.Fatalf("cut at %d: sound was changed", cut)
			}
		}
		sound := ffmpeg(t, path, f.Channels)
		if r, _ := Probe(path); int64(len(sound)/f.Channels) != r.Samples {
			t.Errorf("%v: decodes to %d samples, report says %v", f, len(sound)/f.Channels, r)
		}
		validate(t, path)
	}
}

// Cut where the decoder is most likely to stumble, and asked of the decoder.
func TestRepairedFilesPlay(t *testing.T) {
	whole := interrupted(t, stereo48, 48000)
	for _, cut := range []int{4, 300, 960, 960 + 1, 960 * 2, 960*3 - 1, 960 * 10, 960*10 + 3, 960*20 + 500, len(whole)} {
		path := write(t, "cut.mp3", whole[:cut])
		report := repaired(t, path)
		if n := int64(len(ffmpeg(t, path, 2)) / 2); n != report.Samples {
			t.Errorf("cut at %d: decodes to %d samples, report says %v", cut, n, report)
		}
		validate(t, path)
	}
}

// A file system that lost its power may keep the length of a file and give back zeros for what it held.
func TestRepairTrimsZerosAndTheFrameTheyBreakInto(t *testing.T) {
	whole := interrupted(t, stereo48, 48000)
	for _, from := range []int{4096 * 3, 4096 * 5, 4096 * 7, 960 * 12, 960*12 + 36} {
		data := bytes.Clone(whole)
		clear(data[from:])
		path := write(t, "zeros.mp3", append(data, make([]byte, 5000)...))
		report := repaired(t, path)
		if want := from/960 - 1; report.Frames != want {
			t.Errorf("zeros from %d: %d frames, want %d", from, report.Frames, want)
		}
		if after := read(t, path); !bytes.Equal(after[960:], whole[960:960*(report.Frames+1)]) {
			t.Errorf("zeros from %d: sound was changed", from)
		}
		if n := int64(len(ffmpeg(t, path, 2)) / 2); n != report.Samples {
			t.Errorf("zeros from %d: decodes to %d samples, report says %v", from, n, report)
		}
	}
}

// Blocks lost in the middle become silence of the same length: what follows stays in its place.
func TestRepairMendsHoles(t *testing.T) {
	for _, f := range []pcm.Format{stereo48, {Rate: 44100, Channels: 2}} {
		whole := interrupted(t, f, f.Rate)
		all := ends(t, whole)
		for name, damage := range map[string]func([]byte){
			"zeros":   func(b []byte) { clear(b) },
			"garbage": func(b []byte) { copy(b, bytes.Repeat([]byte{0xff, 0xfb, 0x55, 0xaa, 3}, len(b))) },
		} {
			data := bytes.Clone(whole)
			damage(data[8192:16384])
			path := write(t, "hole.mp3", data)
			report := repaired(t, path)
			if report.Frames != len(all)-1 || report.Mended < 7 || report.Mended > 10 || report.TrimmedBytes != 0 {
				t.Errorf("%v, %s: %v, want %d frames", f, name, report, len(all)-1)
			}
			after := read(t, path)
			if !bytes.Equal(after[all[0]:8192-1045], whole[all[0]:8192-1045]) || !bytes.Equal(after[16384+1045:], whole[16384+1045:]) {
				t.Errorf("%v, %s: sound was changed", f, name)
			}
			frames(t, after)
			validate(t, path)
		}
	}
}

func TestRepairOfTheFirstFrame(t *testing.T) {
	whole := interrupted(t, stereo48, 48000)
	closed := read(t, recordClosed(t, Config{Format: stereo48}, music(stereo48, 48000)))
	want := bytes.Clone(whole[960:])
	for name, slot := range map[string][]byte{
		"half written": append(bytes.Clone(closed[:100]), whole[100:960]...),
		"zeros":        make([]byte, 960),
		"garbage":      bytes.Repeat([]byte{0xff, 0xfb}, 480),
		"wrong rate":   append([]byte{0xff, 0xfb, 0xe0, 0}, whole[4:960]...),
	} {
		path := write(t, "slot.mp3", append(slot, want...))
		if report := repaired(t, path); report.Frames != len(want)/960 || report.TrimmedBytes != 0 {
			t.Errorf("%s: %v", name, report)
		}
		if !bytes.Equal(read(t, path)[960:], want) {
			t.Errorf("%s: sound was changed", name)
		}
		ffmpeg(t, path, 2)
	}
}

func TestRepairLeavesForeignAndClosedFilesAlone(t *testing.T) {
	closed := read(t, recordClosed(t, Config{Format: stereo48}, music(stereo48, 48000)))
	for name, c := range map[string]struct {
		data    []byte
		foreign bool
	}{
		"closed":       {closed, false},
		"ID3v1 added":  {append(bytes.Clone(closed), "TAG and so on"...), false},
		"ID3v2 added":  {append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), closed...), false},
		"no Info":      {closed[960:], true},
		"text":         {bytes.Repeat([]byte("no sound at all "), 1000), true},
		"zeros":        {make([]byte, 10000), true},
		"one byte":     {[]byte{0xff}, false},
		"empty":        {nil, false},
		"of two kinds": {append(bytes.Clone(closed[960:]), interrupted(t, pcm.Format{Rate: 44100, Channels: 2}, 9999)...), true},
	} {
		path := write(t, "foreign.mp3", c.data)
		report, err := Repair(path)
		if errors.Is(err, ErrForeign) != c.foreign || !c.foreign && (err != nil || !report.Closed) {
			t.Errorf("%s: %v %v", name, report, err)
		}
		if !bytes.Equal(read(t, path), c.data) {
			t.Errorf("%s was changed", name)
		}
	}
}

func TestRepairOfWhatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.mp3")
	_, repair := Repair(path)
	_, probe := Probe(path)
	if !errors.Is(repair, os.ErrNotExist) || !errors.Is(probe, os.ErrNotExist) {
		t.Errorf("%v, %v", repair, probe)
	}
}

// What the disk refused is not lost track of: what it took before is kept and described.
func TestCloseAfterAFailedWrite(t *testing.T) {
	f := record(t, Config{Format: stereo48}, music(stereo48, 48000))
	if err := f.disk.Close(); err != nil {
		t.Fatal(err)
	}
	frame := pcm.Frame{Format: stereo48, Data: music(stereo48, 4800)}
	if err := f.WriteFrame(frame); !errors.Is(err, os.ErrClosed) {
		t.Fatalf("write: %v", err)
	}
	if err := errors.Join(f.WriteFrame(frame), f.Sync()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("sound after a gap was mixed in: %v", err)
	}
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("close: %v", err)
	}
	if r, err := Probe(f.path); err != nil || !r.Closed || r.Samples < 44000 {
		t.Errorf("%v %v", r, err)
	}
	ffmpeg(t, f.path, 2)
}

// Whatever a file holds, it is left alone or repaired once and for all, and no frame of it is lost.
func FuzzRepair(f *testing.F) {
	small := interrupted(f, pcm.Format{Rate: 48000, Channels: 1}, 4000)
	f.Add(small)
	f.Add(small[:len(small)-100])
	f.Add(append(bytes.Clone(small), make([]byte, 2000)...))
	f.Add(append(make([]byte, 960), small[960:]...))
	f.Add(small[:37])
	f.Fuzz(func(t *testing.T, data []byte) {
		path := write(t, "fuzz.mp3", data)
		report, err := Repair(path)
		if err != nil || report.Closed {
			if !bytes.Equal(read(t, path), data) {
				t.Fatalf("changed: %v %v", report, err)
			}
			return
		}
		again, err := Repair(path)
		if err != nil || !again.Closed || again.Samples != report.Samples {
			t.Fatalf("again: %v %v, first %v", again, err, report)
		}
	})
}

// Whatever the bytes are, a scan ends and its runs are in order and inside.
func FuzzScan(f *testing.F) {
	h := Header{Bitrate: 320, Rate: 44100, Channels: 2}
	f.Add(h.silent())
	f.Add(append(h.silent(), h.silent()...))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := scan(bytes.NewReader(data), 0, h)
		if err != nil {
			t.Fatal(err)
		}
		last := int64(-1)
		for _, r := range l {
			if r.off <= last || r.end <= r.off || r.end > int64(len(data)) || r.frames < 1 {
				t.Fatalf("%+v in %d bytes", l, len(data))
			}
			last = r.end
		}
		if _, _, _, err := locate(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		ParseInfo(data)
	})
}
