package ring

import (
	"runtime"
	"testing"

	"orionbox/audio/pcm"
)

var stereo = pcm.Format{Rate: 48000, Channels: 2}

// ramp is a frame whose samples tell their own place in the stream.
func ramp(pos int64, n int) pcm.Frame {
	f := pcm.Frame{Format: stereo, Pos: pos, Data: make([]float32, 2*n)}
	for i := range f.Data {
		f.Data[i] = float32(2*pos + int64(i))
	}
	return f
}

func checkRamp(t *testing.T, f pcm.Frame) {
	t.Helper()
	for i, s := range f.Data {
		if want := float32(2*f.Pos + int64(i)); s != want {
			t.Fatalf("sample %d of frame at %d is %v, want %v", i, f.Pos, s, want)
		}
	}
}

func TestFramesComeOutInOrderAndWhole(t *testing.T) {
	r := New(stereo, 4, 10)
	if !r.Push(ramp(100, 25)) {
		t.Fatal("a frame of 25 did not fit in 4 slots of 10")
	}
	want := []struct{ pos, n int64 }{{100, 10}, {110, 10}, {120, 5}}
	for _, w := range want {
		f, ok := r.Pop()
		if !ok || f.Pos != w.pos || int64(f.Len()) != w.n || f.Format != stereo {
			t.Fatalf("Pop = pos %d len %d %v, want pos %d len %d", f.Pos, f.Len(), ok, w.pos, w.n)
		}
		checkRamp(t, f)
	}
	if _, ok := r.Pop(); ok {
		t.Error("an empty ring still gave a frame")
	}
}

func TestFullRingDropsWholeFramesAndCounts(t *testing.T) {
	r := New(stereo, 2, 10) // and one slot more, for the frame being read
	for i := range int64(2) {
		r.Push(ramp(i*10, 10))
	}
	if r.Push(ramp(20, 11)) {
		t.Fatal("a frame of two slots went into one")
	}
	if r.Dropped() != 11 {
		t.Errorf("dropped %d, want 11", r.Dropped())
	}
	if !r.Push(ramp(31, 10)) {
		t.Error("the last slot was refused")
	}
	for range 2 {
		r.Pop()
	}
	if f, _ := r.Pop(); f.Pos != 31 {
		t.Errorf("frame after the loss is at %d, want 31: the gap must show", f.Pos)
	}
}

func TestPoppedFrameStaysUntilTheNextPop(t *testing.T) {
	r := New(stereo, 2, 10)
	r.Push(ramp(0, 10))
	f, _ := r.Pop()
	pos := int64(10)
	for ; r.Push(ramp(pos, 10)); pos += 10 {
	}
	checkRamp(t, f)
	if pos != 30 {
		t.Errorf("two slots took %d frames beside the one being read, want 20", pos-10)
	}
}

func TestOtherFormatIsRefused(t *testing.T) {
	r := New(stereo, 2, 10)
	mono := pcm.Frame{Format: pcm.Format{Rate: 48000, Channels: 1}, Data: make([]float32, 10)}
	if r.Push(mono) || r.Dropped() != 10 {
		t.Errorf("a mono frame in a stereo ring: dropped %d, want 10", r.Dropped())
	}
	if err := r.WriteFrame(mono); err != nil {
		t.Errorf("WriteFrame = %v, want nil: it never stops its writer", err)
	}
}

func TestFilledTravels(t *testing.T) {
	r := New(stereo, 4, 10)
	f := ramp(0, 15)
	f.Filled = true
	r.Push(f)
	for range 2 {
		if got, _ := r.Pop(); !got.Filled {
			t.Error("Filled was lost on the way")
		}
	}
}

// Two goroutines at full speed; the race detector and the ramp are the judges.
func TestProducerAndConsumerSideBySide(t *testing.T) {
	const total = 20000
	r := New(stereo, 8, 16)
	go func() {
		for pos := int64(0); pos < total; {
			n := 1 + int(pos%40)
			if r.Push(ramp(pos, n)) {
				pos += int64(n)
				continue
			}
			runtime.Gosched()
		}
	}()
	for at := int64(0); at < total; {
		f, ok := r.Pop()
		if !ok {
			runtime.Gosched()
			continue
		}
		if f.Pos != at {
			t.Fatalf("frame at %d, want %d", f.Pos, at)
		}
		checkRamp(t, f)
		at = f.End()
	}
}

func TestRealTimePathsDoNotAllocate(t *testing.T) {
	r, f := New(stereo, 8, 480), ramp(0, 480)
	s, buf := NewSamples(960), make([]float32, 480)
	allocs := testing.AllocsPerRun(1000, func() {
		r.Push(f)
		r.Pop()
		s.Write(buf)
		s.Read(buf)
	})
	if allocs != 0 {
		t.Errorf("%v allocations a callback, want none", allocs)
	}
}

func TestString(t *testing.T) {
	if got, want := New(stereo, 1200, 480).String(), "ring(48000 Hz stereo, 12s)"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}

func BenchmarkPushPop(b *testing.B) {
	r, f := New(stereo, 1200, 480), ramp(0, 480)
	for b.Loop() {
		r.Push(f)
		r.Pop()
	}
}
