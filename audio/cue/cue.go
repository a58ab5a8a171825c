// Package cue owns what a musician hears in the headphones and never on a track: that a take has begun, that the storage is
// low, that the microphone is muted while they talk. A musician sees no screen; so the box speaks, in words or, for those
// who prefer them, in tones:
//
//	Say(Recording, Comma, Take, Number(3)) -.
//	                                         >-- Sound --> Player --> Voice (a speaker of the box, and nothing else)
//	ToneStarted.At(rate) -------------------'
//
// Sounds are put together by pure functions; the Player alone knows the time.
package cue

import "time"

// Rate is how many samples a second spoken words have.
const Rate = 16000

// Sound is what a Player plays: one channel, full scale +-1.0. It begins and ends in silence, so that nothing clicks.
// Nobody changes the samples.
type Sound struct {
	Name    string // what it says; two sounds of one name are the same cue
	Rate    int    // samples a second
	Samples []float32
}

// Length is how long it takes to play.
func (s Sound) Length() time.Duration {
	if s.Rate < 1 {
		return 0
	}
	return time.Duration(len(s.Samples)) * time.Second / time.Duration(s.Rate)
}

// samplesIn is how many samples are in a time at rate Hz.
func samplesIn(d time.Duration, rate int) int { return int(d * time.Duration(rate) / time.Second) }
