package main

import (
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orionbox/audio/audiotest"
	"orionbox/audio/audiotest/lab"
	"orionbox/audio/measure"
	"orionbox/firmware"
	"orionbox/sip/siptest"
)

// TestCallOverAFullLink measures a call over a link of 2 Mbit/s that is idle and then full of somebody's upload, and finds
// the upload in it each way: what the box says, what the server says, and the sound itself.
func TestCallOverAFullLink(t *testing.T) {
	link := lab.NewLink(t, lab.LinkConfig{Rate: 2_000_000, Buffer: 400 * time.Millisecond})
	server := siptest.StartAsterisk(t, siptest.AsteriskOptions{At: link.B()})
	box := newClickingBox(t, server.Addr(), "1001")
	box.at = link.A()
	box.start().join()
	box.talk(6 * time.Second)
	idle := box.await("a report of the far end", func(s firmware.Status) bool { return s.Phone.Media.RoundTripMS > 0 })
	if m := idle.Phone.Media; m.RoundTripMS > 60 || m.LossPercent+m.FarLossPercent > 0 {
		t.Errorf("over an idle link the box says %+v", *m)
	}
	from := idle.Voice.Seconds
	stop := link.Fill(link.A(), link.B())
	full := box.await("the upload to show", func(s firmware.Status) bool {
		return s.Phone.Media.RoundTripMS > 150 && s.Voice.Seconds > from+6
	})
	server.Wait("packets to be lost", func() bool { return server.Legs()[0].Lost > 0 })
	legs := server.Legs()
	stop()
	box.stop()
	delays := voiceDelays(t, audiotest.Read(t, box.only("LQ_*.wav"))[0])
	before, during := delays.median(0, from), delays.median(from+2, full.Voice.Seconds)
	t.Logf("round trip %.0f ms idle, %.0f full; voice there and back %v idle, %v full; server %+v",
		idle.Phone.Media.RoundTripMS, full.Phone.Media.RoundTripMS, before, during, legs)
	if before == 0 || before > 250*time.Millisecond || during < before+100*time.Millisecond {
		t.Errorf("the voice takes %v there and back over an idle link, %v over a full one", before, during)
	}
}

const clickEvery = 2 * time.Second

// newClickingBox is a box that calls the echo, and whose microphone hears a click every 2 s: how long its voice is on the
// way there and back is then to be heard in its voice recording.
func newClickingBox(t *testing.T, server, user string) *testBox {
	t.Helper()
	mic := filepath.Join(t.TempDir(), "clicks.wav")
	clicks := measure.Sound{Rate: 48000, Samples: make([]float32, int(clickEvery.Seconds()*48000))}
	copy(clicks.Samples[len(clicks.Samples)/2:], click(48000).Samples)
	audiotest.WriteWAV(t, mic, clicks, clicks)
	return newBox(t, server, user, 0, settings{"AudioSettings.mic": "file:" + mic,
		"ConnectionDetails.call_no": "601", "LQRecordingSettings.codec": "PCMU"})
}

// click is 10 ms that rise from 500 to 3000 Hz: short, and unlike any other piece of a voice recording.
func click(rate int) measure.Sound {
	const length, low, high = 0.010, 500, 3000 // s, Hz
	s := measure.Sound{Rate: rate, Samples: make([]float32, int(length*float64(rate)))}
	for i := range s.Samples {
		at := float64(i) / float64(rate)
		phase := 2 * math.Pi * (low*at + (high-low)*at*at/(2*length))
		s.Samples[i] = float32(0.5 * math.Sin(phase) * math.Sin(math.Pi*at/length))
	}
	return s
}

// delay is how long a click was on its way, and when it was made in the recording.
type delay struct {
	at  float64 // s
	way time.Duration
}

type delays []delay

// voiceDelays finds each click of the microphone in a voice recording, and the same click as it came back from the echo. One
// that was lost, or took a second and more, is left out.
func voiceDelays(t *testing.T, s measure.Sound) (all delays) {
	t.Helper()
	piece, period := click(s.Rate), int(clickEvery.Seconds()*float64(s.Rate))
	const alike = 0.7
	own, likeness := s.Find(piece, period/2, period/2)
	if likeness < alike {
		t.Fatalf("no click in the voice recording of %v: likeness %.2f", s.Duration(), likeness)
	}
	// which may be its echo: then its own is to be found in the second before
	quiet := len(piece.Samples)
	if first, likeness := s.Find(piece, own-quiet-period/4, period/4); likeness > alike {
		own = first
	}
	for ; own+period/2 < len(s.Samples); own += period {
		if at, likeness := s.Find(piece, own, s.Rate/20); likeness > alike {
			own = at // the sound card's clock is not the call's
		}
		if back, likeness := s.Find(piece, own+quiet+period/4, period/4); likeness > alike {
			all = append(all, delay{float64(own) / float64(s.Rate), time.Duration(back-own) * time.Second / time.Duration(s.Rate)})
		}
	}
	return all
}

// median is the middle one of the clicks made between two moments of the recording; 0 of none.
func (d delays) median(from, to float64) time.Duration {
	var ways []time.Duration
	for _, one := range d {
		if one.at >= from && one.at < to {
			ways = append(ways, one.way)
		}
	}
	if len(ways) == 0 {
		return 0
	}
	slices.Sort(ways)
	return ways[len(ways)/2]
}
