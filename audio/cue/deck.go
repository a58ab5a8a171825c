package cue

import (
	"slices"
	"time"
)

// Priority says what waits for what. A fault does not wait: it interrupts. Chatter, which somebody asked for and can ask for
// again, is interrupted by whatever is not chatter. What was interrupted does not come back.
type Priority int

// From the least to the most important.
const (
	Chatter Priority = iota // the state, spoken since somebody pressed a button
	Notice                  // something began or ended as it should
	Warning                 // something will go wrong unless somebody acts
	Urgent                  // something has gone wrong
)

func (p Priority) interrupts(what Priority) bool {
	return p > what && (p == Urgent || what == Chatter)
}

type cue struct {
	Sound
	priority Priority
}

const (
	mostWaiting = 8
	once        = time.Second // within which the same cue is said once
	cuePause    = 200 * time.Millisecond
	// tail of silence after the last cue: what is behind the Voice begins to play only when some blocks wait (see
	// audio/engine), and so a short cue needs something that pushes it along.
	tail = 240 * time.Millisecond
)

// deck decides what each block holds. It is told the time and knows no other.
type deck struct {
	rate    int
	block   []float32
	now     cue // that plays, from at on; no samples when none does
	at      int
	cut     bool  // now is to end within the next block
	quiet   int   // samples of silence since the last one ended
	running bool  // until the tail is over
	stops   int64 // that were obeyed
	queue   []cue // by priority, then in order
	said    []saying
}

// saying is a cue that was accepted.
type saying struct {
	name string
	at   time.Time
}

func newDeck(rate int) *deck {
	return &deck{rate: rate, block: make([]float32, samplesIn(block, rate)), queue: make([]cue, 0, mostWaiting+1)}
}

// plays tells whether the next block has to be written.
func (d *deck) plays() bool { return d.running }

// add queues a cue, and returns how many, at most one, were lost for that.
func (d *deck) add(now time.Time, c cue) (lost int64) {
	if d.known(now, c.Name) {
		return 0
	}
	last := len(d.queue) - 1
	if len(d.queue) == mostWaiting {
		if lost = 1; c.priority <= d.queue[last].priority {
			return lost
		}
		d.queue = d.queue[:last]
	}
	d.said = append(d.said, saying{c.Name, now})
	place := len(d.queue)
	for place > 0 && d.queue[place-1].priority < c.priority {
		place--
	}
	d.queue = slices.Insert(d.queue, place, c)
	if !d.running {
		d.running, d.quiet = true, samplesIn(cuePause, d.rate)
	}
	d.cut = d.cut || d.now.Samples != nil && c.priority.interrupts(d.now.priority)
	return lost
}

// known tells whether the same was said just now or is about to be.
func (d *deck) known(now time.Time, name string) bool {
	d.said = slices.DeleteFunc(d.said, func(s saying) bool { return now.Sub(s.at) >= once })
	return slices.ContainsFunc(d.said, func(s saying) bool { return s.name == name }) ||
		slices.ContainsFunc(d.queue, func(c cue) bool { return c.Name == name })
}

// obey forgets all if there was a Stop since the last one that was obeyed. Real-time.
func (d *deck) obey(stops int64) {
	if stops == d.stops {
		return
	}
	d.stops = stops
	clear(d.queue)
	d.queue, d.said = d.queue[:0], d.said[:0]
	d.cut = d.now.Samples != nil
}

// next is the next block, which the call after it overwrites. Real-time.
func (d *deck) next() []float32 {
	clear(d.block)
	if d.cut {
		d.fadeOut()
		return d.block
	}
	for rest := d.block; len(rest) > 0; {
		n := d.play(rest)
		if n == 0 {
			n = d.wait(rest)
		}
		rest = rest[n:]
	}
	d.running = d.now.Samples != nil || len(d.queue) > 0 || d.quiet < samplesIn(tail, d.rate)
	return d.block
}

// play copies what is left of the cue that plays; 0 if none does.
func (d *deck) play(dst []float32) int {
	n := copy(dst, d.now.Samples[d.at:])
	if d.at += n; d.at == len(d.now.Samples) {
		d.now, d.at = cue{}, 0
	}
	if n > 0 {
		d.quiet = 0
	}
	return n
}

// wait is silent until the next cue may begin, and takes that off the queue.
func (d *deck) wait(dst []float32) int {
	left := samplesIn(cuePause, d.rate) - d.quiet
	if left <= 0 && len(d.queue) > 0 {
		d.now, d.at = d.queue[0], 0
		d.queue = slices.Delete(d.queue, 0, 1)
		return 0
	}
	n := len(dst)
	if left > 0 {
		n = min(n, left)
	}
	d.quiet += n
	return n
}

// fadeOut ends the cue that plays. What interrupted it begins with the next block.
func (d *deck) fadeOut() {
	n := copy(d.block, d.now.Samples[d.at:])
	for i := range n {
		d.block[i] *= float32(n-1-i) / float32(n)
	}
	d.now, d.at, d.cut = cue{}, 0, false
	d.quiet = samplesIn(cuePause, d.rate)
}
