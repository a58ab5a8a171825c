package takes

import (
	"math"
	"testing"
	"time"
)

// TestAcross: a hub that lost its power counts anew, and a box that recorded across that knows both clocks.
func TestAcross(t *testing.T) {
	line := func(name string, ms, pos int64) Entry {
		e := tick(ms)
		e.Clock, e.Pos = name, pos
		return e
	}
	log := written(t, line("a", 0, 0), line("a", 100_000, 4_800_000), line("b", 500_000, 9_600_000), line("b", 600_000, 14_400_000))
	if got, known := Across(log, at(150_000), "a", "b"); !known || got.Sub(at(450_000)).Abs() > time.Microsecond {
		t.Errorf("%v, %v", got, known)
	}
	if got, known := Across(log, at(5), "a", "a"); !known || got != at(5) {
		t.Errorf("%v, %v by the same clock", got, known)
	}
	if got, known := Across(log, at(5), "a", "c"); known {
		t.Errorf("%v by a clock that the journal does not tell of", got)
	}
}

// TestPlaceAt: nothing is rounded.
func TestPlaceAt(t *testing.T) {
	line := Timeline{{Hub: at(0), Pos: 1000}, {Hub: at(10_000), Pos: 481_048}}
	for ms, want := range map[int64]float64{0: -1000, 1: -951.9952, 10_000: 479_048, 20_000: 959_096} {
		got, known := line.PlaceAt(at(ms), 48000, 2000)
		if !known || math.Abs(got-want) > 1e-6 {
			t.Errorf("at %d ms %v, want %v", ms, got, want)
		}
	}
	if _, known := (Timeline{}).PlaceAt(at(0), 48000, 0); known {
		t.Error("a place on no line")
	}
}
