package clock

import (
	"math"
	"testing"
	"testing/quick"
	"time"
)

func TestBoxWithoutHubHasItsOwnTime(t *testing.T) {
	born := time.Unix(1_790_000_000, 5)
	h := NewHub(born)
	if at := h.At(born.Add(time.Hour)); at != InstantOf(born.Add(time.Hour)) {
		t.Errorf("an hour later it is %v", at.Time())
	}
	if r := h.Reading(born.Add(time.Minute)); r != (Reading{Clock: "local"}) {
		t.Errorf("reading %+v", r)
	}
}

func TestWhenIsTheInverseOfAt(t *testing.T) {
	h := newHost(1, network{even, tail}, time.Hour)
	h.until(10 * time.Minute)
	inverse := func(ms uint32) bool {
		at := h.born.Add(time.Duration(ms%(24*3600*1000)) * 1_000_003)
		return h.hub.When(h.hub.At(at)).Sub(at).Abs() <= time.Nanosecond
	}
	if err := quick.Check(inverse, nil); err != nil {
		t.Error(err)
	}
}

func TestImpossibleExchangesAreLeftOut(t *testing.T) {
	born := time.Unix(1_790_000_000, 0)
	good := Exchange{born.Add(time.Second), born.Add(1100 * time.Millisecond), 5e18 / 2, 5e18/2 + 1000, "a"}
	for name, spoil := range map[string]func(e *Exchange){
		"answered before asked":        func(e *Exchange) { e.Received = e.Sent.Add(-1) },
		"round trip of 11 s":           func(e *Exchange) { e.Received = e.Sent.Add(11 * time.Second) },
		"sent before received":         func(e *Exchange) { e.HubSent = e.HubReceived - 1 },
		"held longer than it took":     func(e *Exchange) { e.HubSent = e.HubReceived.Add(101 * time.Millisecond) },
		"no time":                      func(e *Exchange) { e.HubReceived = 0 },
		"hub's clock out of range":     func(e *Exchange) { e.HubReceived, e.HubSent = math.MaxInt64-1, math.MaxInt64 },
		"box's clock out of range":     func(e *Exchange) { e.Sent = e.Sent.AddDate(100, 0, 0); e.Received = e.Sent },
		"box's clock far out of range": func(e *Exchange) { e.Sent, e.Received = time.Time{}, time.Time{} },
	} {
		h, e := NewHub(born), good
		spoil(&e)
		h.Observe(e)
		if h.Reading(born).Synced {
			t.Errorf("%s: taken in", name)
		}
	}
	h := NewHub(born)
	h.Observe(good)
	if r := h.Reading(good.Received); !r.Synced || r.Exchanges != 1 || r.Age != 0 || r.Bound < 50*time.Millisecond || r.Bound > 51*time.Millisecond {
		t.Errorf("one good exchange: %+v", r)
	}
}

// A box whose wall clock is wrong by half knows by how much, and how fast its crystal is.
func TestReadingTellsOffsetAndDrift(t *testing.T) {
	for seed := range uint64(8) {
		h := newHost(seed, network{tail, tail}, time.Hour)
		h.until(10 * time.Minute)
		now := h.at(10 * time.Minute)
		r := h.hub.Reading(now)
		if d := r.Offset - h.hubTime(10*time.Minute).Sub(InstantOf(now)); d.Abs() > 2*time.Millisecond || r.Clock != "a" || !r.Synced {
			t.Errorf("offset off by %v: %+v", d, r)
		}
		if ppm := h.mono.ppm[10*60]; math.Abs(r.DriftPPM+ppm/(1+ppm/1e6)) > 15 {
			t.Errorf("drift %v, the box's crystal runs %v ppm fast", r.DriftPPM, ppm)
		}
	}
}

