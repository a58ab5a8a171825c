package director

import (
	"errors"
	"strings"
	"testing"

	"orionbox/firmware/session"
)

// TestLeaveClosesTheTake has a box that records start again: its take is whole, nothing waits for a delivery, and the computer is
// not switched off.
func TestLeaveClosesTheTake(t *testing.T) {
	r, _, m := delivering(t)
	r.press(session.Record)
	r.await("a take", func(s Status) bool { return s.Recording })
	m.with(func() { m.left = 1 })
	if err := r.Leave(t.Context(), true); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "take runs") {
		t.Errorf("a reset while a take runs: %v", err)
	}
	r.await("the take to go on", func(s Status) bool { return s.Recording })
	if err := r.Leave(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := r.Leave(t.Context(), false); err == nil {
		t.Error("a box that leaves was asked to once more")
	}
	r.finish()
	if r.Halted() {
		t.Error("a box that starts again would switch the computer off")
	}
}

func TestLeaveOfAnIdleBox(t *testing.T) {
	r := start(t, session.Artist)
	if err := r.Leave(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	r.finish()
	if err := r.Leave(t.Context(), true); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a box that has stopped: %v", err)
	}
}
