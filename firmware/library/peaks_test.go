package library

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/firmware/takes"
)

func (r *room) peaks(session, file string) []Peak {
	r.t.Helper()
	p, err := r.Peaks(r.t.Context(), session, file, 0)
	r.must(err)
	return p
}

// at is an error for peaks that are not all of a tone of that level.
func (r *room) at(peaks []Peak, level float64) {
	r.t.Helper()
	for i, p := range peaks {
		if math.Abs(float64(p.Max)-127*level) > 2 || math.Abs(float64(p.Min)+127*level) > 2 {
			r.t.Fatalf("peak %d of %d is %v, want +-%.1f", i, len(peaks), p, 127*level)
		}
	}
}

func TestPeaksOfATone(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	for i, c := range []struct {
		n     int
		level float64
	}{{300, 0.5}, {200, 0.5}, {1000, 0.25}} {
		peaks := r.peaks(name, files[i])
		if len(peaks) != c.n {
			t.Errorf("%s has %d peaks", files[i], len(peaks))
		}
		r.at(peaks[3:len(peaks)-3], c.level) // an MP3's ends ring
		few, err := r.Peaks(t.Context(), name, files[i], 50)
		if r.must(err); len(few) != 50 {
			t.Errorf("%d points", len(few))
		}
		r.at(few[1:49], c.level)
		if kept, err := readPicture(peaksPath(filepath.Join(r.root, name, files[i]))); err != nil || !slices.Equal(kept.peaks, peaks) {
			t.Errorf("kept are %d peaks, %v", len(kept.peaks), err)
		}
	}
}

func TestPicturesAreKeptAndMadeAnew(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	path := filepath.Join(r.root, name, files[0])
	want := r.peaks(name, files[0])
	info, err := os.Stat(path)
	r.must(err)
	mark := []Peak{{-1, 1}}
	own := picture{bytes: info.Size(), modified: info.ModTime().UnixNano(), peaks: mark}
	put := func(data []byte) { r.must(os.WriteFile(peaksPath(path), data, 0o640)) }
	put(own.marshal())
	if got := r.peaks(name, files[0]); !slices.Equal(got, mark) {
		t.Errorf("a sound picture is made anew: %d peaks", len(got))
	}
	stale, older, grew := own, own, own
	stale.bytes--
	older.modified--
	grew.part, grew.bytes = true, 1
	flipped := own.marshal()
	flipped[len(flipped)-1] ^= 1
	for what, data := range map[string][]byte{
		"of another length": stale.marshal(), "of another time": older.marshal(), "of when it grew": grew.marshal(),
		"damaged": flipped, "cut": own.marshal()[:pictureHead+1], "empty": {}, "of another version": append([]byte("OBPK\x02"), own.marshal()[5:]...),
	} {
		put(data)
		if got := r.peaks(name, files[0]); !slices.Equal(got, want) {
			t.Errorf("one that is %s: %d peaks", what, len(got))
		}
		if data, err := os.ReadFile(peaksPath(path)); err != nil || bytes.Equal(data, flipped) {
			t.Errorf("one that is %s is still there", what)
		}
	}
}

