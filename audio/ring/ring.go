// Package ring owns the only border between a sound card's thread and the rest of the program: bounded rings with one
// producer and one consumer, preallocated, wait-free on both sides. When the consumer is slow the newest sound is
// dropped and counted; the producer is never slowed.
//
// Ring carries frames with their place in the stream, for a recorder that must know what it lost. Samples carries bare
// mono samples, for a voice path that only wants the next few milliseconds.
package ring

import (
	"fmt"
	"sync/atomic"

	"orionbox/audio/pcm"
)

// cacheLine keeps what the producer writes and what the consumer writes out of one another's cache line.
const cacheLine = 64

// Ring is a bounded queue of frames in preallocated slots. One goroutine (or device thread) may call Push, one other may
// call Pop; Format, Dropped and String are for anybody.
type Ring struct {
	format  pcm.Format
	slotLen int    // sample frames a slot holds
	slots   []slot // one more than can wait, for the frame that the consumer is reading

	_       [cacheLine]byte
	head    atomic.Uint64 // slots ever filled; written by the producer
	dropped atomic.Int64

	_    [cacheLine]byte
	tail atomic.Uint64 // slots ever given back; written by the consumer
	held bool          // the consumer is still reading the slot at tail
}

type slot struct {
	pos    int64
	filled bool
	n      int // sample frames in data
	data   []float32
}

// New makes a ring of the given number of slots, each of slotLen sample frames. A frame takes whole slots, so slotLen
// should be the usual length of a frame. Sizes below one are taken as one.
func New(format pcm.Format, slots, slotLen int) *Ring {
	slots, slotLen = max(slots, 1), max(slotLen, 1)
	r := &Ring{format: format, slotLen: slotLen, slots: make([]slot, slots+1)}
	size := slotLen * format.Channels
	data := make([]float32, len(r.slots)*size)
	for i := range r.slots {
		r.slots[i].data = data[i*size : (i+1)*size : (i+1)*size]
	}
	return r
}

// Format is the format of every frame in the ring.
func (r *Ring) Format() pcm.Format { return r.format }

// Push copies a frame into the ring, over several slots when it is longer than one. It is all or nothing: false means
// that the frame was dropped and counted, because there was no room or because it has another format. Wait-free.
func (r *Ring) Push(f pcm.Frame) bool {
	if len(f.Data) == 0 {
		return true
	}
	if f.Format != r.format {
		r.dropped.Add(int64(len(f.Data) / max(f.Channels, 1)))
		return false
	}
	n := f.Len()
	need := (n + r.slotLen - 1) / r.slotLen
	head := r.head.Load()
	if r.free(head) < need {
		r.dropped.Add(int64(n))
		return false
	}
	for i := range need {
		r.fill(&r.slots[(head+uint64(i))%uint64(len(r.slots))], f, i*r.slotLen)
	}
	r.head.Store(head + uint64(need))
	return true
}

// free is how many slots the producer may fill. The one that the consumer may be reading does not count.
func (r *Ring) free(head uint64) int { return len(r.slots) - int(head-r.tail.Load()) }

func (r *Ring) fill(s *slot, f pcm.Frame, from int) {
	c := r.format.Channels
	n := copy(s.data, f.Data[from*c:f.Len()*c])
	s.pos, s.filled, s.n = f.Pos+int64(from), f.Filled, n/c
}

// WriteFrame is Push as a pcm.Writer: it never blocks, and a dropped frame is counted, not an error.
func (r *Ring) WriteFrame(f pcm.Frame) error {
	r.Push(f)
	return nil
}

// Pop hands out the oldest frame, or false when none waits. Its Data is the ring's: valid until the next Pop. Wait-free.
func (r *Ring) Pop() (pcm.Frame, bool) {
	tail := r.tail.Load()
	if r.held {
		tail++
		r.held = false
		r.tail.Store(tail)
	}
	if tail == r.head.Load() {
		return pcm.Frame{}, false
	}
	s := &r.slots[tail%uint64(len(r.slots))]
	r.held = true
	return pcm.Frame{Format: r.format, Pos: s.pos, Filled: s.filled, Data: s.data[:s.n*r.format.Channels]}, true
}

// Dropped is how many sample frames were lost so far because the consumer was slow.
func (r *Ring) Dropped() int64 { return r.dropped.Load() }

// String is for a log line that shows the wiring.
func (r *Ring) String() string {
	return fmt.Sprintf("ring(%v, %v)", r.format, r.format.Duration(int64((len(r.slots)-1)*r.slotLen)))
}