// On every network the estimate is within its uncertainty about as often as it says, and the bound always holds.
func TestUncertaintyIsHonest(t *testing.T) {
	const asked = 60
	for _, net := range networks {
		within, all := 0, 0
		for seed := range uint64(12) {
			h := newHost(seed, net, 10*time.Minute)
			for n := range asked {
				at := 5*time.Second + time.Duration(n)*7*time.Second
				off, r := h.off(at).Abs(), h.hub.Reading(h.at(at))
				if off > r.Bound {
					t.Fatalf("%v: after %v off by %v, at most %v were possible", net, at, off, r.Bound)
				}
				if all++; off <= r.Uncertainty {
					within++
				}
			}
		}
		share := float64(within) / float64(all)
		t.Logf("%v: %.3f within the uncertainty", net, share)
		if share < 0.93 {
			t.Errorf("%v: only %.3f are within the uncertainty", net, share)
		}
	}
}

// A box that a minute's outage cuts off keeps the time: when it was settled, typically to well under a millisecond.
func TestOutageOfAMinuteCostsLittle(t *testing.T) {
	const from, to = 6 * time.Minute, 7 * time.Minute
	for _, net := range networks {
		var off errors
		over := 0
		for seed := range uint64(25) {
			h := newHost(seed, net, 10*time.Minute)
			h.away = func(t time.Duration) bool { return t > from && t < to }
			off = append(off, h.off(to-time.Second).Abs())
			r := h.hub.Reading(h.at(to - time.Second))
			if r.Age < 58*time.Second || r.Age > 65*time.Second {
				t.Errorf("%v: age %v", net, r.Age)
			}
			if off[len(off)-1] > r.Uncertainty {
				over++
			}
		}
		t.Logf("%v: off by %v, p99 %v", net, off.at(0.5), off.at(0.99))
		if off.at(0.5) > 600*time.Microsecond || off.at(0.99) > 3*time.Millisecond || over > 3 {
			t.Errorf("%v: off by %v, p99 %v, %d of 25 beyond the uncertainty", net, off.at(0.5), off.at(0.99), over)
		}
	}
}

// The first seconds do not swing: with a drift of 100 ppm, which a short span cannot tell from jitter, the time stays within what the
// exchanges allow.
func TestFirstSecondsDoNotSwing(t *testing.T) {
	for seed := range uint64(200) {
		h := newHost(seed, network{even, even}, time.Minute)
		for at := 3 * time.Second; at < 10*time.Second; at += 100 * time.Millisecond {
			if off := h.off(at); off.Abs() > 15*time.Millisecond || math.Abs(h.hub.fit.slope) > 150e-6 {
				t.Fatalf("box %d: after %v off by %v, drift %v", seed, at, off, h.hub.fit.slope)
			}
		}
	}
}

func TestHubThatStartsAgainGoesOn(t *testing.T) {
	h := newHost(4, network{tail, tail}, 10*time.Minute)
	h.away = func(t time.Duration) bool { return t > 3*time.Minute && t < 4*time.Minute }
	for at := time.Minute; at < 9*time.Minute; at += time.Second {
		if off := h.off(at); off.Abs() > 3*time.Millisecond {
			t.Fatalf("after %v off by %v", at, off)
		}
	}
	if r := h.hub.Reading(h.at(9 * time.Minute)); r.Exchanges < 500 {
		t.Errorf("another time line began: %+v", r)
	}
}

func TestAnotherClockIsAnotherTimeLine(t *testing.T) {
	h := newHost(5, network{tail, tail}, 10*time.Minute)
	h.until(2 * time.Minute)
	h.clock, h.flying = "b", nil
	h.hubTime = func(t time.Duration) Instant { return hubAhead.Add(t - 40*time.Minute) }
	if off := h.off(2*time.Minute + 20*time.Second); off.Abs() > 5*time.Millisecond {
		t.Errorf("off by %v", off)
	}
	if r := h.hub.Reading(h.at(140 * time.Second)); r.Clock != "b" || r.Exchanges > 25 {
		t.Errorf("reading %+v", r)
	}
}

