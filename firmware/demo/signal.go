package demo

import (
	"fmt"
	"math"
	"time"

	"orionbox/audio/pcm"
	"orionbox/audio/wav"
)

// player is a musician of the demo: a name, a role, and a root note that tells its recordings apart. The roots' low
// harmonics keep 25 Hz or more away from the other roots, so that one is never taken for another.
type player struct {
	name string
	role string
	root float64 // Hz
}

var players = []player{
	{"carol", producer, 247},
	{"alice", artist, 330},
	{"bob", artist, 440},
}

// studio is the format of the demo's interfaces.
var studio = pcm.Format{Rate: 48000, Channels: 2}

const (
	beat       = 500 * time.Millisecond
	signalTime = 10 * time.Second // a whole number of beats and of every root's periods, so that it loops without a click
	signalPeak = 0.35
)

// writeSignal writes music-like sound as the player's microphone: a plucked note a beat, on the left and on the right by
// turns.
func writeSignal(path string, p player) error {
	file, err := wav.Create(path, studio)
	if err != nil {
		return fmt.Errorf("create demo signal: %w", err)
	}
	frame := pcm.Frame{Format: studio, Data: make([]float32, studio.Rate/50*studio.Channels)}
	for total := studio.Samples(signalTime); frame.Pos < total; frame.Pos = frame.End() {
		for i := range frame.Len() {
			frame.Data[2*i], frame.Data[2*i+1] = p.at(frame.Pos + int64(i))
		}
		if err := file.WriteFrame(frame); err != nil {
			file.Close()
			return fmt.Errorf("write demo signal: %w", err)
		}
	}
	return file.Close()
}

// at is the sample pair n of the player's signal.
func (p player) at(n int64) (left, right float32) {
	t := float64(n) / float64(studio.Rate)
	inBeat := math.Mod(t, beat.Seconds())
	// A note rises in 5 ms and dies away; it does not reach silence, so that a gap in a recording would show.
	envelope := math.Min(1, inBeat/0.005) * (0.25 + 0.75*math.Exp(-inBeat/0.15))
	// The last 5 ms lead into the next note without a step.
	envelope *= math.Min(1, (beat.Seconds()-inBeat)/0.005)
	phase := 2 * math.Pi * p.root * t
	note := math.Sin(phase) + 0.25*math.Sin(2*phase) + 0.12*math.Sin(3*phase)
	pan := 0.5 + 0.3*math.Cos(math.Pi*math.Floor(t/beat.Seconds()))
	s := signalPeak * envelope * note
	return float32(s * pan), float32(s * (1 - pan))
}
