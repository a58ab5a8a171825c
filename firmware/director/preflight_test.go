package director

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"orionbox/audio/cue"
	"orionbox/audio/engine"
	"orionbox/firmware/preflight"
	"orionbox/firmware/session"
)

// inBubble runs a test of a box on a clock that only moves when all are asleep.
func inBubble(t *testing.T, role session.Role, prepare func(*rig), test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, role)
		r.panel, r.heard, r.seats, r.quick = newSimPanel(t, 4), &heard{}, make([]string, 4), true
		prepare(r)
		r.start(nil, nil)
		test(t, r)
		r.leave()
		r.finish()
		if err := r.panel.Close(); err != nil {
			t.Error(err)
		}
	})
}

// sounds is a card that hears and plays at such levels.
func (r *rig) sounds(in, out float64) {
	r.card.status.Level.PeakDB, r.card.status.OutputLevel.PeakDB = in, out
}

func result(t *testing.T, r preflight.Report, name string) preflight.Check {
	t.Helper()
	i := slices.IndexFunc(r.Checks, func(c preflight.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s in %+v", name, r)
	}
	return r.Checks[i]
}

func TestPreflightTriesAll(t *testing.T) {
	called := 0
	prepare := func(r *rig) {
		r.sounds(-12, -20)
		r.echo = func(context.Context) (preflight.Echo, error) {
			called++
			return preflight.Echo{Number: "*43", Heard: true, Received: 100, RoundTrip: 50 * time.Millisecond}, nil
		}
	}
	inBubble(t, session.Artist, prepare, func(t *testing.T, r *rig) {
		report, err := r.Preflight(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"microphone", "speakers", "echo", "storage", "clock", "box"} {
			if c := result(t, report, name); c.Result != preflight.Good {
				t.Errorf("%+v", c)
			}
		}
		if c := result(t, report, "call"); c.Result != preflight.Bad || report.Good { // it is still registering
			t.Errorf("%+v", c)
		}
		if called != 1 || !slices.Contains(r.heard.all(), cue.ToneReady.String()) {
			t.Errorf("%d echo calls, heard %q", called, r.heard.all())
		}
	})
}

// TestPreflightDuringATake makes no sound and no call.
func TestPreflightDuringATake(t *testing.T) {
	prepare := func(r *rig) {
		r.sounds(-12, -120)
		r.echo = func(context.Context) (preflight.Echo, error) {
			return preflight.Echo{}, errors.New("somebody was called during a take")
		}
	}
	inBubble(t, session.Artist, prepare, func(t *testing.T, r *rig) {
		r.press(session.Record)
		r.await("a take", func(s Status) bool { return s.Recording })
		before := len(r.heard.all())
		report, err := r.Preflight(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"speakers", "echo"} {
			if c := result(t, report, name); c.Result != preflight.Skipped {
				t.Errorf("%+v", c)
			}
		}
		if said := r.heard.all(); len(said) != before {
			t.Errorf("during a take the musician hears %q", said[before:])
		}
	})
}

// TestPreflightByTwoPresses has the verdict spoken, once, and takes no second one meanwhile.
func TestPreflightByTwoPresses(t *testing.T) {
	prepare := func(r *rig) { r.sounds(-120, -20) }
	inBubble(t, session.Artist, prepare, func(t *testing.T, r *rig) {
		r.finger(session.Status)
		r.finger(session.Status)
		time.Sleep(time.Second)
		if _, err := r.Preflight(t.Context()); !errors.Is(err, ErrRefused) {
			t.Errorf("a second pre-flight: %v", err)
		}
		r.hears("pre-flight not good. microphone silent. not in the conference.")
	})
}

func TestPreflightWithoutADevice(t *testing.T) {
	prepare := func(r *rig) {
		r.card.status.Mic = engine.DeviceStatus{Name: "interface", State: engine.Lost, Detail: "it was unplugged"}
	}
	inBubble(t, session.Artist, prepare, func(t *testing.T, r *rig) {
		report, err := r.Preflight(t.Context())
		if c := result(t, report, "microphone"); err != nil || c.Finding != preflight.NoDevice || c.Text != "interface: lost, it was unplugged" {
			t.Errorf("%v, %+v", err, c)
		}
	})
}

// TestPreflightEndsWithTheBox: whoever is called then is told goodbye, and no verdict comes of what was not tried.
func TestPreflightEndsWithTheBox(t *testing.T) {
	hungUp := false
	prepare := func(r *rig) {
		r.echo = func(ctx context.Context) (preflight.Echo, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // until the far end has answered
			hungUp = true
			return preflight.Echo{}, ctx.Err()
		}
	}
	inBubble(t, session.Artist, prepare, func(t *testing.T, r *rig) {
		ended := make(chan error, 1)
		go func() {
			_, err := r.Preflight(context.Background())
			ended <- err
		}()
		time.Sleep(time.Second)
		r.leave()
		r.finish()
		if !hungUp {
			t.Error("the box has ended, and the call has not")
		}
		if err := <-ended; !errors.Is(err, ErrRefused) {
			t.Errorf("the pre-flight ended with %v", err)
		}
	})
}

func TestATakeThatBeginsMeanwhileHearsNoTone(t *testing.T) {
	inBubble(t, session.Artist, func(r *rig) { r.sounds(-12, -20) }, func(t *testing.T, r *rig) {
		reported := make(chan preflight.Report, 1)
		go func() {
			report, _ := r.Preflight(context.Background())
			reported <- report
		}()
		time.Sleep(time.Second)
		r.press(session.Record)
		if c := result(t, <-reported, "speakers"); c.Result != preflight.Skipped || slices.Contains(r.heard.all(), cue.ToneReady.String()) {
			t.Errorf("%+v, heard %q", c, r.heard.all())
		}
	})
}
