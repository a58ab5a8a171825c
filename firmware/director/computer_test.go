package director

import (
	"strings"
	"testing"
	"time"

	"orionbox/firmware/health"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/hw/board"
	"orionbox/hw/led"
)

func TestPowerAndHeat(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	hot, cool := 84.5, 61.0
	r.Observe(board.State{Temperature: &cool, Power: &board.Power{}})
	r.lit("status", led.On)
	r.Observe(board.State{Temperature: &hot, Power: &board.Power{Undervoltage: true}})
	s := r.await("both faults", func(s Status) bool { return r.faulty(health.LowPower.ID)(s) && r.faulty(health.TooHot.ID)(s) })
	if s.Board == nil || *s.Board.Temperature != hot || !s.Board.Power.Undervoltage {
		t.Errorf("the status has %+v", s.Board)
	}
	r.lit("status", led.Fast)
	r.hears("power supply too weak.")
	r.Observe(board.State{Temperature: &cool, Power: &board.Power{HadUndervoltage: true}})
	r.lit("status", led.On)
}

// TestTheDate tells the journal whether its dates are to be trusted, and by how much the clock was set.
func TestTheDate(t *testing.T) {
	r := withPanel(t, session.Artist, nil)
	at := func(synchronised bool, set time.Duration) board.State {
		return board.State{Time: board.Time{Known: true, Synchronised: synchronised, Set: set}}
	}
	r.Observe(at(false, 0))
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	r.Observe(at(false, 100*time.Millisecond)) // is kept right
	r.Observe(at(true, 3*time.Hour+100*time.Millisecond))
	told := func() (text string) {
		for _, e := range r.journal(takes.KindTime) {
			text += e.Text + "\n"
		}
		return text
	}
	r.eventually("three lines", func() bool { return strings.Count(told(), "\n") == 3 })
	for i, want := range []string{"not synchronised yet, and has no battery", "set by +10800.000 s", "is synchronised"} {
		if line := strings.Split(told(), "\n")[i]; !strings.Contains(line, want) {
			t.Errorf("line %d is %q, want %q", i, line, want)
		}
	}
}

// TestADateThatIsNotSet is shown once it has lasted, but not on the LED of a box that is ready.
func TestADateThatIsNotSet(t *testing.T) {
	inBubble(t, session.Artist, func(*rig) {}, func(t *testing.T, r *rig) {
		r.Observe(board.State{Time: board.Time{Known: true}})
		r.await("nothing", not(r.faulty(health.ClockUnset.ID)))
		time.Sleep(health.ClockUnset.After + time.Second)
		s := r.await("the fault", r.faulty(health.ClockUnset.ID))
		if s.Panel.LEDs["status"] != led.On {
			t.Errorf("status is %s", s.Panel.LEDs["status"])
		}
		r.Observe(board.State{Time: board.Time{Known: true, Hardware: true}})
		r.await("no fault: a battery kept it", not(r.faulty(health.ClockUnset.ID)))
	})
}
