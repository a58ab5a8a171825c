package director

import (
	"math"

	"orionbox/audio/cue"
	"orionbox/firmware/hub"
	"orionbox/firmware/preflight"
	"orionbox/firmware/session"
	"orionbox/sip/phone"
)

// spoken is a status as a musician hears it: what is wrong first, then what they asked for, then what they may forget.
func spoken(s Status, starting, leaving bool, owed int) []cue.Word {
	var words []cue.Word
	say := func(w ...cue.Word) { words = append(words, w...) }
	switch {
	case leaving:
		say(cue.ShuttingDown)
	case starting:
		say(cue.Starting)
	case s.Worst() == nil:
		say(cue.Ready)
	}
	other := false // faults that have no words
	for _, f := range s.Faults {
		if fault := spokenFaults[f.ID]; fault.words != nil {
			say(cue.Fault)
			say(fault.words...)
		} else if !f.Aside && !other {
			other = true
			say(cue.Fault)
		}
	}
	if s.Recording {
		say(cue.Recording, cue.Comma, cue.Take, cue.Number(s.Take.Number), cue.Comma)
	} else if s.Role == session.Artist {
		say(cue.Not, cue.Recording, cue.Comma)
	}
	say(spokenCall(s.Call))
	if s.Audio.MicMuted {
		say(cue.Microphone, cue.Muted)
	}
	if n := present(s); n > 0 {
		say(cue.Count(n, cue.Musicians), cue.Here)
	}
	if s.Role == session.Artist {
		say(spokenRoom(s.Storage.MinutesLeft)...)
	}
	switch {
	case owed > 0:
		say(cue.NotYet, cue.Count(owed, cue.Takes), cue.ToDeliver)
	case s.Safe.Safe && !s.Recording && s.Take.Number > 0:
		say(cue.SafeToUnplug)
	}
	return words
}

func spokenCall(call phone.State) cue.Word {
	switch call {
	case phone.InConference:
		return cue.InTheConference
	case phone.Refused:
		return cue.Refused
	case phone.NotConfigured:
		return cue.NoConference
	}
	return cue.Calling
}

// spokenRoom is how much fits on the disk.
func spokenRoom(minutes float64) []cue.Word {
	left := cue.Count(int(minutes), cue.Minutes)
	if hours := math.Floor(minutes / 60); hours >= 2 {
		left = cue.Count(int(min(hours, 1e4)), cue.Hours)
	}
	return []cue.Word{cue.Storage, left, cue.Left}
}

// present is how many other boxes are there.
func present(s Status) int {
	n := 0
	for _, p := range s.Peers {
		if p.State == hub.Present {
			n++
		}
	}
	return max(n-1, 0) // without this one
}

// spokenVerdict is a pre-flight as a musician hears it: one sentence, and what is wrong.
func spokenVerdict(r preflight.Report) (cue.Tone, []cue.Word) {
	words := []cue.Word{cue.Preflight, cue.Good}
	tone := cue.ToneReady
	if !r.Good {
		words, tone = []cue.Word{cue.Preflight, cue.Not, cue.Good}, cue.ToneFault
	}
	for _, c := range r.Worst() {
		words = append(words, spokenFindings[c.Name][c.Finding]...)
	}
	return tone, words
}

// spokenFindings are the words for what a check found, by its name.
var spokenFindings = map[string]map[preflight.Finding][]cue.Word{
	"microphone": {
		preflight.NoDevice: {cue.NoMicrophone}, preflight.Silent: {cue.Microphone, cue.Silent},
		preflight.TooQuiet: {cue.Microphone, cue.TooQuiet}, preflight.TooLoud: {cue.Microphone, cue.TooLoud},
		preflight.Muted: {cue.Microphone, cue.Muted},
	},
	"speakers": {
		preflight.NoDevice: {cue.NoSpeakers}, preflight.Silent: {cue.Speakers, cue.Silent}, preflight.Muted: {cue.Speakers, cue.Muted},
	},
	"call":    {preflight.NoCall: {cue.Not, cue.InTheConference}, preflight.NotSetUp: {cue.NoConference}},
	"echo":    {preflight.NoEcho: {cue.NoEcho}},
	"storage": {preflight.Low: {cue.Storage, cue.Low}, preflight.Full: {cue.Storage, cue.Full}},
	"clock":   {preflight.NotSynced: {cue.NoClock}},
	"hub":     {preflight.NoHub: {cue.NoHub}},
	"box":     {preflight.LowPower: {cue.LowPower}, preflight.TooHot: {cue.TooHot}},
}
