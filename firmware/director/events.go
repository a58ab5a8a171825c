package director

import (
	"orionbox/audio/engine"
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
		d.note(takes.Entry{Kind: takes.KindCall, Text: "in conference, " + e.Status.Codec})
	case had:
		if d.voice != nil {
			d.voice.Detach()
		}
		d.note(takes.Entry{Kind: takes.KindCall, Text: "left: " + string(e.Status.Reason)})
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
	switch e.Kind {
	case recorder.Started:
		d.noteTake(takes.KindTakeStart, e)
		d.feed(session.TakeStarted{})
	case recorder.Stopped:
		d.noteTake(takes.KindTakeStop, e)
		d.feed(session.TakeStopped{})
	case recorder.Failed:
		d.log.Error("take", "number", d.take.number, "err", e.Err)
		d.faults.Is(health.TakeFailed, true, e.Err.Error(), d.now())
		d.noteTake(takes.KindTakeStop, e)
		d.feed(session.TakeFailed{})
	case recorder.Gap:
		d.gap(e)
		d.noteTake(takes.KindGap, e)
	case recorder.Progress:
		d.faults.Is(health.TakeFailed, false, "", d.now())
	}
}

// doVoice follows the recorder of the voice.
func (d *Director) doVoice(e recorder.Event) {
	switch e.Kind {
	case recorder.Started:
		d.noteVoice(takes.KindVoiceStart, e)
	case recorder.Stopped, recorder.Failed:
		d.voiceOpen = false
		d.noteVoice(takes.KindVoiceStop, e)
		if e.Err != nil {
			d.log.Error("voice recording", "err", e.Err)
			d.faults.Is(health.VoiceFailed, true, e.Err.Error(), d.now())
		}
		if !d.state.Open {
			d.endSession()
		}
	case recorder.Gap:
		d.gap(e)
		d.noteVoice(takes.KindGap, e)
	case recorder.Progress:
		d.faults.Is(health.VoiceFailed, false, "", d.now())
	}
}

// gap counts what was lost because the disk was too slow. Silence that stands for a microphone that is away is no loss of
// ours, and has a fault of its own.
func (d *Director) gap(e recorder.Event) {
	if d.parts.Audio.Status().Mic.State == engine.OK {
		d.lost += e.Samples
	}
	d.log.Warn("gap", "position", e.Pos, "samples", e.Samples)
}
