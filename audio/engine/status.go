package engine

import (
	"time"

	"orionbox/audio/pcm"
)

// State of a device.
type State string

// The states: open and working; never seen since the start; was open and is gone.
const (
	OK      State = "ok"
	Missing State = "missing"
	Lost    State = "lost"
)

// DeviceStatus is what there is to know about one device.
type DeviceStatus struct {
	Name   string    `json:"name"`
	State  State     `json:"state"`
	Detail string    `json:"detail,omitempty"` // why it is away, as a sentence
	Since  time.Time `json:"since"`            // of the State
}

// Dropped counts the samples that were lost because somebody was slow.
type Dropped struct {
	Studio   int64 `json:"studio"`   // by the recorder
	Mic      int64 `json:"mic"`      // by the readers of the Mics that are open
	Speakers int64 `json:"speakers"` // by Speakers written faster than real time
}

// Status is the state of the engine at one moment.
type Status struct {
	Mic           DeviceStatus `json:"mic"`
	Speakers      DeviceStatus `json:"speakers"`
	Level         pcm.Level    `json:"level"`        // of the microphone, before gain and mute
	OutputLevel   pcm.Level    `json:"output_level"` // of what is played
	Dropped       Dropped      `json:"dropped"`
	MicMuted      bool         `json:"mic_muted"`
	SpeakersMuted bool         `json:"speakers_muted"`
}

// Status is the state of the engine now.
func (e *Engine) Status() Status {
	s := Status{
		Mic:           e.mic.Status(),
		Speakers:      e.speaker.Status(),
		Level:         e.in.meter.Level(),
		OutputLevel:   e.out.meter.Level(),
		Dropped:       Dropped{Studio: e.in.studio.Dropped()},
		MicMuted:      e.in.muted.Load(),
		SpeakersMuted: e.out.muted.Load(),
	}
	for _, m := range *e.in.mics.Load() {
		s.Dropped.Mic += m.lane.ring.Dropped()
	}
	for _, v := range *e.out.speakers.Load() {
		s.Dropped.Speakers += v.lane.ring.Dropped()
	}
	return s
}
