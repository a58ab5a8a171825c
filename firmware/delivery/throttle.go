package delivery

import "time"

// Sample is how the call, and the way to the hub, fare.
type Sample struct {
	InCall    bool
	Loss      float64       // percent of the packets that this box sent, as the far end last told
	CallTrip  time.Duration // round trip of the call, 0: not known
	HubTrip   time.Duration // round trip to the hub, 0: not known
	Connected bool          // the hub answers
}

// throttle holds what is sent below what the call needs: as long as there is one, twice what a take makes at most, and less as
// soon as the call fares worse for it. Without a call nothing is held back. Rates are bytes a second.
type throttle struct {
	rate  int64
	worse time.Time // when it was last lowered
	best  [2]quickest
}

const (
	callRate  = 2 * 320_000 / 8 // what was not sent yet catches up as fast as a take grows
	leastRate = 8_000
	// longer is by how much a round trip may grow: a queue of that length is heard as delay, but not yet as loss.
	longer = 25 * time.Millisecond
	// lossy in percent is more than a good network loses.
	lossy = 1.0
	// respite is how long a new rate has to show what it does: as long as two reports of RTCP (RFC 3550, 6.2).
	respite = 10 * time.Second
)

// next is the rate after a sample; 0 is no limit.
func (t *throttle) next(s Sample, now time.Time) int64 {
	if !s.InCall {
		*t = throttle{}
		return 0
	}
	if t.rate == 0 {
		t.rate, t.worse = callRate, now.Add(-respite)
	}
	queue := max(t.best[0].over(s.CallTrip), t.best[1].over(s.HubTrip))
	switch {
	case now.Sub(t.worse) < respite/4:
	case queue > longer || s.Loss > lossy:
		t.rate, t.worse = max(t.rate*2/3, leastRate), now
	case now.Sub(t.worse) >= respite && t.rate < callRate:
		t.rate, t.worse = min(t.rate*5/4, callRate), now.Add(-respite/2)
	}
	return t.rate
}

// quickest is the shortest round trip of late: what is longer has waited somewhere.
type quickest struct{ trip time.Duration }

// over is by how much a round trip is longer than the shortest. That one is forgotten slowly, as a network may become another.
func (q *quickest) over(trip time.Duration) time.Duration {
	switch {
	case trip <= 0:
		return 0
	case q.trip == 0 || trip < q.trip:
		q.trip = trip
	default:
		q.trip += (trip - q.trip) / 256
	}
	return trip - q.trip
}
