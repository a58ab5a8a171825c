package library

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orionbox/firmware/takes"
)

func TestOpenGivesTheFileItself(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	for i, kind := range []string{"audio/mpeg", "audio/mpeg", "audio/wav"} {
		want, err := os.ReadFile(filepath.Join(r.root, name, files[i]))
		r.must(err)
		f, info, err := r.Open(name, files[i])
		r.must(err)
		if info.Type != kind || info.Bytes != int64(len(want)) || info.File != files[i] || info.Modified.IsZero() {
			t.Errorf("%+v", info)
		}
		if _, err := f.Seek(1000, io.SeekStart); err != nil {
			t.Error(err)
		}
		if got := bytesOf(t, f); !bytes.Equal(got, want[1000:]) {
			t.Errorf("%s differs", files[i])
		}
	}
}

// A take that grows may be opened, and is as long as it was then.
func TestOpenOfWhatGrows(t *testing.T) {
	r := newRoom(t)
	s := r.begin(evening)
	path, f := r.startTake(s, 1, evening, 0, 1)
	defer f.Close()
	in, info, err := r.Open(s.String(), filepath.Base(path))
	r.must(err)
	r.must(tone(f, studioFormat, 0.5, 1))
	if data := bytesOf(t, in); int64(len(data)) != info.Bytes || info.Bytes >= f.Size() {
		t.Errorf("%d bytes of %d, the file has %d", len(data), info.Bytes, f.Size())
	}
}

func TestNamesThatLeadElsewhere(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	outside := filepath.Join(r.root, "HQ_Ann_9_201501.mp3")
	r.must(os.WriteFile(outside, []byte("secret"), 0o600))
	dir := filepath.Join(r.root, name)
	r.must(os.Symlink(outside, filepath.Join(dir, "HQ_Ann_8_201501.mp3")))
	r.must(os.Mkdir(filepath.Join(dir, "HQ_Ann_7_201501.mp3"), 0o750))
	r.must(unix.Mkfifo(filepath.Join(dir, "HQ_Ann_6_201501.mp3"), 0o640))
	r.must(os.Symlink(dir, filepath.Join(r.root, "SESSION_20270101_000000")))
	for _, c := range []struct {
		session, file string
		want          error
	}{
		{name, "../HQ_Ann_9_201501.mp3", ErrBadName},
		{name, outside, ErrBadName},
		{name, "", ErrBadName},
		{name, ".", ErrBadName},
		{name, "..", ErrBadName},
		{name, files[0] + "\x00", ErrBadName},
		{name, "HQ_\x00_1_201501.mp3", ErrBadName},
		{name, "HQ_../../../x_1_201501.mp3", ErrBadName},
		{name, "HQ_.._1_201501.mp3", ErrBadName},
		{name, "x/" + files[0], ErrBadName},
		{name, "./" + files[0], ErrBadName},
		{name, takes.JournalName, ErrBadName},
		{name, files[0] + ".receipt.json", ErrBadName},
		{name, "HQ_Ann_5_201501.mp3", ErrNotFound},
		{name, "HQ_Ann_8_201501.mp3", ErrNotFound},
		{name, "HQ_Ann_7_201501.mp3", ErrNotFound},
		{name, "HQ_Ann_6_201501.mp3", ErrNotFound},
		{"..", files[0], ErrBadName},
		{"", files[0], ErrBadName},
		{"/etc", files[0], ErrBadName},
		{name + "/", files[0], ErrBadName},
		{name + "/../" + name, files[0], ErrBadName},
		{name + "\x00", files[0], ErrBadName},
		{"SESSION_20270101_000000", files[0], ErrNotFound},
		{"SESSION_20280101_000000", files[0], ErrNotFound},
	} {
		_, _, err := r.Open(c.session, c.file)
		if !errors.Is(err, c.want) {
			t.Errorf("open %q %q: %v", c.session, c.file, err)
		}
		if _, err := r.Peaks(t.Context(), c.session, c.file, 10); !errors.Is(err, c.want) {
			t.Errorf("peaks %q %q: %v", c.session, c.file, err)
		}
		var out bytes.Buffer
		if err := r.Zip(&out, c.session, []string{files[1], c.file}); !errors.Is(err, c.want) || out.Len() > 0 {
			t.Errorf("zip %q %q: %v, %d bytes", c.session, c.file, err, out.Len())
		}
		if err := r.Delete(c.session, []string{c.file}, Sure{}); !errors.Is(err, c.want) {
			t.Errorf("delete %q %q: %v", c.session, c.file, err)
		}
	}
	if !exists(outside) || !exists(filepath.Join(dir, files[0])) {
		t.Error("something is gone")
	}
}

func TestZipHoldsEachFileAsItIs(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	for _, asked := range [][]string{nil, files[:2], {files[0], files[0]}} {
		var out bytes.Buffer
		r.must(r.Zip(&out, name, asked))
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		r.must(err)
		want := append(once(asked), takes.JournalName)
		if asked == nil {
			want = append(once(files), takes.JournalName)
		}
		if len(z.File) != len(want) {
			t.Fatalf("%d files for %v", len(z.File), want)
		}
		for _, f := range z.File {
			in, err := f.Open()
			r.must(err)
			there, err := os.ReadFile(filepath.Join(r.root, f.Name))
			r.must(err)
			if sha256.Sum256(bytesOf(t, in)) != sha256.Sum256(there) || f.Method != zip.Store || !strings.HasPrefix(f.Name, name+"/") {
				t.Errorf("%s is not what is on the disk", f.Name)
			}
		}
	}
}

// A take that grows while it is packed is packed as far as it was.
func TestZipOfWhatGrows(t *testing.T) {
	r := newRoom(t)
	s := r.begin(evening)
	path, f := r.startTake(s, 1, evening, 0, 1)
	defer f.Close()
	was := f.Size()
	var out bytes.Buffer
	grow := writerFunc(func(p []byte) (int, error) {
		if out.Len() == 0 {
			r.must(errors.Join(tone(f, studioFormat, 0.5, 1), f.Sync()))
		}
		return out.Write(p)
	})
	r.must(r.Zip(grow, s.String(), []string{filepath.Base(path)}))
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	r.must(err)
	if size := int64(z.File[0].UncompressedSize64); size != was || f.Size() <= was {
		t.Errorf("%d bytes are packed, there were %d, there are %d", size, was, f.Size())
	}
	in, err := z.File[0].Open()
	r.must(err)
	bytesOf(t, in) // the archive's own sum is right
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// What is packed does not stand in memory.
func TestZipTakesNoMemory(t *testing.T) {
	r := newRoom(t)
	r.sessions(1, 1)
	name := r.found().Name
	big := filepath.Join(r.root, name, "HQ_Ann_1_201501.mp3")
	r.must(os.WriteFile(big, nil, 0o640))
	r.must(os.Truncate(big, 256<<20))
	r.must(os.Chtimes(big, time.Time{}, evening))
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.must(r.Zip(io.Discard, name, []string{filepath.Base(big)}))
		}
	}).AllocedBytesPerOp()
	if allocated > 1<<20 {
		t.Errorf("%d bytes for %d", allocated, 256<<20)
	}
}
