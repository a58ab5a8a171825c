package director

import (
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/takes"
)

// timeEvery is how often the journal tells where the clocks stand: a straight line holds between two of these.
const timeEvery = 10 * time.Second

// ClockStatus tells how the session clock stands to the box's clock, and that to the sound card's. Times are milliseconds.
type ClockStatus struct {
	Clock       string  `json:"clock"`          // whose it is; "local" for a box without a hub
	Synced      bool    `json:"synced"`         // with a hub
	Offset      float64 `json:"offset_ms"`      // the hub's clock, less the time of day that the box has
	DriftPPM    float64 `json:"drift_ppm"`      // by how much the hub's clock is faster
	Uncertainty float64 `json:"uncertainty_ms"` // in 97 of 100 cases the true offset is this near, if the network is as quick there as back
	Bound       float64 `json:"bound_ms"`       // and this near whatever the network
	Exchanges   int     `json:"exchanges"`
	Age         float64 `json:"age_ms"` // of the last exchange
	Card        struct {
		Known    bool    `json:"known"`
		DriftPPM float64 `json:"drift_ppm"`   // by how much the card is faster than the box's clock
		Residual float64 `json:"residual_ms"` // spread of its callbacks about the line
	} `json:"card"`
}

// keepTime shows the clocks what the sound card did since, and writes down where they stand when that is due.
func (d *Director) keepTime(now time.Time) {
	for _, s := range d.parts.Audio.Clock() {
		d.card.Observe(s.At, s.Pos)
	}
	if d.folder == nil {
		return
	}
	if now.Sub(d.timed) >= timeEvery {
		d.timed = now
		d.noteTime(now)
	}
	if now.Sub(d.announced) >= announceEvery {
		d.announced = now
		d.placeAll()
	}
}

// placeAll takes the tracks that grow one point further, and tells of those that are known to lie elsewhere.
func (d *Director) placeAll() {
	for _, r := range d.own {
		switch {
		case !r.ended && r.samples > 0:
			d.place(r, r.begin+r.samples)
			d.announce(r)
		case r.final != nil && d.moved(r):
			d.announce(r)
		}
	}
}

// noteTime writes into the journal which sample frame of each stream is captured when by the session clock, and how sure
// that is.
func (d *Director) noteTime(now time.Time) {
	name, written := d.clock.written(d.settled)
	r := written.Reading(now)
	e := takes.Entry{Kind: takes.KindClock, Time: now, Clock: name, ErrorMS: milliseconds(r.Uncertainty)}
	if pos, ok := d.card.Pos(now); ok {
		e.Hub, e.Pos, e.Rate = written.At(now), pos, d.cfg.Studio.Rate
		e.PPM = d.card.Reading(now).DriftPPM - r.DriftPPM
		d.note(d.folder, e)
	}
	for _, v := range d.own {
		if at, ok := v.when(v.begin + v.samples); ok && v.number == 0 && !v.ended {
			e.Hub, e.Pos, e.Rate, e.File, e.PPM = written.At(at), v.begin+v.samples, v.rate, v.file(), -r.DriftPPM
			d.note(d.folder, e)
		}
	}
}

// exchanged takes in an exchange with the hub. The first makes the session clock the hub's, and one of another hub that
// one's.
func (d *Director) exchanged(e clock.Exchange) {
	before := d.clock.current
	if d.clock.observe(e) {
		now := d.now()
		d.log.Info("session clock", "clock", d.clock.current, "offset", d.clock.Reading(now).Offset, "before", before)
		d.synced, d.settled, d.timed = now, false, time.Time{}
		d.carryMarkers()
	}
	d.tellSettled()
}

const (
	sure     = 3 * time.Millisecond
	sureSoon = 10 * time.Second
)

// tellSettled tells the room what was done before the hub's clock was known, once it is known well, or has to do.
func (d *Director) tellSettled() {
	r := d.clock.Reading(d.now())
	if d.settled || d.parts.Hub == nil || !r.Synced || r.Uncertainty > sure && d.now().Sub(d.synced) < sureSoon {
		return
	}
	d.settled, d.timed = true, time.Time{}
	d.carryMarkers()
	d.postWaiting()
	d.tellPast()
	for _, r := range d.own {
		d.announce(r)
	}
}

func (d *Director) clockStatus() ClockStatus {
	now := d.now()
	r, card := d.clock.Reading(now), d.card.Reading(now)
	s := ClockStatus{Clock: r.Clock, Synced: r.Synced, Offset: milliseconds(r.Offset), DriftPPM: r.DriftPPM,
		Uncertainty: milliseconds(r.Uncertainty), Bound: milliseconds(r.Bound), Exchanges: r.Exchanges, Age: milliseconds(r.Age)}
	s.Card.Known, s.Card.DriftPPM, s.Card.Residual = card.Known, card.DriftPPM, milliseconds(card.Residual)
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
