package wav

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"orionbox/audio/pcm"
)

// interrupted is a recording of 1000 sample frames, 600 of them synced, that was never closed.
func interrupted(t testing.TB, f pcm.Format) []byte {
	t.Helper()
	data := ramp(f, 1000)
	file := record(t, f, data[:600*f.Channels])
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := file.WriteFrame(pcm.Frame{Format: f, Data: data[600*f.Channels:]}); err != nil {
		t.Fatal(err)
	}
	if err := file.disk.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, file.path)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRepairAfterACutAtAnyByte(t *testing.T) {
	for _, f := range []pcm.Format{mono8, stereo48} {
		whole := interrupted(t, f)
		block := f.Channels * bytesPerSample
		path := filepath.Join(t.TempDir(), "cut.wav")
		for cut := 0; cut <= len(whole); cut += 1 + cut/1000 {
			if err := os.WriteFile(path, whole[:cut], 0o640); err != nil {
				t.Fatal(err)
			}
			report, err := Repair(path)
			if err != nil {
				t.Fatalf("cut at %d: %v %v", cut, report, err)
			}
			if cut < atData {
				if !bytes.Equal(read(t, path), whole[:cut]) {
					t.Fatalf("cut at %d: changed what it could not mend", cut)
				}
				continue
			}
			want := max(0, cut-headerSize) / block
			if report.Samples != int64(want) {
				t.Fatalf("cut at %d: %d samples, want %d", cut, report.Samples, want)
			}
			format, sound := readAll(t, path)
			if format != f {
				t.Fatalf("cut at %d: %v", cut, format)
			}
			equal(t, sound, ramp(f, 1000)[:want*f.Channels], 0)
			if again, err := Repair(path); err != nil || !again.Closed || again.Samples != report.Samples {
				t.Fatalf("cut at %d: again: %v %v", cut, again, err)
			}
		}
		ffprobe(t, path)
	}
}

// After a power cut the length of a file may be on the disk, and what it held not.
func TestRepairTrimsBlocksThatWereNeverWritten(t *testing.T) {
	whole := interrupted(t, mono8)
	padded := append(bytes.Clone(whole), make([]byte, 3*4096-len(whole)%4096)...)
	path := write(t, padded)
	report, err := Repair(path)
	if err != nil || report.Samples < 1000 || report.Samples > 1000+2048 || report.TrimmedBytes < 2*4096 {
		t.Fatalf("%v %v", report, err)
	}
	_, sound := readAll(t, path)
	equal(t, sound[:1000], ramp(mono8, 1000), 0)
}

func TestRepairKeepsSilenceThatWasSynced(t *testing.T) {
	f := record(t, mono8, make([]float32, 20000))
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.path, f.Size()-1); err != nil {
		t.Fatal(err)
	}
	if report, err := Repair(f.path); err != nil || report.Samples != 19999 {
		t.Errorf("%v %v", report, err)
	}
}

func TestRepairLeavesForeignFilesAlone(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "odd.wav")
	run(t, "sox", "-n", "-r", "8000", "-b", "16", odd, "synth", "0.1", "sine", "500")
	for name, data := range map[string][]byte{
		"sox":   read(t, odd),
		"text":  bytes.Repeat([]byte("no sound at all "), 100),
		"zeros": make([]byte, 10000),
	} {
		path := write(t, data)
		if _, err := Repair(path); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(read(t, path), data) {
			t.Errorf("%s was changed", name)
		}
	}
}

func write(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.wav")
	if err := os.WriteFile(path, data, 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

// What the disk refused is not lost track of: what it took before is kept and described.
func TestCloseAfterAFailedWrite(t *testing.T) {
	f := record(t, mono8, ramp(mono8, 500))
	good := f.disk
	broken, err := os.Open(f.path) // not for writing
	if err != nil {
		t.Fatal(err)
	}
	f.disk = broken
	if err := f.WriteFrame(pcm.Frame{Format: mono8, Data: ramp(mono8, 80)}); err == nil {
		t.Fatal("no error")
	}
	f.disk = good
	if err := f.WriteFrame(pcm.Frame{Format: mono8, Data: ramp(mono8, 80)}); err == nil {
		t.Error("sound after a gap was mixed in")
	}
	if err := f.Close(); err == nil {
		t.Error("close forgets the error")
	}
	_, sound := readAll(t, f.path)
	equal(t, sound, ramp(mono8, 500), 0)
}

// Whatever a file holds, reading it ends, within its bounds.
func FuzzReader(f *testing.F) {
	f.Add(recording(mono8).header(4))
	f.Add(append(recording(stereo48).header(8), 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(recording(stereo48).header(math.MaxUint32 + 1))
	f.Add(append(recording(mono8).header(math.MaxUint32-72), 1, 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		buf, read := make([]float32, 3*r.Format().Channels), int64(0)
		for {
			n, err := r.ReadSamples(buf)
			if n == 0 && err == nil {
				t.Fatal("stands still")
			}
			read += int64(n)
			if err != nil {
				break
			}
		}
		if read != r.Len() || r.Len()*r.layout.block() > int64(len(data)) {
			t.Fatalf("read %d of %d", read, r.Len())
		}
	})
}

// Whatever a file holds, it is either left alone or repaired once and for all.
func FuzzRepair(f *testing.F) {
	f.Add(interrupted(f, mono8))
	f.Add(recording(stereo48).header(1 << 33))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := write(t, data)
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
