package takes

import (
	"testing"
	"time"

	"orionbox/firmware/clock"
	"orionbox/firmware/session"
)

// A take begins with its pre-roll, before the press that began the session and its voice recording: that is one chunk.
func TestTheVoiceBeginsAndEndsWithinATake(t *testing.T) {
	zero := clock.Instant(1_700_000_000 * time.Second)
	at := func(seconds float64) clock.Instant { return zero.Add(time.Duration(seconds * float64(time.Second))) }
	track := func(file string, take int, from, to float64) Track {
		return Track{Box: "ann", Name: "Ann", Session: "SESSION_20260102_200000", File: file, Studio: take > 0, Take: take, Rate: 48000,
			Samples: int64((to - from) * 48000), Line: Timeline{{Hub: at(from), Pos: 0}}}
	}
	chunks := Chunks([]Track{track("HQ_Ann_1_200000.mp3", 1, -2, 10), track("LQ_Ann_200000.wav", 0, 0, 9)},
		[]Marker{{ID: "m1", By: "carol", Role: session.Producer, At: at(4)}})
	if len(chunks) != 2 {
		t.Fatalf("chunks %+v", chunks)
	}
	first, second := chunks[0], chunks[1]
	if first.Studio.To != 6*48000 || first.Voice.From != 0 || first.Voice.To != 4*48000 {
		t.Errorf("first chunk %v, %v", first.Studio, first.Voice)
	}
	if second.Studio.From != 6*48000 || second.Studio.To != 12*48000 || second.Voice.From != 4*48000 || second.Voice.To != 9*48000 {
		t.Errorf("second chunk %v, %v", second.Studio, second.Voice)
	}
	// A voice recording that broke and went on in another file is cut there: the two are not one.
	chunks = Chunks([]Track{track("HQ_Ann_1_200000.mp3", 1, -2, 10), track("LQ_Ann_200000.wav", 0, 0, 3), track("LQ_Ann_200004.wav", 0, 4, 9)}, nil)
	if len(chunks) != 3 || chunks[0].Voice.To != 3*48000 || chunks[1].Voice != nil || chunks[2].Voice.From != 0 {
		t.Errorf("chunks %+v", chunks)
	}
}
