package recorder

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orionbox/audio/mp3"
	"orionbox/audio/pcm"
	"orionbox/audio/ring"
	"orionbox/audio/wav"
)

// repair mends what lies in dir and checks it: each file plays, and lacks at most a second of what was captured. The
// take began at sample 0, the voice recording after the second that the take has as pre-roll.
func repair(t *testing.T, dir string, captured int64) {
	t.Helper()
	take, voice := filepath.Join(dir, takeName), filepath.Join(dir, voiceName)
	studio, err := mp3.Repair(take)
	if err != nil {
		t.Fatal(err)
	}
	lq, err := wav.Repair(voice)
	if err != nil {
		t.Fatal(err)
	}
	if missing := captured - studio.Samples; missing > 48000 {
		t.Errorf("the take lacks %d samples of %d: %v", missing, captured, studio)
	}
	if missing := captured - 48000 - lq.Samples; missing > 48000 {
		t.Errorf("the voice recording lacks %d samples of %d: %v", missing, captured, lq)
	}
	if n := decodes(t, take, 2); n != studio.Samples {
		t.Errorf("the take plays %d samples, repair told %v", n, studio)
	}
	if n := decodes(t, voice, 1); n != lq.Samples {
		t.Errorf("the voice recording plays %d samples, repair told %v", n, lq)
	}
}

// A program that records is killed at any moment.
func TestKilledAtAnyMoment(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			dir := t.TempDir()
			cmd, lines := startChild(t, dir)
			// The first step after the press opens the files; from then on any line may be the last.
			last, left := int64(0), 3+random.IntN(1000)
			for ; left > 0 && lines.Scan(); left-- {
				fmt.Sscan(lines.Text(), &last)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // what it still said before it died
				fmt.Sscan(lines.Text(), &last)
			}
			if err := cmd.Wait(); err == nil || last == 0 {
				t.Fatalf("the child ended by itself, at %d", last)
			}
			repair(t, dir, last)
		})
	}
}

// The power goes: of what was not synced any part may be there, or zeros in its place.
func TestPowerCutAtAnyMoment(t *testing.T) {
	random, dir := rand.New(rand.NewPCG(3, 4)), t.TempDir()
	d := newDuo(dir)
	synced := map[string]int64{}
	for i := range 2000 {
		d.live()
		for name, r := range map[string]*Recorder{takeName: d.take, voiceName: d.voice} {
			for range len(r.Events()) {
				if e := <-r.Events(); e.Kind == Progress {
					synced[name] = e.Bytes
				}
			}
		}
		if random.IntN(100) > 0 || i < 10 {
			continue
		}
		after := t.TempDir()
		for name := range synced {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			data = unplug(random, data, synced[name])
			if err := os.WriteFile(filepath.Join(after, name), data, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		repair(t, after, d.pos)
	}
	d.take.finish()
	d.voice.finish()
	repair(t, dir, d.pos)
}

// unplug is what a disk may hold of a file of which the first bytes are synced.
func unplug(random *rand.Rand, data []byte, synced int64) []byte {
	unsure := random.Int64N(int64(len(data)) - synced + 1)
	data = data[:synced+unsure]
	if random.IntN(2) == 0 { // the length is there, the blocks are not
		lost := synced + random.Int64N(unsure+1)
		clear(data[min(int64(len(data)), (lost+4095)/4096*4096):])
	}
	return data
}

// The disk is full: the take ends by itself, with all that there was room for.
func TestAFullDisk(t *testing.T) {
	dir := t.TempDir()
	const room = 300_000
	cmd, lines := startChild(t, dir, childLimit+"="+fmt.Sprint(room))
	said := ""
	for lines.Scan() {
		said = lines.Text()
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(said, "file too large") {
		t.Fatalf("%v: %q", err, said)
	}
	report, err := mp3.Probe(filepath.Join(dir, takeName))
	if err != nil || !report.Closed || report.Frames < room/960-2 {
		t.Errorf("%v %v", report, err)
	}
	if n := decodes(t, filepath.Join(dir, takeName), 2); n != report.Samples {
		t.Errorf("plays %d samples of %d", n, report.Samples)
	}
}

// When the program ends, so does the take, with all that was captured, and with real files and the real goroutine.
func TestTheEndOfTheProgramClosesTheTake(t *testing.T) {
	c := &card{format: mono, depth: 60 * mono.Rate}
	r := New(Config{Name: "end", Source: c, PreRoll: time.Second, Poll: time.Millisecond}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	path := filepath.Join(t.TempDir(), takeName)
	r.Start(func() (File, error) { return mp3.Create(path, mp3.Config{Format: mono}) })
	expect(t, r, Started)
	c.capture(5*48000, false)
	progress := expect(t, r, Progress)
	if stat, err := os.Stat(path); err != nil || stat.Size() < progress.Bytes {
		t.Errorf("%v bytes, told %d: %v", stat.Size(), progress.Bytes, err)
	}
	c.capture(48000, false)
	cancel()
	stopped := expect(t, r, Stopped)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	report, err := mp3.Probe(path)
	if err != nil || !report.Closed || report.Samples != stopped.Samples || stopped.Samples < 6*48000 {
		t.Errorf("%v %v, stopped with %d", report, err, stopped.Samples)
	}
}

// expect waits for the next event of a kind.
func expect(t *testing.T, r *Recorder, k Kind) Event {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e := <-r.Events():
			if e.Kind == k {
				return e
			}
			if e.Kind == Failed {
				t.Fatal(e.Err)
			}
		case <-late:
			t.Fatalf("no event %q", k)
		}
	}
}

// A file whose disk hangs, and the real goroutine: the presses do not wait for it, and nothing is lost.
func TestAHangingDiskHoldsUpNobody(t *testing.T) {
	c := &card{format: mono, depth: 60 * mono.Rate}
	r := New(Config{Name: "hang", Source: c, Poll: time.Millisecond}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	slow := &hanging{hung: make(chan struct{}), free: make(chan struct{})}
	r.Start(func() (File, error) { return slow, nil })
	expect(t, r, Started)
	c.capture(block, false)
	<-slow.hung
	c.capture(5*48000, false)
	r.Stop()
	r.Start(func() (File, error) { return nil, os.ErrInvalid })
	if !r.Status().Recording {
		t.Error("status does not say that it records")
	}
	close(slow.free)
	stopped := expect(t, r, Stopped)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if stopped.Samples != 5*48000+block || int64(len(slow.data)) != stopped.Samples {
		t.Errorf("%d samples in the file, told %d", len(slow.data), stopped.Samples)
	}
}

// hanging is a file whose first write hangs until it is freed.
type hanging struct {
	memory
	hung, free chan struct{}
}

func (h *hanging) WriteFrame(f pcm.Frame) error {
	if len(h.data) == 0 {
		close(h.hung)
		<-h.free
	}
	return h.memory.WriteFrame(f)
}

var (
	_        = []File{(*mp3.File)(nil), (*wav.File)(nil)}
	_ Source = (*ring.Ring)(nil)
)
