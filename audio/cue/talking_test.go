package cue

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// scene is the level of a microphone in dBFS, a value for every 10 ms.
type scene []float64

const blockOfScene = 10 * time.Millisecond

// hold appends a level for so long.
func (s scene) hold(db float64, long time.Duration) scene {
	for range long / blockOfScene {
		s = append(s, db)
	}
	return s
}

// slope appends a straight line.
func (s scene) slope(from, to float64, long time.Duration) scene {
	n := int(long / blockOfScene)
	for i := range n {
		s = append(s, from+(to-from)*float64(i)/float64(n))
	}
	return s
}

// speak appends syllables as people make them: 60 to 100 ms up, held for short or, when stressed, for long, 60 to 110 ms
// down, with a breath now and then. That is some four a second, whose distances deviate by a third.
func (s scene) speak(dice *rand.Rand, db float64, long time.Duration) scene {
	ms := func(least, most int) time.Duration {
		return time.Duration(least+dice.IntN(most-least)) * time.Millisecond
	}
	for end := len(s) + int(long/blockOfScene); len(s) < end; {
		top := db - 6*dice.Float64()
		low := top - 14 - 10*dice.Float64()
		held := ms(0, 60)
		if dice.IntN(3) == 0 {
			held = ms(80, 240)
		}
		s = s.slope(low, top, ms(60, 100)).hold(top, held).slope(top, low, ms(60, 110)).hold(low, ms(0, 60))
		if dice.IntN(12) == 0 {
			s = s.hold(-68, ms(150, 400))
		}
	}
	return s
}

// strike appends notes that are there at once and die away by fall dB a second.
func (s scene) strike(dice *rand.Rand, db, fall float64, lengths ...time.Duration) scene {
	for _, long := range lengths {
		top := db - 4*dice.Float64()
		s = s.slope(top, top-fall*long.Seconds(), long)
	}
	return s
}

// noisy adds what every room and every microphone has.
func (s scene) noisy(dice *rand.Rand, floor float64) scene {
	for i, db := range s {
		s[i] = 10*math.Log10(math.Pow(10, db/10)+math.Pow(10, floor/10)) + dice.NormFloat64()*0.7
	}
	return s
}

func repeat(times int, lengths ...time.Duration) (all []time.Duration) {
	for range times {
		all = append(all, lengths...)
	}
	return all
}

// warnings is when a detector speaks up over a scene.
func (s scene) warnings(t *Talking, muted bool) (at []time.Duration) {
	start := time.Unix(1e9, 0)
	for i, db := range s {
		since := time.Duration(i+1) * blockOfScene
		if t.Hear(start.Add(since), db, muted) {
			at = append(at, since)
		}
	}
	return at
}

func TestSpeechIntoAMutedMicrophone(t *testing.T) {
	for seed := range uint64(50) {
		dice := rand.New(rand.NewPCG(seed, 1))
		loud := -15 - 20*dice.Float64()
		s := scene{}.hold(-90, 3*time.Second).speak(dice, loud, 70*time.Second).noisy(dice, -65)
		at := s.warnings(&Talking{}, true)
		if len(at) < 2 || at[0] < 3800*time.Millisecond || at[0] > 6*time.Second {
			t.Errorf("seed %d, %.0f dBFS: speech from 3 s on was noticed at %v", seed, loud, at)
		}
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < 20*time.Second {
				t.Errorf("seed %d: told at %v: too often", seed, at)
			}
		}
		if at := s.warnings(&Talking{}, false); at != nil {
			t.Errorf("seed %d: nothing is muted, told at %v", seed, at)
		}
	}
}

// The shipped clips are a voice too.
func TestASpokenSentenceIsSpeech(t *testing.T) {
	s := Say(Fault, NothingSaved, PeerStopped, MutedTalking, Storage, Count(342, Minutes), Left, Not, InTheConference, LowPower).measured()
	levels := scene{}.hold(-90, time.Second)
	for at := time.Duration(0); at < s.Duration(); at += blockOfScene {
		levels = append(levels, max(s.Cut(at, at+blockOfScene).Level(), -100))
	}
	levels = levels.noisy(rand.New(rand.NewPCG(1, 1)), -65)
	if at := levels.warnings(&Talking{}, true); len(at) != 1 {
		t.Errorf("over %v of speech told at %v", s.Duration(), at)
	}
}

