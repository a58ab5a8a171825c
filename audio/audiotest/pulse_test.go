package audiotest_test

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/device"
	"orionbox/audio/measure"
	"orionbox/audio/pcm"
)

var stereo = device.Config{Name: device.Default, Format: pcm.Format{Rate: 48000, Channels: 2}, Width: 2}

// What comes in at a real microphone goes out at real speakers, by either of the sound systems a box may have.
func TestSoundCard(t *testing.T) {
	for name, setenv := range map[string]func(*audiotest.Pulse){
		"PulseAudio": (*audiotest.Pulse).Setenv, "ALSA": (*audiotest.Pulse).SetenvALSA,
	} {
		t.Run(name+" microphone", func(t *testing.T) {
			pulse := audiotest.StartPulse(t)
			setenv(pulse)
			pulse.Feed(measure.Sine(48000, 440, -20, 30*time.Second))
			hears(t, capture(t, 3*time.Second), 440, -20)
		})
		t.Run(name+" speakers", func(t *testing.T) {
			pulse := audiotest.StartPulse(t)
			setenv(pulse)
			defer play(t, 660, -20)()
			recording := pulse.Record()
			recording.Wait(3 * time.Second)
			hears(t, recording.Stop(), 660, -20)
		})
	}
}

// hears judges the clearest fifth of a second: on a busy machine the sound server itself tears gaps.
func hears(t *testing.T, s measure.Sound, freq, level float64) {
	t.Helper()
	s = audiotest.Clearest(s, freq, 200*time.Millisecond)
	if got := s.MainFrequency(); math.Abs(got-freq) > 3 {
		t.Errorf("main frequency %.1f Hz, want %g", got, freq)
	}
	if got := s.Tone(freq); math.Abs(got-level) > 1 {
		t.Errorf("%g Hz at %.1f dBFS, want %g", freq, got, level)
	}
}

// capture records the left channel of the microphone for a while.
func capture(t *testing.T, length time.Duration) measure.Sound {
	t.Helper()
	data := make([]float32, stereo.Format.Samples(length)*2)
	var filled atomic.Int64
	full := make(chan struct{})
	mic, err := device.OpenCapture(stereo, func(block []float32) {
		at := filled.Load()
		n := int64(copy(data[at:], block))
		if filled.Add(n) == int64(len(data)) && n > 0 {
			close(full)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-full:
	case <-time.After(length + 10*time.Second):
		t.Errorf("%v: after 10 s more %d of %d samples", mic, filled.Load(), len(data))
	}
	if err := mic.Close(); err != nil {
		t.Error(err)
	}
	return measure.Channel(data, 2, 0, stereo.Format.Rate)
}

// play plays a tone through the speakers until the function it returns is called.
func play(t *testing.T, freq, level float64) (stop func()) {
	t.Helper()
	cycle := measure.Sine(stereo.Format.Rate, freq, level, time.Second).Samples // whole periods: it loops
	next := 0
	speakers, err := device.OpenPlayback(stereo, func(dst []float32) {
		for i := 0; i < len(dst); i += 2 {
			dst[i], dst[i+1] = cycle[next], cycle[next]
			next = (next + 1) % len(cycle)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := speakers.Close(); err != nil {
			t.Error(err)
		}
	}
}
