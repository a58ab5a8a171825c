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
	signalPeak = 0.3
	pluck      = 1.5 // of the string, before it sounds: noise that is over in some milliseconds
)

// writeSignal writes music-like sound as the player's microphone: a plucked note a beat, on the left and on the right by
// turns. No two plucks are alike, so that a moment is told from all others by its sound.
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
	note = (0.7 + 0.3*chance(p.root, n/int64(studio.Samples(beat)))) * (note + pluck*math.Exp(-inBeat/0.015)*chance(p.root+1, n))
	pan := 0.5 + 0.3*math.Cos(math.Pi*math.Floor(t/beat.Seconds()))
	s := signalPeak * envelope * note
	return float32(s * pan), float32(s * (1 - pan))
}

// chance is a number from -1 to 1 that is always the same for the same two, and has nothing to do with that of any other two
// (the finalizer of SplitMix64: Steele, Lea, Flood, 2014).
func chance(of float64, n int64) float64 {
	z := math.Float64bits(of) + uint64(n)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64(int64(z^z>>31)) / math.MaxInt64
}
