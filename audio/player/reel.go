package player

import (
	"sync/atomic"

	"orionbox/audio/ring"
)

// reel is sound on its way from the goroutine that reads it to whoever plays it. It begins and ends, and where its reader is
// late pauses, without a click: faded in and out. While more may come its last samples are kept back for that.
type reel struct {
	start int64 // of its first sample, in the whole
	ring  *ring.Samples
	whole atomic.Bool // no more will be written
	next  atomic.Pointer[reel]

	end int64 // of what was written, in the whole: the writer's

	played  atomic.Int64
	running bool // the player's, as is all below
	fade    int  // samples
	prime   int  // samples that must be there before it runs
	faded   int  // samples of the fade-in that are done
}

const (
	fadesIn  = 200 // a second: 5 ms each
	primesIn = 10  // a second: 100 ms each
)

// newReel is one for so many samples at rate Hz from start on.
func newReel(start, length int64, rate int) *reel {
	most := int64(ahead.Seconds()*float64(rate)) + int64(rate) // and what is read at once
	return &reel{start: start, end: start, ring: ring.NewSamples(int(min(length, most))), fade: rate / fadesIn, prime: rate / primesIn}
}

func (r *reel) write(data []float32) { r.end += int64(r.ring.Write(data)) }

// read plays into dst, and returns how much; end tells that all was played. Real-time.
func (r *reel) read(dst []float32) (n int, end bool) {
	whole := r.whole.Load() // first: then all that is there is all there is
	have := r.ring.Len()
	if !whole {
		have -= r.fade
	}
	if !r.running && !whole && have < r.prime {
		return 0, false
	}
	n = r.play(dst[:min(max(have, 0), len(dst))])
	r.running = n == len(dst)
	switch {
	case whole:
		fadeOut(dst[:n], have, r.fade)
	case !r.running:
		fadeOut(dst[:n], n, min(r.fade, n))
		r.faded = 0
	}
	return n, whole && n == have
}

// play takes samples out of the ring.
func (r *reel) play(dst []float32) int {
	n := r.ring.Read(dst)
	r.played.Add(int64(n))
	for i := 0; i < n && r.faded < r.fade; i++ {
		dst[i] *= float32(r.faded) / float32(r.fade)
		r.faded++
	}
	return n
}

// fadeOut bends data over so many samples to silence at the sample end, which may lie beyond it.
func fadeOut(data []float32, end, over int) {
	for i := max(0, end-over); i < len(data); i++ {
		data[i] *= float32(end-1-i) / float32(over)
	}
}

// leave plays the last of a reel that is left for another.
func (r *reel) leave(dst []float32) int {
	if !r.running {
		return 0
	}
	n := r.play(dst[:min(r.fade, len(dst))])
	fadeOut(dst[:n], n, n)
	return n
}
