package ring

import "sync/atomic"

// Samples is a bounded queue of mono samples: one producer calls Write, one consumer calls Read and Discard, anybody
// calls Len and Dropped. All are wait-free.
type Samples struct {
	buf []float32

	_       [cacheLine]byte
	head    atomic.Uint64 // samples ever written
	dropped atomic.Int64

	_    [cacheLine]byte
	tail atomic.Uint64 // samples ever taken out
}

// NewSamples makes a queue for n samples.
func NewSamples(n int) *Samples { return &Samples{buf: make([]float32, max(n, 1))} }

// Write appends as much of src as fits and returns how much that was; the rest is dropped and counted.
func (s *Samples) Write(src []float32) int {
	head := s.head.Load()
	n := min(len(src), len(s.buf)-int(head-s.tail.Load()))
	if n < len(src) {
		s.dropped.Add(int64(len(src) - n))
	}
	at := int(head % uint64(len(s.buf)))
	first := copy(s.buf[at:], src[:n])
	copy(s.buf, src[first:n])
	s.head.Store(head + uint64(n))
	return n
}

// Read moves up to len(dst) of the oldest samples to dst and returns how many.
func (s *Samples) Read(dst []float32) int {
	tail := s.tail.Load()
	n := min(len(dst), int(s.head.Load()-tail))
	at := int(tail % uint64(len(s.buf)))
	first := copy(dst[:n], s.buf[at:])
	copy(dst[first:n], s.buf)
	s.tail.Store(tail + uint64(n))
	return n
}

// Discard throws away up to n of the oldest samples and returns how many. Only the consumer may call it.
func (s *Samples) Discard(n int) int {
	tail := s.tail.Load()
	n = max(min(n, int(s.head.Load()-tail)), 0)
	s.tail.Store(tail + uint64(n))
	return n
}

// Len is how many samples wait.
func (s *Samples) Len() int {
	tail := s.tail.Load() // first: head only grows, so the difference is never negative
	return int(s.head.Load() - tail)
}

// Dropped is how many samples were lost so far because the consumer was slow.
func (s *Samples) Dropped() int64 { return s.dropped.Load() }
