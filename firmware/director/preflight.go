package director

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orionbox/audio/cue"
	"orionbox/audio/engine"
	"orionbox/firmware/hub"
	"orionbox/firmware/preflight"
	"orionbox/firmware/session"
)

// The pre-flight: what is measured anyway, and what has to be tried. It runs beside the loop, for it takes its time.

const (
	listenFor      = 2 * time.Second // to the microphone
	toneFor        = time.Second     // until the test tone has been played
	lookEvery      = 50 * time.Millisecond
	preflightLimit = 20 * time.Second
)

// Preflight looks at all that a session needs: it listens to the microphone, plays a test tone in the headphones, and calls a
// number that echoes. During a take it only looks. One runs at a time, and none while the box leaves.
func (d *Director) Preflight(ctx context.Context) (report preflight.Report, err error) {
	ctx, stay := d.whileStaying(ctx)
	defer stay()
	ctx, cancel := context.WithTimeout(ctx, preflightLimit)
	defer cancel()
	var m preflight.Measured
	if failed := d.onLoop(ctx, func() { m, err = d.beginPreflight() }); failed != nil || err != nil {
		return report, errors.Join(failed, err)
	}
	defer d.flights.Done()
	d.try(ctx, &m)
	failed := d.onLoop(context.WithoutCancel(ctx), func() {
		d.flying = false
		if err = ctx.Err(); err != nil { // what was not tried is no verdict
			return
		}
		d.measurePreflight(&m)
		report = preflight.Judge(m, d.now())
		d.log.Info("pre-flight", "good", report.Good)
	})
	if d.staying.Err() != nil {
		return report, errLeaves
	}
	return report, errors.Join(failed, err)
}

// try tries what is not measured anyway.
func (d *Director) try(ctx context.Context, m *preflight.Measured) {
	called := make(chan struct{})
	go func() {
		defer close(called)
		if m.NoEcho == "" {
			m.Echo, m.EchoErr = d.cfg.Echo(ctx)
		}
	}()
	m.PeakDB, m.Clipped = d.listen(ctx)
	m.ToneDB, m.NoTone = d.testTone(ctx, m.NoTone)
	<-called
}

func (d *Director) beginPreflight() (m preflight.Measured, err error) {
	switch {
	case d.flying:
		return m, fmt.Errorf("%w: a pre-flight is under way", ErrRefused)
	case d.state.Leaving:
		return m, errLeaves
	}
	d.flying = true
	d.flights.Add(1) // on the loop, whose end waits for it
	busy := d.state.Take != session.Idle
	switch {
	case busy:
		m.NoEcho, m.NoTone = "a take runs", "a take runs"
		return m, nil
	case d.cfg.Echo == nil:
		m.NoEcho = "no echo_no is set under ConnectionDetails"
	}
	if d.parts.Cues == nil {
		m.NoTone = "cues are off (AudioSettings, cues)"
	}
	return m, nil
}

// listen is the loudest that the microphone heard, in dBFS, and whether that was too loud.
func (d *Director) listen(ctx context.Context) (peak float64, clipped bool) {
	peak = -120
	d.watch(ctx, listenFor, func(s engine.Status) {
		peak, clipped = max(peak, s.Level.PeakDB), clipped || s.Level.Clipped
	})
	return peak, clipped
}

// testTone plays one and tells how loud it was where it is played, in dBFS, with all else that was heard then; or why it was not
// played.
func (d *Director) testTone(ctx context.Context, no string) (loudest float64, why string) {
	loudest = -120
	if no != "" {
		return loudest, no
	}
	why = "the box is busy"
	_ = d.onLoop(ctx, func() { // else it is busy indeed
		switch {
		case ctx.Err() != nil:
		case d.state.Take != session.Idle:
			why = "a take has begun"
		case d.prompt(cue.ToneReady.At(cue.Rate), cue.Notice):
			why = ""
		}
	})
	if why == "" {
		d.watch(ctx, toneFor, func(s engine.Status) { loudest = max(loudest, s.OutputLevel.PeakDB) })
	}
	return loudest, why
}

// watch looks at the sound card for a time.
func (d *Director) watch(ctx context.Context, length time.Duration, see func(engine.Status)) {
	ticker, end := time.NewTicker(lookEvery), time.NewTimer(length)
	defer ticker.Stop()
	defer end.Stop()
	for {
		select {
		case <-ticker.C:
			see(d.parts.Audio.Status())
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// measurePreflight takes in what is measured anyway.
func (d *Director) measurePreflight(m *preflight.Measured) {
	s := d.look()
	device := func(at engine.DeviceStatus, muted bool) preflight.Device {
		found := preflight.Device{Name: at.Name, Muted: muted}
		if at.State != engine.OK {
			found.Away = string(at.State) + ", " + at.Detail
		}
		return found
	}
	m.Role, m.Storage, m.Minutes = d.cfg.Role, s.Storage.Level, s.Storage.MinutesLeft
	m.Mic, m.Speakers = device(s.Audio.Mic, s.Audio.MicMuted), device(s.Audio.Speakers, s.Audio.SpeakersMuted)
	m.Call, m.CallWhy, m.Codec = s.Call, s.Phone.why(), s.Phone.Codec
	if media := s.Phone.Media; media != nil {
		m.Loss, m.RoundTrip = media.LossPercent, fromMilliseconds(media.RoundTripMS)
	}
	m.Synced, m.ErrorMS = s.Clock.Synced, s.Clock.Uncertainty
	switch {
	case s.Hub != nil:
		m.Hub, m.HubWhy = s.Hub.State, s.Hub.Detail
	case d.cfg.NoHub != nil:
		m.Hub, m.HubWhy = hub.StateUnreachable, d.cfg.NoHub.Error()
	default:
		m.Alone = true
	}
	m.WallTime = !d.clockUnset()
	m.LowPower, m.Hot = d.lowPower(), d.hot()
	if s.Panel != nil {
		for _, f := range s.Panel.Faults {
			m.Panel = f.Text
		}
	}
}

func (p Phoned) why() string {
	if p.Detail != "" {
		return p.Detail
	}
	return string(p.Reason)
}

// flyBefore is a pre-flight whose verdict is spoken.
func (d *Director) flyBefore() {
	if d.flying || d.state.Leaving {
		d.cueRefused()
		return
	}
	go func() {
		report, err := d.Preflight(context.Background()) // which has a limit of its own
		if err != nil {
			d.log.Info("no pre-flight", "why", err)
			return
		}
		_ = d.onLoop(context.Background(), func() { // fails only once the box has stopped
			tone, words := spokenVerdict(report)
			d.cue(tone, cue.Chatter, words...)
		})
	}()
}
