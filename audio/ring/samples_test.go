package ring

import (
	"runtime"
	"testing"
)

func TestSamplesWrapAround(t *testing.T) {
	s, next, want := NewSamples(10), float32(0), float32(0)
	buf := make([]float32, 7)
	for round := range 100 {
		n := 1 + round%7
		for i := range n {
			buf[i] = next
			next++
		}
		if got := s.Write(buf[:n]); got != n {
			t.Fatalf("wrote %d of %d into an empty queue", got, n)
		}
		if s.Len() != n {
			t.Fatalf("Len = %d, want %d", s.Len(), n)
		}
		for _, v := range buf[:s.Read(buf)] {
			if v != want {
				t.Fatalf("got %v, want %v", v, want)
			}
			want++
		}
	}
}

func TestSamplesDropTheNewest(t *testing.T) {
	s, buf := NewSamples(4), make([]float32, 8)
	if n := s.Write([]float32{1, 2, 3, 4, 5, 6}); n != 4 || s.Dropped() != 2 {
		t.Errorf("wrote %d, dropped %d; want 4 and 2", n, s.Dropped())
	}
	if s.Discard(1) != 1 || s.Read(buf) != 3 || buf[0] != 2 {
		t.Errorf("after one was discarded came %v, want 2 first", buf[0])
	}
	if s.Discard(5) != 0 || s.Discard(-1) != 0 {
		t.Error("something was discarded from an empty queue")
	}
}

func TestSamplesSideBySide(t *testing.T) {
	const total = 50000
	s := NewSamples(64)
	go func() {
		buf := make([]float32, 13)
		for at := 0; at < total; {
			for i := range buf {
				buf[i] = float32(at + i)
			}
			n := s.Write(buf)
			if at += n; n == 0 {
				runtime.Gosched()
			}
		}
	}()
	buf := make([]float32, 17)
	for at := 0; at < total; {
		n := s.Read(buf)
		for _, v := range buf[:n] {
			if v != float32(at) {
				t.Fatalf("got %v, want %d", v, at)
			}
			at++
		}
		if n == 0 {
			runtime.Gosched()
		}
	}
}
