package engine

import (
	"sync/atomic"

	"orionbox/audio/pcm"
	"orionbox/audio/ring"
)

// lane is a ring of mono samples at the card's rate between two clocks, and what its consumer does about its fill: wait
// until enough is there, play, and when it runs dry or over, mend that without a click.
type lane struct {
	ring    *ring.Samples
	rate    int
	prime   atomic.Int64 // samples that must wait before playing begins; grows when the other side is uneven
	most    int64        // how far prime may grow
	grow    int64        // by how much at a time
	trim    bool         // begin with exactly prime: what is older is not missed
	playing atomic.Bool  // the consumer's; the producer reads it
	last    atomic.Bool  // no more will come: play out what is there
	faded   int          // samples of the fade-in that are done
	silent  int          // samples of silence given since the lane ran dry
	started bool
}

const (
	// margin in seconds is how late the other side may be: a busy Go program wakes up to 30 ms late.
	margin = 0.025
	// slack in seconds is how much more than prime may wait before the excess is skipped, after a stall.
	slack = 0.15
	// uneven in seconds: a lane that was dry for less was not paused, the other side was late.
	uneven = 0.2
	// growMost in seconds is how much latency unevenness may add.
	growMost = 0.1
	// laneFade in seconds is how long a lane fades in and out.
	laneFade = 0.005
	// laneDepth in seconds is what the ring holds.
	laneDepth = 1.0
)

// newLane makes a lane for blocks of the given length on either side, in samples.
func newLane(f pcm.Format, blocks int) *lane {
	seconds := func(s float64) int64 { return int64(s * float64(f.Rate)) }
	l := &lane{ring: ring.NewSamples(int(seconds(laneDepth))), rate: f.Rate, grow: seconds(margin)}
	l.prime.Store(int64(blocks) + seconds(margin))
	l.most = l.prime.Load() + seconds(growMost)
	return l
}

// read fills dst, with silence where there is nothing, and tells whether there was any sound. Real-time.
func (l *lane) read(dst []float32) bool {
	have, prime := int64(l.ring.Len()), l.prime.Load()
	if !l.playing.Load() {
		if have == 0 || have < prime && !l.last.Load() {
			l.silent += len(dst)
			clear(dst)
			return false
		}
		l.begin()
		if l.trim {
			l.ring.Discard(int(have - prime))
			have = prime
		}
	}
	if have > prime+int64(slack*float64(l.rate)) {
		l.ring.Discard(int(have - prime))
		l.faded = 0
	}
	n := l.ring.Read(dst)
	l.fadeIn(dst[:n])
	if l.ring.Len() < l.fadeLen() { // dry, or would be in mid-wave at the next block: end while a fade is still possible
		l.ring.Discard(l.fadeLen())
		l.fadeOut(dst[:n])
		clear(dst[n:])
		l.silent = len(dst) - n
		l.playing.Store(false)
	}
	return true
}

func (l *lane) begin() {
	if l.started && l.silent < int(uneven*float64(l.rate)) {
		l.prime.Store(min(l.prime.Load()+l.grow, l.most))
	}
	l.started, l.faded = true, 0
	l.playing.Store(true)
}

func (l *lane) fadeLen() int { return int(laneFade * float64(l.rate)) }

func (l *lane) fadeIn(data []float32) {
	whole := l.fadeLen()
	for i := 0; i < len(data) && l.faded < whole; i++ {
		data[i] *= float32(l.faded) / float32(whole)
		l.faded++
	}
}

func (l *lane) fadeOut(data []float32) {
	n := min(len(data), l.fadeLen())
	tail := data[len(data)-n:]
	for i := range tail {
		tail[i] *= float32(n-1-i) / float32(n)
	}
}

// ended tells that nothing is left and nothing will come.
func (l *lane) ended() bool { return l.last.Load() && l.ring.Len() == 0 }
