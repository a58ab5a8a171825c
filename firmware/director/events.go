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
		d.noteGap(d.noteTake, e)
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
	case recorder.Gap:
		d.noteGap(d.noteVoice, e)
	case recorder.Progress:
		d.faults.Is(health.VoiceFailed, false, "", d.now())
	}
}

// noteGap journals silence that stands for sound which was not captured, and why.
func (d *Director) noteGap(note func(takes.Kind, recorder.Event), e recorder.Event) {
	cause := "nothing came from the microphone"
	if lost := d.lost(); lost > d.lostSeen {
		d.lostSeen, cause = lost, "the box or its disk did not keep up"
	}
	d.log.Warn("gap", "position", e.Pos, "samples", e.Samples, "cause", cause)
	e.Err = errors.New(cause)
	note(takes.KindGap, e)
}
