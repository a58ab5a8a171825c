package clock

import (
	"math"
	"testing"
	"time"
)

// warming is a crystal whose pace swings by 20 ppm with the room's temperature, as fast as one on a table does.
func warming(length time.Duration, ppm, phase float64) crystal {
	var c crystal
	ahead := 0.0
	for s := range int(length/time.Second) + 2 {
		pace := ppm + 10*math.Sin(phase+float64(s)/3600)
		c.ppm, c.sum = append(c.ppm, pace), append(c.sum, ahead)
		ahead += pace * 1e3
	}
	return c
}

// A hub that was away for long is no reason to forget what was known: what the old line, gone on with, tells is what the first
// exchanges are weighed against. It takes them well until they can do without.
func TestHubThatWasAwayForLong(t *testing.T) {
	const leaves, watched = 6 * time.Minute, 5 * time.Minute
	for _, away := range []time.Duration{4*time.Minute + 30*time.Second, 6 * time.Minute, 20 * time.Minute, 2 * time.Hour} {
		returns := leaves + away
		for _, net := range networks {
			var off, went errors
			for seed := range uint64(6) {
				h := newHost(seed, net, returns+watched)
				h.mono = warming(returns+watched, h.mono.ppm[0], float64(seed))
				h.away = func(t time.Duration) bool { return t > leaves && t < returns }
				h.until(returns - time.Second)
				old := *h.hub
				for at := returns; at < returns+watched; at += time.Second {
					off = append(off, h.off(at).Abs())
					went = append(went, old.At(h.at(at)).Sub(h.hubTime(at)).Abs())
					if now, then := off[len(off)-1], went[len(went)-1]; now > max(then, 5*time.Millisecond) {
						t.Fatalf("%v away, %v, box %d: %v after the return off by %v, the old line by %v", away, net, seed, at-returns, now, then)
					}
				}
			}
			t.Logf("%v away, %v: p50 and p99 %v %v ms, of the old line %v %v ms", away, net, ms(off.at(0.5)), ms(off.at(0.99)), ms(went.at(0.5)), ms(went.at(0.99)))
		}
	}
}

// A hub's clock that stepped while it was away is followed at once, as if nothing had been known.
func TestHubThatSteppedWhileAway(t *testing.T) {
	for seed := range uint64(10) {
		const leaves, returns = 6 * time.Minute, 26 * time.Minute
		h := newHost(seed, network{tail, tail}, returns+time.Minute)
		h.away = func(t time.Duration) bool { return t > leaves && t < returns }
		h.hubTime = func(t time.Duration) Instant {
			if t > leaves {
				return hubAhead.Add(t + 3*time.Second)
			}
			return hubAhead.Add(t)
		}
		if off := h.off(returns + 20*time.Second); off.Abs() > 10*time.Millisecond || h.hub.held != nil {
			t.Errorf("box %d is off by %v, and holds %+v", seed, off, h.hub.held)
		}
	}
}
