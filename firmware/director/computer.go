package director

import (
	"context"
	"fmt"
	"time"

	"orionbox/firmware/health"
	"orionbox/firmware/takes"
	"orionbox/hw/board"
)

// The computer: its power, its heat, and whether the date that names files and stands in journals is to be trusted.

const (
	hotFrom  = 80.0        // degrees Celsius: a Raspberry Pi slows down from here
	leastSet = time.Second // by which a clock is set at once; less is how it is kept right
)

// Observe takes in what the computer tells of itself.
func (d *Director) Observe(s board.State) {
	_ = d.onLoop(context.Background(), func() { d.observe(s) }) // fails only once the box has stopped
}

func (d *Director) observe(s board.State) {
	before := d.computer
	d.computer = &s
	now := d.now()
	d.faults.Is(health.LowPower, d.lowPower(), "", now)
	d.faults.Is(health.TooHot, d.hot() != 0, fmt.Sprintf("%.0f degrees", d.hot()), now)
	d.faults.Is(health.ClockUnset, d.clockUnset(), "", now)
	if before == nil {
		d.noteWall()
		return
	}
	if by := s.Time.Set - before.Time.Set; by.Abs() >= leastSet {
		d.log.Warn("the computer's clock was set", "by", by)
		d.note(d.folder, takes.Entry{Kind: takes.KindTime, Text: fmt.Sprintf("the computer's clock was set by %+.3f s: times above are by the old one", by.Seconds())})
	}
	if before.Time.Synchronised != s.Time.Synchronised {
		d.noteWall()
	}
}

// noteWall writes down whether the dates of the journal are to be trusted, if that is known.
func (d *Director) noteWall() {
	switch {
	case d.computer == nil || !d.computer.Time.Known:
	case d.computer.Time.Synchronised:
		d.note(d.folder, takes.Entry{Kind: takes.KindTime, Text: "the computer's clock is synchronised"})
	case d.computer.Time.Hardware:
		d.note(d.folder, takes.Entry{Kind: takes.KindTime, Text: "the computer's clock has a battery and is not synchronised yet"})
	default:
		d.note(d.folder, takes.Entry{Kind: takes.KindTime, Text: "the computer's clock is not synchronised yet, and has no battery: dates may be wrong, distances are not"})
	}
}

func (d *Director) lowPower() bool {
	return d.computer != nil && d.computer.Power != nil && d.computer.Power.Undervoltage
}

// hot is the processor's temperature if it is too high, else 0.
func (d *Director) hot() float64 {
	if d.computer == nil || d.computer.Temperature == nil || *d.computer.Temperature < hotFrom {
		return 0
	}
	return *d.computer.Temperature
}

func (d *Director) clockUnset() bool {
	if d.computer == nil {
		return false
	}
	t := d.computer.Time
	return t.Known && !t.Synchronised && !t.Hardware
}
