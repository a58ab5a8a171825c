package director

import (
	"errors"

	"orionbox/audio/recorder"
	"orionbox/firmware/health"
	"orionbox/firmware/session"
	"orionbox/firmware/takes"
	"orionbox/sip/phone"
)

// doCall follows the phone: a call that came up is put on the session's line, one that is gone is taken off.
func (d *Director) doCall(e phone.Event) {
	d.call = e.Status
	if e.Leg == d.leg {
		d.judge()
		return
	}
	had := d.leg != nil
	d.leg = e.Leg
	switch {
	case e.Leg != nil:
		d.feed(session.Joined{}) // opens the session, and with it the line
		d.attach()
		d.note(d.folder, takes.Entry{Kind: takes.KindCall, Text: "in conference, " + e.Status.Codec})
	case had:
		if d.playing != nil && d.playing.to == ToAll {
			d.endPlaying("the call is gone")
		}
		if d.voice != nil {
			d.voice.Detach()
		}
		d.note(d.folder, takes.Entry{Kind: takes.KindCall, Text: "left: " + string(e.Status.Reason)})
		d.feed(session.Left{})
	}
}

func (d *Director) attach() {
	if d.voice == nil || d.leg == nil {
		return
	}
	err := d.leg.SetRate(d.voice.Rate())
	if err == nil {
		err = d.voice.Attach(d.leg)
	}
	if err != nil {
		d.log.Error("attach call", "err", err)
	}
}

// doStudio follows the studio recorder.
func (d *Director) doStudio(e recorder.Event) {
	r := d.studio.open[e.ID]
	if r == nil {
		return
	}
	switch e.Kind {
	case recorder.Started:
		d.found(health.TakeCut, nil)
		d.trackBegins(r, e)
		d.journal(takes.KindTakeStart, r, e)
		d.feed(session.TakeStarted{})
	case recorder.Progress:
		d.trackGrows(r, e)
		d.found(health.TakeFailed, nil)
		d.show()
	case recorder.Gap:
		d.gap(r, e)
	case recorder.Stopped:
		d.studio.end(e.ID)
		d.trackEnds(r, e)
		d.journal(takes.KindTakeStop, r, e)
		d.markEnd(r)
		d.feed(session.TakeStopped{})
	case recorder.Failed:
		d.studio.end(e.ID)
		d.trackEnds(r, e)
		d.journal(takes.KindTakeStop, r, e)
		d.takeFailed(r, e)
	}
}

// takeFailed tells a take that could not go on from one that was over and could not be closed.
func (d *Director) takeFailed(r *recording, e recorder.Event) {
	over := d.state.Take == session.Stopping
	d.log.Error("take", "number", r.take(), "over", over, "err", e.Err)
	d.faults.Is(health.TakeFailed, !over, e.Err.Error(), d.now())
	d.faults.Is(health.TakeCut, over, e.Err.Error(), d.now())
	if takes.Gone(e.Err) {
		d.loseFolder(r.folder)
	}
	d.feed(session.TakeFailed{})
}

// doVoice follows the recorder of the voice.
func (d *Director) doVoice(e recorder.Event) {
	r := d.spoken.open[e.ID]
	if r == nil {
		return
	}
	switch e.Kind {
	case recorder.Started:
		d.trackBegins(r, e)
		d.journal(takes.KindVoiceStart, r, e)
	case recorder.Progress:
		d.trackGrows(r, e)
		d.found(health.VoiceFailed, nil)
	case recorder.Gap:
		d.gap(r, e)
	case recorder.Stopped:
		d.spoken.end(e.ID)
		d.trackEnds(r, e)
		d.journal(takes.KindVoiceStop, r, e)
	case recorder.Failed:
		d.spoken.end(e.ID)
		d.trackEnds(r, e)
		d.journal(takes.KindVoiceStop, r, e)
		d.log.Error("voice recording", "err", e.Err)
		d.found(health.VoiceFailed, e.Err)
		if takes.Gone(e.Err) {
			d.loseFolder(r.folder)
		}
	}
}

// gap journals silence that stands for sound, and why there is none.
func (d *Director) gap(r *recording, e recorder.Event) {
	cause := "nothing came from the microphone"
	if e.Lost {
		d.lost += e.Samples
		cause = "the box or its disk did not keep up"
	}
	d.log.Warn("gap", "file", r.file(), "position", e.Pos, "samples", e.Samples, "cause", cause)
	e.Err = errors.New(cause)
	d.journal(takes.KindGap, r, e)
}
