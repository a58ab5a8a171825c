package director

import (
	"slices"
	"testing"
	"time"

	"orionbox/firmware/session"
	"orionbox/hw/led"
)

// benched is a box with a panel, for a benchmark.
func benched(b *testing.B) *rig {
	b.Helper()
	r := newRig(b, session.Artist)
	r.panel, r.seats, r.line = newSimPanel(b, 4), make([]string, 4), nil
	b.Cleanup(func() { _ = r.panel.Close() }) // which has its own test
	r.start(nil, nil)
	r.lit("status", led.On)
	return r
}

// BenchmarkPressToLED is how long it takes from the contact of a button to the line of its LED, through debounce, gesture, the
// director's loop, the state machine and the driver. The line is simulated: the kernel's share is not in it.
func BenchmarkPressToLED(b *testing.B) {
	for _, button := range []session.Button{session.Mic, session.Record} {
		b.Run(string(button), func(b *testing.B) { pressToLED(b, button) })
	}
}

// pressToLED presses until the LED of the button's name is lit, and once more until it is dark again.
func pressToLED(b *testing.B, button session.Button) {
	r := benched(b)
	changed, forget := r.panel.Watch()
	defer forget()
	push := func(down bool) {
		if err := r.panel.Push(string(button), down); err != nil {
			b.Fatal(err)
		}
	}
	until := func(on bool) {
		for r.panel.Lights()[string(button)].On != on {
			<-changed
		}
	}
	var took []time.Duration
	for b.Loop() {
		at := time.Now()
		push(true)
		until(true)
		took = append(took, time.Since(at))
		b.StopTimer()
		push(false)
		if <-time.After(12 * ms); button == session.Record { // until the contact may be touched again
			r.press(button) // a command: a finger is guarded
			r.await("the end of the take", func(s Status) bool { return s.Take.State == session.Idle && s.Panel.LEDs["record"] == led.Off })
		} else {
			push(true)
			until(false)
			push(false)
			<-time.After(12 * ms)
		}
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkIdlePanel is what the panel costs each time that something happens and nothing on it changes, which is some five
// times a second.
func BenchmarkIdlePanel(b *testing.B) {
	r := benched(b)
	before := r.panel.Wakeups()
	if err := r.onLoop(b.Context(), func() {
		for b.Loop() {
			r.light()
		}
	}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(r.panel.Wakeups()-before), "wakeups")
}
