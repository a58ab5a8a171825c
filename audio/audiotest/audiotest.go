// Package audiotest owns what tests need besides measures: reading of any file by ffmpeg, writing of WAVs for other
// programs, and a PulseAudio server whose null sinks are a sound card. Only tests import it.
package audiotest

import "orionbox/audio/measure"

type (
	Sound = measure.Sound
	Gap   = measure.Gap
)

const Silence = measure.Silence

var (
	Sine    = measure.Sine
	Channel = measure.Channel
)
