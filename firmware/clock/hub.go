package clock

import (
	"time"
)

// Hub estimates the session clock by the box's monotonic one. It may be used by one goroutine at a time.
//
// Until the first exchange it is a time line of the box's own, by the name of "local". With the first exchange, and with
// each whose Clock has another name, another time line begins. On one time line Instants are comparable; At may step, either
// way, by as much as an exchange corrects the estimate: while the box is settled far less than the Uncertainty says.
//
// Of a wall clock it uses nothing but where the own time line begins, and what Reading.Offset compares with.
type Hub struct {
	epoch  time.Time // x, the box's clock, counts from here
	name   string
	base   int64 // Instant of the x at which theta is as much
	synced bool
	seen   int
	last   time.Duration // x of the latest exchange

	known corridor
	fit   fit
	held  *held // nil while the new line is as good as there was one
}

// Reading tells how the session clock stands to the box's clock.
type Reading struct {
	Clock       string        `json:"clock"`       // whose time it is; "local" for a box without a hub
	Synced      bool          `json:"synced"`      // there was an exchange
	Offset      time.Duration `json:"offset"`      // hub minus the box's wall clock
	DriftPPM    float64       `json:"drift_ppm"`   // of the hub against the box's monotonic clock; positive: the hub is faster
	Uncertainty time.Duration `json:"uncertainty"` // see Hub.Reading
	Bound       time.Duration `json:"bound"`       // see Hub.Reading
	Exchanges   int           `json:"exchanges"`   // since the time line began
	Age         time.Duration `json:"age"`         // of the latest exchange
}

const (
	local        = "local"
	maxRoundTrip = 10 * time.Second
	maxTime      = 1 << 60 // ns, 36 years: what a box's clock may be from its start, so that nothing overflows

	maxStep = time.Hour // of a hub's clock, that is still the same time line
)

// NewHub is a box's own time line: at now it shows what now's wall clock does, and goes on by the monotonic clock.
func NewHub(now time.Time) *Hub {
	return &Hub{epoch: now, name: local, base: int64(InstantOf(now))}
}

// Observe takes in an exchange, in any order. One that cannot have been is left out: an answer before the question, a
// round trip of over 10 s or shorter than the hub says it held the question.
func (h *Hub) Observe(e Exchange) {
	sent, received := e.Sent.Sub(h.epoch), e.Received.Sub(h.epoch)
	if !e.possible() || max(sent.Abs(), received.Abs()) > maxTime {
		return
	}
	if !h.synced || e.Clock != h.name || h.last-received > window || e.HubReceived.Sub(h.At(e.Sent)).Abs() > maxStep {
		*h = Hub{epoch: h.epoch, name: e.Clock, base: int64(e.HubReceived) - int64(sent), synced: true, last: received}
	}
	h.seen++
	h.last = max(h.last, received)
	was := h.fit
	from, to := h.known.ends()
	h.known.add(
		point{sent, float64(int64(e.HubReceived) - h.base - int64(sent))},
		point{received, float64(int64(e.HubSent) - h.base - int64(received))})
	h.hold(was, from, to)
	h.settle()
}

func (e Exchange) possible() bool {
	took, held := e.Received.Sub(e.Sent), e.HubSent.Sub(e.HubReceived)
	slack := took/2000 + time.Microsecond // the two clocks do not run alike: maxSlope
	return took >= 0 && took <= maxRoundTrip && e.HubReceived > 0 && e.HubSent < 1<<62 && held >= 0 && held <= took+slack
}

// settle fits the line. Where none fits the hub's clock stepped, or the box slept: the oldest is forgotten until one does.
func (h *Hub) settle() {
	if late, ok := h.known.changed(); ok {
		h.known = late
	}
	f, ok := h.known.fit()
	for !ok && len(h.known.below) > 1 {
		n := (len(h.known.below) + 3) / 4
		h.known, h.held = corridor{h.known.above[n:], h.known.below[n:]}, nil
		f, ok = h.known.fit()
	}
	h.fit = h.settled(f)
}

// At is what the session clock shows at t, which must have a monotonic reading.
func (h *Hub) At(t time.Time) Instant {
	return Instant(h.base).Add(h.fit.to(t.Sub(h.epoch)))
}

// When is the inverse of At, to the nanosecond.
func (h *Hub) When(i Instant) time.Time {
	return h.epoch.Add(h.fit.from(time.Duration(minus(int64(i), h.base))))
}

// Reading tells how the clocks stand at now.
//
// Uncertainty is by how much At(now) is off at most, in about 95 of 100 cases, on a network whose quickest messages take as
// long there as back; it grows with Age by what the drift may be off and may have changed. No exchange of messages can tell
// how unlike the two ways are. Bound is what holds even if all of the delay is in one of them: half the least delay there
// and back.
func (h *Hub) Reading(now time.Time) Reading {
	r := Reading{Clock: h.name, Synced: h.synced, Offset: h.At(now).Sub(InstantOf(now)), DriftPPM: h.fit.slope * 1e6, Exchanges: h.seen}
	if h.synced {
		r.Age = max(0, now.Sub(h.epoch)-h.last)
		grown := h.fit.grown(r.Age)
		r.Uncertainty, r.Bound = add(0, h.fit.off+grown), add(0, h.fit.bound+grown)
	}
	return r
}