// A hub's clock that steps, or a box that slept, is seen at once if no delay can hide it, else within a minute; likewise a clock that
// is made to run otherwise.
func TestStepsAndSlewsAreFollowed(t *testing.T) {
	const when = 5 * time.Minute
	for name, c := range map[string]struct {
		other func(t time.Duration) time.Duration
		after time.Duration
	}{
		"a day forward":     {func(time.Duration) time.Duration { return 24 * time.Hour }, 10 * time.Second},
		"3 s back":          {func(time.Duration) time.Duration { return -3 * time.Second }, 10 * time.Second},
		"15 ms forward":     {func(time.Duration) time.Duration { return 15 * time.Millisecond }, time.Minute},
		"faster by 300 ppm": {func(t time.Duration) time.Duration { return (t - when) * 3 / 10000 }, time.Minute},
		"slower for 50 s":   {func(t time.Duration) time.Duration { return -min(t-when, 50*time.Second) * 4 / 10000 }, 2 * time.Minute},
	} {
		for seed := range uint64(10) {
			h := newHost(seed, network{tail, tail}, 10*time.Minute)
			h.hubTime = func(t time.Duration) Instant {
				if t > when {
					return hubAhead.Add(t + c.other(t))
				}
				return hubAhead.Add(t)
			}
			h.until(when)
			for at := when + c.after; at < 9*time.Minute; at += 10 * time.Second {
				if off := h.off(at); off.Abs() > 8*time.Millisecond {
					t.Errorf("%s: %v later box %d is off by %v", name, at-when, seed, off)
					break
				}
			}
		}
	}
}

// quickest is what a clock that believes the exchange with the least round trip makes of the same: of the last eight, as in RFC 5905's
// clock filter (section 10), or of the last 30 s, for longer than which it would show the drift.
type quickest struct {
	keep  time.Duration
	count int
	seen  []Exchange
}

func (q *quickest) observe(e Exchange) {
	q.seen = append(q.seen, e)
	for len(q.seen) > q.count || e.Received.Sub(q.seen[0].Received) > q.keep {
		q.seen = q.seen[1:]
	}
}

func (q *quickest) at(t time.Time) Instant {
	best := q.seen[0]
	for _, e := range q.seen {
		if e.Received.Sub(e.Sent) < best.Received.Sub(best.Sent) {
			best = e
		}
	}
	return best.HubReceived.Add(t.Sub(best.Sent.Add(best.Received.Sub(best.Sent) / 2)))
}

// The corridor is better than the exchange with the least round trip on every network.
func TestCorridorBeatsTheLeastRoundTrip(t *testing.T) {
	for _, net := range networks {
		var ours, eight, half errors
		for seed := range uint64(10) {
			h := newHost(seed, net, 10*time.Minute)
			filter, long := quickest{keep: time.Hour, count: 8}, quickest{keep: recent, count: maxKept}
			h.seen = func(e Exchange) { filter.observe(e); long.observe(e) }
			for at := 30 * time.Second; at < 9*time.Minute; at += 5 * time.Second {
				truth := h.hubTime(at)
				ours = append(ours, h.off(at).Abs())
				eight = append(eight, filter.at(h.at(at)).Sub(truth).Abs())
				half = append(half, long.at(h.at(at)).Sub(truth).Abs())
			}
		}
		t.Logf("%v: p50 and p99 %v %v; least round trip of 8 %v %v, of 30 s %v %v", net,
			ms(ours.at(0.5)), ms(ours.at(0.99)), ms(eight.at(0.5)), ms(eight.at(0.99)), ms(half.at(0.5)), ms(half.at(0.99)))
		if ours.at(0.99) > min(eight.at(0.99), half.at(0.99)) {
			t.Errorf("%v: p99 %v; least round trip of 8 %v, of 30 s %v", net, ours.at(0.99), eight.at(0.99), half.at(0.99))
		}
	}
}
