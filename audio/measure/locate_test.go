package measure

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// speech is noise in syllables whose colour changes, as a voice's does; each seed is another voice.
func speech(seed uint64, rate int, seconds float64) Sound {
	r := rand.New(rand.NewPCG(seed, 1))
	s := Sound{Rate: rate, Samples: make([]float32, int(seconds*float64(rate)))}
	var level, pitch, phase, low float64
	for i := range s.Samples {
		if i%(rate/6) == 0 {
			level, pitch = 0.3*r.Float64()*r.Float64(), 90+150*r.Float64()
		}
		phase += pitch / float64(rate)
		buzz := 2*(phase-math.Floor(phase)) - 1
		low += 0.3 * (buzz + 0.3*r.NormFloat64() - low)
		s.Samples[i] = float32(level * low)
	}
	return s
}

// mixed adds b, so many times as loud, to a copy of a.
func mixed(a, b Sound, level float64) Sound {
	out := Sound{a.Rate, append([]float32(nil), a.Samples...)}
	for i := range min(len(out.Samples), len(b.Samples)) {
		out.Samples[i] += float32(level) * b.Samples[i]
	}
	return out
}

// muffled is what is left of a sound below so many Hz, eight bits of each sample, as a poor codec leaves it.
func muffled(s Sound, hz float64) Sound {
	out := Sound{s.Rate, make([]float32, len(s.Samples))}
	share := 1 - math.Exp(-2*math.Pi*hz/float64(s.Rate))
	var a, b float64
	for i, v := range s.Samples {
		a += share * (float64(v) - a)
		b += share * (a - b)
		out.Samples[i] = float32(math.Round(b*127) / 127)
	}
	return out
}

// late is the sound from so many samples before its start on, the fraction by a straight line between two.
func late(s Sound, samples float64) Sound {
	out := Sound{s.Rate, make([]float32, len(s.Samples))}
	for i := range out.Samples {
		at := float64(i) - samples
		k := int(math.Floor(at))
		if f := float32(at - float64(k)); k >= 0 && k+1 < len(s.Samples) {
			out.Samples[i] = s.Samples[k]*(1-f) + s.Samples[k+1]*f
		}
	}
	return out
}

func noise(rate int, seconds, level float64) Sound {
	r := rand.New(rand.NewPCG(9, 9))
	s := Sound{Rate: rate, Samples: make([]float32, int(seconds*float64(rate)))}
	for i := range s.Samples {
		s.Samples[i] = float32(level * r.NormFloat64())
	}
	return s
}

func TestLocatesAPieceInAConference(t *testing.T) {
	const rate, from, length = 48000, 24000, 4 * 48000
	voice := speech(1, rate, 6)
	piece := Sound{rate, voice.Samples[from : from+length]}
	others := mixed(speech(2, rate, 6), speech(3, rate, 6), 1)
	heard := map[string]Sound{
		"as it was":                      voice,
		"a tenth as loud":                mixed(Sound{rate, make([]float32, len(voice.Samples))}, voice, 0.1),
		"in noise":                       mixed(voice, noise(rate, 6, 0.02), 1),
		"with two others as loud":        mixed(voice, others, 1),
		"a codec and one other":          muffled(mixed(voice, speech(4, rate, 6), 1), 2500),
		"a codec, noise and two others":  muffled(mixed(mixed(voice, others, 0.7), noise(rate, 6, 0.01), 1), 3000),
		"upside down, with another loud": mixed(speech(5, rate, 6), voice, 0.5),
	}
	for what, s := range heard {
		for _, delay := range []float64{1234, 20000.4} {
			own := muffledBy(what)
			m := late(s, delay).Locate(piece)
			off := (m.At - own - from - delay) / rate * 1000
			if math.Abs(off) > 0.1 || m.Likeness < 0.1 || m.Rival > 0.7*m.Likeness {
				t.Errorf("%s, %.1f samples late: %.3f ms off, alike %.2f, rival %.2f", what, delay, off, m.Likeness, m.Rival)
			}
		}
	}
}

// muffledBy is the delay in samples of the muffling itself: that of two poles, 1/(2 pi hz) each.
func muffledBy(what string) float64 {
	switch what {
	case "a codec and one other":
		return 2 * 48000 / (2 * math.Pi * 2500)
	case "a codec, noise and two others":
		return 2 * 48000 / (2 * math.Pi * 3000)
	}
	return 0
}

func TestLocateKnowsWhatItCannotTell(t *testing.T) {
	const rate = 16000
	tone := Sine(rate, 440, -20, 5*time.Second)
	if m := tone.Locate(tone.Cut(time.Second, 4*time.Second)); m.Rival < 0.8*m.Likeness {
		t.Errorf("a tone is heard at %.0f alone: %+v", m.At, m)
	}
	if m := speech(1, rate, 5).Locate(speech(2, rate, 3)); m.Likeness > 0.1 && m.Rival < 0.7*m.Likeness {
		t.Errorf("found what is not there: %+v", m)
	}
	silent := Sound{rate, make([]float32, 5*rate)}
	for _, m := range []Match{silent.Locate(speech(1, rate, 2)), speech(1, rate, 5).Locate(silent.Cut(0, time.Second)), silent.Locate(silent)} {
		if m.Likeness > 0.05 || math.IsNaN(m.At+m.Likeness+m.Rival) {
			t.Errorf("heard in silence: %+v", m)
		}
	}
	if m := tone.Cut(0, time.Second).Locate(tone); m != (Match{}) {
		t.Errorf("a piece longer than the whole: %+v", m)
	}
}

// A beat that comes again and again is told by what is sung over it.
func TestLocatesMusicWithABeat(t *testing.T) {
	const rate = 48000
	song := speech(7, rate, 6)
	beat := noise(rate, 0.02, 0.5)
	for at := 0; at+len(beat.Samples) < len(song.Samples); at += rate / 2 {
		for i, v := range beat.Samples {
			song.Samples[at+i] += v
		}
	}
	piece := Sound{rate, song.Samples[rate : 5*rate]}
	m := late(mixed(song, speech(8, rate, 6), 1), 4321).Locate(piece)
	if off := (m.At - rate - 4321) / rate * 1000; math.Abs(off) > 0.1 {
		t.Errorf("%.3f ms off: %+v", off, m)
	}
}