// Of a take that grows only what has come is decoded, and the picture is the one that the whole has.
func TestPeaksOfWhatGrows(t *testing.T) {
	r := newRoom(t)
	s := r.begin(evening)
	path, f := r.startTake(s, 1, evening, 0, 3.3337)
	file := filepath.Base(path)
	start := time.Now()
	r.must(os.Chtimes(path, start, start))
	first := r.peaks(s.String(), file)
	if len(first) < 200 || len(first) > 233 {
		t.Fatalf("%d peaks of 3.3 s, of which the last one is left out", len(first))
	}
	r.must(errors.Join(tone(f, studioFormat, 0.25, 4), f.Sync()))
	r.must(os.Chtimes(path, start, start.Add(renewed-1)))
	if again := r.peaks(s.String(), file); !slices.Equal(again, first) {
		t.Errorf("made anew within %v: %d peaks", renewed, len(again))
	}
	kept, err := readPicture(peaksPath(path))
	r.must(err)
	kept.peaks[7] = Peak{-3, 3} // so that one sees what is kept
	r.must(os.WriteFile(peaksPath(path), kept.marshal(), 0o640))
	r.must(os.Chtimes(path, start, start.Add(renewed)))
	second := r.peaks(s.String(), file)
	if len(second) < 600 || second[7] != (Peak{-3, 3}) {
		t.Errorf("%d peaks of 7.3 s, the eighth is %v", len(second), second[7])
	}
	r.stopTake(s, path, f, 1, evening.Add(8*time.Second), 352018, 352018)
	r.end(s, evening.Add(9*time.Second))
	whole := r.peaks(s.String(), file)
	second[7] = whole[7]
	if len(whole) != 734 || !slices.Equal(whole[:len(second)], second) {
		t.Errorf("%d peaks of the whole, of which %d are not those before", len(whole), len(second))
	}
}

// A take that a power cut left is drawn as far as it goes.
func TestPeaksOfACutFile(t *testing.T) {
	r := newRoom(t)
	s := r.begin(evening)
	path, f := r.startTake(s, 1, evening, 0, 3)
	r.must(s.Close())
	data, err := os.ReadFile(path)
	r.must(err)
	r.must(f.Close())
	r.must(os.WriteFile(path, data[:len(data)*2/3-7], 0o640))
	peaks := r.peaks(s.String(), filepath.Base(path))
	if len(peaks) < 80 || len(peaks) > 100 { // of 2 s, the last of which is left out as long as it was not repaired
		t.Errorf("%d peaks", len(peaks))
	}
	r.at(peaks[3:], 0.5)
	if _, err := takes.Recover(t.Context(), r.root, quiet()); err != nil {
		t.Fatal(err)
	}
	if now := r.peaks(s.String(), filepath.Base(path)); len(now) < 190 || len(now) > 200 {
		t.Errorf("%d peaks of what was repaired", len(now))
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(r.root, name, files[0])
	if _, err := r.Peaks(ctx, name, files[0], 10); !errors.Is(err, context.Canceled) || exists(peaksPath(path)) {
		t.Error(err)
	}
	r.must(os.WriteFile(path, bytes.Repeat([]byte("no sound "), 1000), 0o640))
	if _, err := r.Peaks(t.Context(), name, files[0], 10); !errors.Is(err, mp3.ErrForeign) || exists(peaksPath(path)) {
		t.Error(err)
	}
}

// endsAfter is a context that ends at the n-th look at it.
type endsAfter struct {
	context.Context
	looks int
}

func (e *endsAfter) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

// What was drawn before nobody wanted it any more is not drawn again.
func TestPictureThatWasGivenUpGoesOn(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	for _, file := range files {
		path := filepath.Join(r.root, name, file)
		if _, err := r.Peaks(&endsAfter{t.Context(), 8}, name, file, 0); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		kept, err := readPicture(peaksPath(path))
		if r.must(err); len(kept.peaks) != 80 || !kept.part {
			t.Fatalf("%d peaks are kept of 0.8 s", len(kept.peaks))
		}
		kept.peaks[7] = Peak{-3, 3} // so that one sees what is kept
		r.must(os.WriteFile(peaksPath(path), kept.marshal(), 0o640))
		whole := r.peaks(name, file)
		r.must(os.Remove(peaksPath(path)))
		want := r.peaks(name, file)
		if whole[7] != (Peak{-3, 3}) {
			t.Errorf("%s is drawn from its start", file)
		}
		if whole[7] = want[7]; !slices.Equal(whole, want) {
			t.Errorf("%s: what goes on differs from what was drawn at once", file)
		}
	}
}

// A picture that is wanted many times at once is made once, and one that waits may be given up.
func TestOnePictureAtATime(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	r.must(r.drawing.enter(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error)
	go func() {
		_, err := r.Peaks(ctx, name, files[0], 10)
		given <- err
	}()
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r.drawing.leave()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if p, err := r.Peaks(t.Context(), name, files[i%3], 100); err != nil || len(p) != 100 {
				t.Errorf("%d, %v", len(p), err)
			}
		})
	}
	all.Wait()
}

