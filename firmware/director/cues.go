package director

import (
	"time"

	"orionbox/audio/cue"
	"orionbox/firmware/health"
	"orionbox/firmware/hub"
	"orionbox/firmware/session"
)

// What the box says in the headphones. It is never on a track: cues go to the speakers alone.

// Cues are said one after another, the important ones first: *cue.Player.
type Cues interface {
	Play(s cue.Sound, as cue.Priority) error
	Busy() bool
}

// A fault that comes and goes is not said each time: an error once a minute, a warning once in five.
const (
	errorAgain   = time.Minute
	warningAgain = 5 * time.Minute
)

// prompter is what was said.
type prompter struct {
	warned  map[string]time.Time // when it was last told of each fault
	parting time.Time            // when the last words of a box that is held began
}

// partingLimit is how long a box that stops waits for its last words.
const partingLimit = 5 * time.Second

// cue says words, or plays the tone for them where the settings say so.
func (d *Director) cue(tone cue.Tone, as cue.Priority, words ...cue.Word) {
	switch {
	case d.parts.Cues == nil:
	case d.cfg.Tones || len(words) == 0:
		d.prompt(tone.At(cue.Rate), as)
	default:
		d.prompt(cue.Say(words...), as)
	}
}

// prompt tells whether a cue was taken. One that was not is no fault: the LEDs tell it all the same.
func (d *Director) prompt(s cue.Sound, as cue.Priority) bool {
	d.log.Debug("cue", "says", s.Name)
	err := d.parts.Cues.Play(s, as)
	if err != nil {
		d.log.Debug("cue is not heard", "err", err)
	}
	return err == nil
}

// cues tells what came of an event.
func (d *Director) cues(before, after session.State) {
	switch {
	case before.Take == session.Starting && after.Take == session.Recording:
		d.cue(cue.ToneStarted, cue.Notice, cue.Recording, cue.Comma, cue.Take, cue.Number(after.Number))
	case before.Recording() && after.Take == session.Idle:
		d.cue(cue.ToneStopped, cue.Notice, cue.Recording, cue.Stopped)
	}
	if before.MicMuted != after.MicMuted {
		d.cue(cue.ToneMark, cue.Notice, cue.Microphone, either(after.MicMuted, cue.Muted, cue.Live))
	}
	if before.SpeakersMuted && !after.SpeakersMuted {
		d.cue(cue.ToneMark, cue.Notice, cue.Speakers, cue.Live)
	}
}

func either(first bool, a, b cue.Word) cue.Word {
	if first {
		return a
	}
	return b
}

// cueMark is the sign that a press of segment was taken, for it has no LED.
func (d *Director) cueMark() { d.cue(cue.ToneMark, cue.Notice) }

// cueRefused is the sign that a press does nothing.
func (d *Director) cueRefused() { d.cue(cue.ToneWarning, cue.Notice) }

func (d *Director) cueFinish() { d.cue(cue.ToneStopped, cue.Warning, cue.ShuttingDown) }

func (d *Director) cueTalking() {
	if d.cfg.Talking != nil && d.cfg.Talking() && d.state.MicMuted {
		d.cue(cue.ToneMutedTalking, cue.Warning, cue.MutedTalking)
	}
}

// cuePeer tells that another musician's take has ended.
func (d *Director) cuePeer(was, is hub.Peer) {
	runs := func(p hub.Peer) bool { return p.Take == session.Recording || p.Take == session.Stopping }
	if is.ID != d.id && is.State == hub.Present && runs(was) && !runs(is) {
		d.cue(cue.TonePeerStopped, cue.Notice, cue.PeerStopped)
	}
}

// spokenFaults are those that have words.
var spokenFaults = map[string]struct {
	words []cue.Word
	aloud bool // said when it comes, not only when somebody asks
}{
	health.StorageLow.ID:   {[]cue.Word{cue.Storage, cue.Low}, true},
	health.StorageFull.ID:  {[]cue.Word{cue.Storage, cue.Full}, true},
	health.TakeFailed.ID:   {[]cue.Word{cue.NothingSaved}, true},
	health.VoiceFailed.ID:  {[]cue.Word{cue.NothingSaved}, false},
	health.NoMicrophone.ID: {[]cue.Word{cue.NoMicrophone}, true},
	health.NoSpeakers.ID:   {[]cue.Word{cue.NoSpeakers}, false},
	health.CallRefused.ID:  {[]cue.Word{cue.Refused}, true},
	health.HubDown.ID:      {[]cue.Word{cue.NoHub}, false},
	health.HubRefused.ID:   {[]cue.Word{cue.NoHub}, false},
	health.HubMissing.ID:   {[]cue.Word{cue.NoHub}, false},
	health.LowPower.ID:     {[]cue.Word{cue.LowPower}, true},
	health.TooHot.ID:       {[]cue.Word{cue.TooHot}, true},
	health.ClockUnset.ID:   {[]cue.Word{cue.NoClock}, false},
}

// cueFault tells of a fault that has come.
func (d *Director) cueFault(f health.Fault) {
	spoken, again := spokenFaults[f.ID], warningAgain
	if f.Severity == health.Error {
		again = errorAgain
	}
	if last, ok := d.warned[f.ID]; !spoken.aloud || ok && d.now().Sub(last) < again {
		return
	}
	d.warned[f.ID] = d.now()
	switch {
	case f.Severity == health.Error:
		d.cue(cue.ToneFault, cue.Urgent, spoken.words...)
	default:
		d.cue(cue.ToneWarning, cue.Warning, spoken.words...)
	}
}

// cueReport says how the box is, to whoever pressed status.
func (d *Director) cueReport() {
	if d.parts.Cues == nil { // or nobody would hear what was looked for
		return
	}
	s := d.look()
	tone := cue.ToneReady
	switch worst := s.Worst(); {
	case worst != nil:
		tone = cue.ToneFault
	case len(s.Faults) > 0:
		tone = cue.ToneWarning
	}
	d.cue(tone, cue.Chatter, spoken(s, d.starting(), d.state.Leaving, d.undelivered())...)
}

// undelivered is how many recordings no producer has yet.
func (d *Director) undelivered() int {
	if d.parts.Outbox == nil {
		return 0
	}
	return d.parts.Outbox.Owed()
}

// spokenOut tells whether the last words of a box that is held are said: whether it is safe to unplug.
func (d *Director) spokenOut() bool {
	if !d.halt || d.park || d.parts.Cues == nil {
		return true
	}
	if d.parting.IsZero() {
		d.parting = d.now()
		if owed := d.undelivered(); owed > 0 {
			d.cue(cue.ToneWarning, cue.Warning, cue.NotYet, cue.Count(owed, cue.Takes), cue.ToDeliver)
		} else {
			d.cue(cue.ToneReady, cue.Warning, cue.SafeToUnplug)
		}
	}
	return !d.parts.Cues.Busy() || d.now().Sub(d.parting) >= partingLimit
}
