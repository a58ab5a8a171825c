package engine

import (
	"math"
	"sync"
	"testing"

	"orionbox/audio/pcm"
)

var mono = pcm.Format{Rate: 48000, Channels: 1}

// ones is n samples of full scale.
func ones(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// steepest is the largest step from one sample to the next.
func steepest(x []float32) float64 {
	worst := 0.0
	for i := 1; i < len(x); i++ {
		worst = max(worst, math.Abs(float64(x[i]-x[i-1])))
	}
	return worst
}

func TestLaneWaitsPlaysAndEndsWithoutAClick(t *testing.T) {
	l := newLane(mono, 1440) // begins with 1440 + 1200 samples
	var out []float32
	block := make([]float32, 480)
	read := func() bool {
		sound := l.read(block)
		out = append(out, block...)
		return sound
	}
	l.ring.Write(ones(2400))
	if read() {
		t.Error("played before enough was there")
	}
	l.ring.Write(ones(480))
	for range 6 {
		if !read() {
			t.Error("fell silent with sound waiting")
		}
	}
	l.ring.Write(ones(1000))
	if read() || l.ring.Len() != 1000 {
		t.Error("went on before enough was there again")
	}
	if s := steepest(out); s > 0.01 || out[480+2000] != 1 {
		t.Errorf("a step of %v, and %v in the middle", s, out[480+2000])
	}
}

func TestLaneFadesOutWhatIsLeft(t *testing.T) {
	l := newLane(mono, 480)
	l.ring.Write(ones(2000))
	out := make([]float32, 2400)
	l.read(out)
	if s := steepest(out); s > 0.01 || out[1000] != 1 || out[2399] != 0 {
		t.Errorf("steepest %v, middle %v, end %v", s, out[1000], out[2399])
	}
}

func TestLaneWaitsLongerWhenTheOtherSideIsUneven(t *testing.T) {
	l := newLane(mono, 480)
	before := l.prime.Load()
	dry := func(blocks int) {
		l.ring.Write(ones(int(l.prime.Load())))
		block := make([]float32, 480)
		for l.read(block) {
		}
		for range blocks {
			l.read(block)
		}
	}
	dry(100) // a pause of a second
	dry(1)
	if l.prime.Load() != before {
		t.Error("a pause was taken for unevenness")
	}
	for range 20 {
		dry(1) // 20 ms late
	}
	if grown := l.prime.Load() - before; grown != 4800 {
		t.Errorf("latency grew by %d samples, want 4800 and no more", grown)
	}
}

func TestLaneSkipsWhatPiledUp(t *testing.T) {
	l := newLane(mono, 480)
	l.ring.Write(ones(40000))
	block := make([]float32, 480)
	l.read(block)
	if left, want := l.ring.Len(), int(l.prime.Load())-480; left != want {
		t.Errorf("%d samples wait, want %d", left, want)
	}
}

// Everything at once on real goroutines: the race detector is the judge.
func TestEverybodyAtOnce(t *testing.T) {
	e, in, out := bare(t, testConfig())
	var all sync.WaitGroup
	many := func(f func()) {
		all.Go(func() {
			for range 300 {
				f()
			}
		})
	}
	data, heard := make([]float32, 960), make([]float32, 960)
	many(func() { e.in.deliver(in, data, false) })
	many(func() { e.in.deliver(in+1, nil, true) }) // a stale device
	many(func() { e.out.render(out, heard) })
	many(func() { e.Studio().Pop() })
	mic, speaker, voice, said := e.Mic(16000), e.Speaker(16000), make([]float32, 320), make([]float32, 320)
	many(func() { mic.ReadVoice(voice) })
	many(func() { speaker.WriteVoice(said) })
	many(func() { e.Status(); e.Clock() })
	all.Go(func() {
		for i := range 20 {
			m, s := e.Mic(8000), e.Speaker(8000)
			e.MuteMic(i%2 == 0)
			e.SetSpeakerGain(float64(i))
			m.Close()
			s.Close()
		}
	})
	all.Wait()
}