// A picture that is done after its recording was deleted is not put beside nothing.
func TestPictureOfWhatWasDeleted(t *testing.T) {
	r := newRoom(t)
	name, files := r.friday()
	path := filepath.Join(r.root, name, files[0])
	info, err := os.Stat(path)
	r.must(err)
	r.must(r.Delete(name, files[:1], Sure{}))
	r.keep(path, picture{}, info)
	if exists(peaksPath(path)) {
		t.Error("it is there")
	}
}

func TestReduceReachesAsFar(t *testing.T) {
	peaks := []Peak{{-1, 1}, {-9, 2}, {0, 3}, {1, 100}, {-4, -3}}
	for points, want := range map[int][]Peak{
		-1: peaks, 0: peaks, 5: peaks, 9: peaks, 1: {{-9, 100}}, 2: {{-9, 2}, {-4, 100}},
	} {
		if got := Reduce(peaks, points); !slices.Equal(got, want) {
			t.Errorf("%d points: %v, want %v", points, got, want)
		}
	}
	if got := Reduce(nil, 3); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// However sound is cut into blocks, and at whatever rate, it makes the same peaks.
func TestPenMindsNoBlocks(t *testing.T) {
	for _, rate := range []int{8000, 11025, 44100, 48000} {
		data := make([]float32, 2*rate/3*2)
		for i := range data {
			data[i] = float32(math.Sin(float64(i)*float64(i)/1e6)) * 1.5
		}
		format := pcm.Format{Rate: rate, Channels: 2}
		whole, parts := newPen(format, nil), newPen(format, nil)
		whole.draw(data)
		for i := 0; i < len(data); {
			n := min(2*(1+i%977), len(data)-i)
			parts.draw(data[i : i+n])
			i += n
		}
		want := whole.end()
		if got := parts.end(); !slices.Equal(got, want) || len(want) != 67 {
			t.Errorf("%d Hz: %d peaks, %d in one", rate, len(got), len(want))
		}
		on := newPen(format, want[:31])
		on.draw(data[2*on.pos:])
		if got := on.end(); !slices.Equal(got, want) {
			t.Errorf("%d Hz: it does not go on", rate)
		}
	}
}

func FuzzPicture(f *testing.F) {
	whole := picture{bytes: 9, modified: 8, peaks: []Peak{{-127, 127}, {0, 1}}}.marshal()
	f.Add(whole)
	f.Add(whole[:pictureHead])
	f.Add([]byte("OBPK"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePicture(data)
		if err != nil {
			if !errors.Is(err, errPicture) || p.peaks != nil || p.version != 0 {
				t.Errorf("%+v, %v", p, err)
			}
			return
		}
		if again := p.marshal(); !bytes.Equal(again, data) {
			t.Errorf("%x becomes %x", data, again)
		}
	})
}

// BenchmarkPeaks draws ten minutes of a take for the first time, and from what is kept.
func BenchmarkPeaks(b *testing.B) {
	r := newRoom(b)
	s := r.begin(evening)
	path := r.take(s, 1, evening, 600)
	r.end(s, evening.Add(600*time.Second))
	for _, kept := range []bool{false, true} {
		b.Run(map[bool]string{false: "first", true: "kept"}[kept], func(b *testing.B) {
			for b.Loop() {
				if !kept {
					r.must(remove(peaksPath(path)))
				}
				if _, err := r.Peaks(b.Context(), s.String(), filepath.Base(path), 1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
