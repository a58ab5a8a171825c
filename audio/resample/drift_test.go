package resample

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A ring filled by a card that is off by ppm, emptied through the ratio, with 10 ms blocks as jitter, in virtual time.
func TestDriftHoldsTheRing(t *testing.T) {
	const rate, target, tick = 48000, 2400, 20 * time.Millisecond
	random := rand.New(rand.NewPCG(3, 4))
	for _, ppm := range []float64{0, 200, -200, 37} {
		d := NewDrift(rate, tick)
		fill, worst, least, most := float64(target)+480, 0.0, 2.0, 0.0
		for i := range 60 * 50 * 6 {
			ratio := d.Next(int(fill)+random.IntN(480)-240, target)
			fill += rate * tick.Seconds() * ((1 + ppm*1e-6) - ratio)
			if i > 60*50*4 {
				worst = max(worst, math.Abs(fill-target))
				least, most = min(least, ratio), max(most, ratio)
			}
		}
		if worst > rate/200 {
			t.Errorf("%v ppm: fill strays by %.0f of %d", ppm, worst, target)
		}
		if math.Abs(d.learned*1e6-ppm) > 30 {
			t.Errorf("learned %.1f ppm, want %v", d.learned*1e6, ppm)
		}
		if swing := (most - least) * 1e6; swing > 300 {
			t.Errorf("%v ppm: the pitch swings by %.0f ppm", ppm, swing)
		}
	}
}

func TestDriftIsBounded(t *testing.T) {
	d := NewDrift(48000, 20*time.Millisecond)
	for range 10000 {
		if r := d.Next(480000, 0); r < 1 || r > 1+maxAdjust {
			t.Fatalf("ratio %v", r)
		}
	}
	if d.learned != 0 {
		t.Errorf("learned %v ppm from a fill that is 10 s off", d.learned*1e6)
	}
	d.Restart()
	if r := d.Next(0, 480000); r < 1-maxAdjust || r > 1+maxAdjust {
		t.Fatalf("ratio %v", r)
	}
}
