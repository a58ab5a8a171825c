package delivery

import (
	"testing"
	"time"
)

// call is a throttle and the time of the samples that it is given.
type call struct {
	throttle
	now time.Time
}

// of gives a sample a second for a while, and the last rate.
func (c *call) of(s Sample, d time.Duration) (rate int64) {
	for end := c.now.Add(d); c.now.Before(end); c.now = c.now.Add(time.Second) {
		rate = c.next(s, c.now)
		if rate < leastRate && s.InCall || rate > callRate {
			panic("out of range")
		}
	}
	return rate
}

const ms = time.Millisecond

func TestThrottle(t *testing.T) {
	good := Sample{InCall: true, CallTrip: 40 * ms, HubTrip: 30 * ms, Connected: true}
	with := func(change func(*Sample)) Sample { s := good; change(&s); return s }
	for name, bad := range map[string]Sample{
		"loss":                         with(func(s *Sample) { s.Loss = 3 }),
		"a queue of the call":          with(func(s *Sample) { s.CallTrip = 120 * ms }),
		"a queue to the hub":           with(func(s *Sample) { s.HubTrip = 120 * ms }),
		"loss, and no trip is known":   with(func(s *Sample) { s.Loss, s.CallTrip, s.HubTrip = 3, 0, 0 }),
		"a queue, and no call's trips": with(func(s *Sample) { s.HubTrip, s.CallTrip = 120*ms, 0 }),
	} {
		t.Run(name, func(t *testing.T) {
			c := &call{now: noon}
			if rate := c.of(Sample{Loss: 50, HubTrip: time.Second}, 5*time.Second); rate != 0 {
				t.Errorf("without a call: %d", rate)
			}
			if rate := c.of(good, 60*time.Second); rate != callRate {
				t.Errorf("in a good call: %d", rate)
			}
			if rate := c.of(bad, 4*time.Second); rate >= callRate {
				t.Errorf("it does not give way: %d", rate)
			}
			if rate := c.of(bad, 100*time.Second); rate != leastRate {
				t.Errorf("after a bad while: %d", rate)
			}
			if rate := c.of(good, 15*time.Minute); rate != callRate {
				t.Errorf("it does not recover: %d", rate)
			}
			if rate := c.of(Sample{}, time.Second); rate != 0 {
				t.Errorf("after the call: %d", rate)
			}
		})
	}
}

// What is within the ways of a network is no reason to give way: a little loss, a trip that varies, one that is shorter than ever.
func TestThrottleStandsAGoodNetwork(t *testing.T) {
	c := &call{now: noon}
	for n := range 600 {
		s := Sample{InCall: true, Loss: 0.5, CallTrip: time.Duration(30+n%20) * ms, HubTrip: time.Duration(20+n%15) * ms}
		if rate := c.of(s, time.Second); rate != callRate {
			t.Fatalf("after %d s: %d", n, rate)
		}
	}
}

// Another network, with a longer way, is got used to.
func TestThrottleGetsUsedToALongerWay(t *testing.T) {
	c := &call{now: noon}
	c.of(Sample{InCall: true, CallTrip: 20 * ms, HubTrip: 20 * ms}, time.Minute)
	if rate := c.of(Sample{InCall: true, CallTrip: 90 * ms, HubTrip: 90 * ms}, 20*time.Second); rate >= callRate {
		t.Errorf("at first: %d", rate)
	}
	if rate := c.of(Sample{InCall: true, CallTrip: 90 * ms, HubTrip: 90 * ms}, 20*time.Minute); rate != callRate {
		t.Errorf("in the end: %d", rate)
	}
}

func TestSpeed(t *testing.T) {
	var s speed
	now := noon
	note := func(n int64, took time.Duration) float64 {
		s.note(n, now, now.Add(took))
		now = now.Add(took)
		return s.rate(now)
	}
	if rate := note(1000, 0); rate != 0 {
		t.Errorf("of no time: %v", rate)
	}
	s = speed{}
	if rate := note(1000, time.Second); rate != 1000 {
		t.Errorf("at first: %v", rate)
	}
	rate := 0.0
	for range 100 {
		rate = note(4000, 2*time.Second)
	}
	if rate < 1990 || rate > 2000 {
		t.Errorf("later: %v", rate)
	}
	if rate = note(1000, time.Millisecond); rate > 2500 {
		t.Errorf("after a short burst: %v", rate)
	}
	if rate = s.rate(now.Add(speedStale + 1)); rate != 0 {
		t.Errorf("when nothing moves: %v", rate)
	}
}