// quiet is what a muted microphone may hear without any talk.
func quiet(dice *rand.Rand) map[string]scene {
	const ms = time.Millisecond
	rhythm := []time.Duration{250 * ms, 250 * ms, 500 * ms, 250 * ms, 120 * ms, 130 * ms, 500 * ms, 750 * ms, 250 * ms}
	var knocks, bows, tremolo scene
	for range 20 {
		knocks = knocks.strike(dice, -12, 300, 120*ms).hold(-90, time.Duration(200+dice.IntN(2000))*ms)
		bows = bows.slope(-40, -18, 80*ms).hold(-18, time.Duration(600+dice.IntN(900))*ms).slope(-18, -40, 80*ms)
	}
	for range 200 {
		tremolo = tremolo.slope(-35, -15, 100*ms).slope(-15, -35, 100*ms)
	}
	return map[string]scene{
		"silence":                    scene{}.hold(-90, time.Minute),
		"a fan":                      scene{}.hold(-35, time.Minute),
		"a fan that goes on and off": scene{}.hold(-90, 5*time.Second).hold(-30, 5*time.Second).hold(-90, 5*time.Second).hold(-30, 20*time.Second),
		"a guitar in eighths":        scene{}.strike(dice, -15, 25, repeat(160, 250*ms)...),
		"a guitar's melody":          scene{}.strike(dice, -15, 40, repeat(15, rhythm...)...),
		"damped strings":             scene{}.strike(dice, -15, 120, repeat(15, rhythm...)...),
		"drums":                      scene{}.strike(dice, -8, 200, repeat(15, rhythm...)...),
		"a long chord":               scene{}.strike(dice, -15, 8, repeat(10, 4*time.Second)...),
		"long bowed notes":           bows,
		"a tremolo":                  tremolo,
		"knocks":                     knocks,
		"a talk in the next room":    scene{}.speak(dice, -56, 40*time.Second),
	}
}

func TestWhatIsNoSpeech(t *testing.T) {
	for seed := range uint64(20) {
		for name, s := range quiet(rand.New(rand.NewPCG(seed, 7))) {
			s = s.noisy(rand.New(rand.NewPCG(seed, 8)), -65)
			if at := s.warnings(&Talking{}, true); at != nil {
				t.Errorf("seed %d: %s was taken for speech at %v", seed, name, at)
			}
		}
	}
}

// What is said before the mute, or before the levels were lost for a while, does not count.
func TestTalkingBeginsAnewWithAMute(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 3))
	s := scene{}.hold(-90, time.Second).speak(dice, -20, 20*time.Second).noisy(dice, -65)
	first := s.warnings(&Talking{}, true)[0]
	talking, start := &Talking{}, time.Unix(1e9, 0)
	muteAt := int(first/blockOfScene) - 1
	for i, db := range s {
		if talking.Hear(start.Add(time.Duration(i)*blockOfScene), db, i >= muteAt) && i < muteAt+80 {
			t.Errorf("told %v after the mute", time.Duration(i-muteAt)*blockOfScene)
		}
	}
	talking = &Talking{}
	for i, db := range s[:muteAt] {
		talking.Hear(start.Add(time.Duration(i)*blockOfScene), db, true)
	}
	late := start.Add(time.Duration(muteAt)*blockOfScene + time.Second)
	for i, db := range s[muteAt : muteAt+80] {
		if talking.Hear(late.Add(time.Duration(i)*blockOfScene), db, true) {
			t.Errorf("told %v after a gap", time.Duration(i)*blockOfScene)
		}
	}
}

func TestHearDoesNotAllocate(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 5))
	s := scene{}.speak(dice, -20, 10*time.Second)
	talking, now, i := &Talking{}, time.Unix(1e9, 0), 0
	if n := testing.AllocsPerRun(900, func() {
		now = now.Add(blockOfScene)
		talking.Hear(now, s[i%len(s)], true)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}
