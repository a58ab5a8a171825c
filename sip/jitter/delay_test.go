package jitter

import (
	"testing"
	"time"
)

// TestTheMomentOfPlayingDoesNotJump: the path gets slower or faster at once. Base follows; what is heard does not jump with it.
func TestTheMomentOfPlayingDoesNotJump(t *testing.T) {
	for _, later := range []time.Duration{100 * ms, -100 * ms} {
		d := newDelay(20*ms, 200*ms)
		var before, rises time.Duration
		for i := range 1500 {
			now := time.Duration(i) * 20 * ms
			transit := 500 * ms
			if i >= 500 {
				transit += later
			}
			d.observe(transit, now)
			moment := d.base + d.target
			if i > 0 && moment < before-ms {
				t.Fatalf("%v later: at %v it is played %v sooner at once", later, now, before-moment)
			}
			if i > 0 && moment > before {
				rises += moment - before
			}
			before = moment
		}
		if want := max(later, 0) + 10*ms; rises > want {
			t.Errorf("%v later: put off by %v in all, want %v", later, rises, want)
		}
		if d.base != 500*ms+later {
			t.Errorf("%v later: base %v", later, d.base)
		}
	}
}

func TestBinsStayAWhole(t *testing.T) {
	d := newDelay(20*ms, 200*ms)
	for i := range 5000 {
		d.observe(time.Duration(i*i%370)*ms+time.Duration(i%3)*time.Second/4, time.Duration(i)*20*ms)
		var sum float64
		for _, b := range d.bins {
			if sum += b; b < 0 {
				t.Fatal("a negative bin")
			}
		}
		if sum < 0.999 || sum > 1.001 {
			t.Fatalf("after %d packets the bins are %v together", i, sum)
		}
		if d.target < d.min || d.target > d.max {
			t.Fatalf("target %v", d.target)
		}
	}
}
