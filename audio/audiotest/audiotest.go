// Package audiotest owns what tests need besides measures: reading of any file by ffmpeg, writing of WAVs for other
// programs, and a PulseAudio server whose null sinks are a sound card. Only tests import it.
package audiotest

import (
	"math"
	"time"

	"orionbox/audio/measure"
)

// Clearest is the stretch of a length in which the tone of freq Hz is strongest, moving by half its length. In real-time
// sound on a busy machine it is the one to judge: what came late elsewhere says nothing about the path.
func Clearest(s measure.Sound, freq float64, length time.Duration) measure.Sound {
	best, level := s, math.Inf(-1)
	for at := time.Duration(0); at+length <= s.Duration(); at += length / 2 {
		if part := s.Cut(at, at+length); part.Tone(freq) > level {
			best, level = part, part.Tone(freq)
		}
	}
	return best
}
