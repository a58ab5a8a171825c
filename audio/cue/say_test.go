package cue

import (
	"math"
	"testing"
	"time"

	"orionbox/audio/measure"
)

func (s Sound) measured() measure.Sound { return measure.Sound{Rate: s.Rate, Samples: s.Samples} }

// steepest is the greatest step between two samples.
func steepest(x []float32) (most float64) {
	for i := 1; i < len(x); i++ {
		most = max(most, math.Abs(float64(x[i]-x[i-1])))
	}
	return most
}

func TestSentences(t *testing.T) {
	for text, words := range map[string][]Word{
		"recording, take three":                    {Recording, Comma, Take, Number(3)},
		"not in the conference.":                   {Not, InTheConference},
		"storage, forty minutes left.":             {Storage, Count(40, Minutes), Left},
		"storage, one hour left.":                  {Storage, Count(1, Hours), Left},
		"microphone muted while you talk.":         {MutedTalking},
		"a musician stopped recording.":            {PeerStopped},
		"not yet, two takes to deliver.":           {NotYet, Count(2, Takes), ToDeliver},
		"pre-flight good.":                         {Preflight, Good},
		"pre-flight not good. no microphone.":      {Preflight, Not, Good, NoMicrophone},
		"ready. in the conference.":                {Ready, InTheConference},
		"fault, recordings do not reach the disk.": {Fault, NothingSaved},
		"": {{}, {}},
	} {
		s := Say(words...)
		if s.Name != text || s.Rate != Rate {
			t.Errorf("%q at %d Hz, want %q", s.Name, s.Rate, text)
		}
		want := 0
		for _, w := range words {
			for _, c := range w.spoken() {
				want += len(c.samples())
			}
		}
		if pauses := len(s.Samples) - want; pauses < 0 || pauses > Rate {
			t.Errorf("%q: %d samples, of which %d are spoken", text, len(s.Samples), want)
		}
		if got := s.Length(); got != s.measured().Duration() {
			t.Errorf("%q lasts %v, and says %v", text, s.measured().Duration(), got)
		}
	}
}

// Words keep the sound of their clips, and lie where the pauses put them.
func TestPausesOfASentence(t *testing.T) {
	s := Say(Ready, Recording, Comma, Take, Number(342))
	at := 0
	for _, part := range []struct {
		clip  clip
		after time.Duration
	}{
		{"ready", stopPause}, {"recording", wordPause + commaPause}, {"take", wordPause},
		{"3", withinPause}, {"hundred-and", withinPause}, {"40", withinPause}, {"2", 0},
	} {
		clip, pause := part.clip.samples(), samplesIn(part.after, Rate)
		for i, want := range clip {
			if s.Samples[at+i] != want {
				t.Fatalf("%s: sample %d is %v, want %v", part.clip, i, s.Samples[at+i], want)
			}
		}
		at += len(clip)
		for i := range pause {
			if s.Samples[at+i] != 0 {
				t.Fatalf("after %s: %v in the pause", part.clip, s.Samples[at+i])
			}
		}
		at += pause
	}
	if at != len(s.Samples) {
		t.Errorf("%d samples, want %d", len(s.Samples), at)
	}
}

// At a join the sound steps no further than one that is silent there may: 1/500 of full scale, -54 dB.
func TestNoJoinClicks(t *testing.T) {
	for n := range 1001 {
		s := Say(Recording, Take, Count(n, Takes), Left)
		if n%50 != 0 && n > 120 {
			continue
		}
		for i := 1; i < len(s.Samples); i++ {
			before, after := s.Samples[i-1], s.Samples[i]
			if (before == 0) != (after == 0) && math.Abs(float64(after-before)) > 0.002 && edge(s.Samples, i) {
				t.Fatalf("%q: from %v to %v at sample %d", s.Name, before, after, i)
			}
		}
	}
}

// edge tells whether a pause ends or begins at sample i: speech crosses zero too, but does not stay there.
func edge(x []float32, i int) bool {
	still := func(part []float32) bool {
		for _, v := range part {
			if v != 0 {
				return false
			}
		}
		return len(part) > 0
	}
	return still(x[max(0, i-20):i]) || still(x[i:min(len(x), i+20)])
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{
		-5: "zero", 0: "zero", 1: "one", 7: "seven", 10: "ten", 12: "twelve", 19: "nineteen", 20: "twenty", 21: "twenty one",
		40: "forty", 99: "ninety nine", 100: "one hundred", 101: "one hundred and one", 110: "one hundred and ten",
		342: "three hundred and forty two", 900: "nine hundred", 999: "nine hundred and ninety nine",
		1000: "more than nine hundred", math.MaxInt: "more than nine hundred", math.MinInt: "zero",
	} {
		if got := Number(n).String(); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "zero minutes", 1: "one minute", 2: "two minutes", 999: "nine hundred and ninety nine minutes",
		5000: "more than nine hundred minutes"} {
		if got := Count(n, Minutes).String(); got != want {
			t.Errorf("%d minutes are %q, want %q", n, got, want)
		}
	}
}

// Every number has words of its own, all of which have a sound.
func TestNoTwoNumbersSoundTheSame(t *testing.T) {
	seen := map[string]int{}
	for n := range 1000 {
		w := Number(n)
		if other, taken := seen[w.String()]; taken {
			t.Errorf("%d and %d are both %q", n, other, w)
		}
		seen[w.String()] = n
		for _, c := range w.spoken() {
			if c.text() == "" || len(c.samples()) == 0 {
				t.Errorf("%d: nothing to hear of %q", n, c)
			}
		}
	}
}
