package jitter

import "time"

const (
	binWidth  = 5 * time.Millisecond
	memory    = 300  // packets that the histogram remembers, 6 s at 20 ms
	quantile  = 0.99 // of packets that are to be in time
	spans     = 8    // the fastest packet is looked for in so many spans of time, 4 s together:
	span      = 500 * time.Millisecond
	shrinkage = 100 // the target falls by 1/100 of the time that passes: 10 ms a second
)

// delay finds how long to wait. transit is the time of arrival less the packet's place on the sender's time line; only its
// differences mean something. base is the least transit of late, the target is on top of it.
type delay struct {
	min, max time.Duration
	known    bool
	least    [spans]time.Duration // of each span, newest first
	spanEnd  time.Duration
	base     time.Duration
	shifted  time.Duration // movement of base that the histogram has not followed yet, less than a bin
	bins     []float64     // of transit above base; together 1
	weight   float64       // of the next packet, high at first
	target   time.Duration
	last     time.Duration
}

// initial is the wait before anything is known.
const initial = 40 * time.Millisecond

func newDelay(low, high time.Duration) delay {
	d := delay{min: low, max: high, target: min(max(initial, low), high), weight: 0.5}
	d.bins = make([]float64, high/binWidth+1)
	d.bins[d.bin(d.target-binWidth)] = 1
	return d
}

func (d *delay) bin(above time.Duration) int {
	return int(min(max(above/binWidth, 0), time.Duration(len(d.bins)-1)))
}

// forget drops the time line, not what was learned of the network.
func (d *delay) forget() { d.known = false }

// observe takes the transit of a packet that arrived now.
func (d *delay) observe(transit, now time.Duration) {
	if !d.known {
		d.start(transit, now)
	}
	d.slide(transit, now)
	d.rebase()
	d.learn(transit - d.base)
	d.aim(now)
}

func (d *delay) start(transit, now time.Duration) {
	d.known = true
	for i := range d.least {
		d.least[i] = transit
	}
	d.base, d.spanEnd, d.last, d.shifted = transit, now+span, now, 0
}

func (d *delay) slide(transit, now time.Duration) {
	for n := 0; now >= d.spanEnd; n++ {
		if n >= spans { // nothing came for longer than the window
			d.spanEnd = now + span
			break
		}
		copy(d.least[1:], d.least[:])
		d.least[0] = transit
		d.spanEnd += span
	}
	d.least[0] = min(d.least[0], transit)
}

// rebase moves base to the least transit of the window. What was learned and the target are relative to base, so that they
// move against it: the moment at which a packet is played stays as it is.
func (d *delay) rebase() {
	base := d.least[0]
	for _, l := range d.least[1:] {
		base = min(base, l)
	}
	moved := base - d.base
	d.base = base
	d.target = min(max(d.target-moved, d.min), d.max)
	d.shifted += moved
	for ; d.shifted >= binWidth; d.shifted -= binWidth {
		d.bins[1] += d.bins[0]
		copy(d.bins, d.bins[1:])
		d.bins[len(d.bins)-1] = 0
	}
	last := len(d.bins) - 1
	for ; d.shifted <= -binWidth; d.shifted += binWidth {
		d.bins[last] += d.bins[last-1]
		copy(d.bins[1:last], d.bins[:last-1])
		d.bins[0] = 0
	}
}

func (d *delay) learn(above time.Duration) {
	for i := range d.bins {
		d.bins[i] *= 1 - d.weight
	}
	d.bins[d.bin(above)] += d.weight
	d.weight = max(d.weight/(1+d.weight), 1.0/memory)
}

// aim raises the target at once and lowers it slowly.
func (d *delay) aim(now time.Duration) {
	want := min(max(d.want(), d.min), d.max)
	fall := max(now-d.last, 0) / shrinkage
	d.last = now
	d.target = max(want, d.target-fall)
}

// want is the upper edge of the bin that holds the quantile.
func (d *delay) want() time.Duration {
	var sum float64
	for i, b := range d.bins {
		if sum += b; sum >= quantile {
			return time.Duration(i+1) * binWidth
		}
	}
	return d.max
}
