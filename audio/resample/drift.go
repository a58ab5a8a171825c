package resample

import (
	"math"
	"time"
)

// Drift finds the ratio for Resampler.Adjust that keeps the ring between two clocks at its target. It is a slow
// proportional-integral loop with critical damping: the integral learns the difference of the two crystals, the
// proportional part brings the fill back. It knows no clock: call Next once an interval.
type Drift struct {
	rate     float64    // sample frames a second, of fill and target
	dt       float64    // seconds from one Next to the next
	smooth   [2]float64 // seconds by which the fill is off its target, smoothed once and twice
	learned  float64    // the difference of the clocks
	measured bool
}

const (
	// bandwidth of the loop in rad/s: a wrong fill is mended within some 100 s, and the fill's own jitter (blocks that
	// come and go) hardly moves the pitch.
	bandwidth = 0.02
	// smoothing is the time constant in seconds of each of the two running means of the fill. Two, because a callback is
	// late by milliseconds: after one the pitch would still jump by ppm from block to block.
	smoothing = 2.0
	// pullMost bounds how fast a wrong fill is mended: 300 ppm is half a cent.
	pullMost = 300e-6
	// learnMost bounds what two crystals may differ by.
	learnMost = 500e-6
)

// NewDrift makes a controller for fills counted at rate (Hz), asked once every interval.
func NewDrift(rate int, interval time.Duration) *Drift {
	return &Drift{rate: float64(rate), dt: interval.Seconds()}
}

// Next takes how many sample frames wait and how many should, and returns the ratio for Adjust: above 1 when too many
// wait, on whichever side of the ring the resampler stands.
func (d *Drift) Next(fill, target int) float64 {
	off := float64(fill-target) / d.rate
	if !d.measured {
		d.smooth, d.measured = [2]float64{off, off}, true
	}
	follow := min(d.dt/smoothing, 1)
	d.smooth[0] += (off - d.smooth[0]) * follow
	d.smooth[1] += (d.smooth[0] - d.smooth[1]) * follow
	pull := 2 * bandwidth * d.smooth[1]
	if math.Abs(pull) < pullMost { // a fill far off says nothing of the clocks
		d.learned = bound(d.learned+bandwidth*bandwidth*d.smooth[1]*d.dt, learnMost)
	}
	return 1 + d.learned + bound(pull, pullMost)
}

// Restart forgets the fill, after the ring was emptied or refilled by other means, and keeps what was learned of the
// clocks.
func (d *Drift) Restart() { d.measured = false }

func bound(x, most float64) float64 { return min(max(x, -most), most) }
