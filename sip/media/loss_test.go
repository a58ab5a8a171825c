package media

import (
	"math"
	"math/rand/v2"
	"testing"
)

// worst is the largest step from sample to sample, and the longest run of zeros.
func worst(sound []float32) (step float64, zeros int) {
	run := 0
	for i := 1; i < len(sound); i++ {
		step = math.Max(step, math.Abs(float64(sound[i]-sound[i-1])))
		if sound[i] == 0 {
			run++
		} else {
			run = 0
		}
		zeros = max(zeros, run)
	}
	return step, zeros
}

func TestLossIsHidden(t *testing.T) {
	for _, name := range []string{"PCMU", "G722", "opus"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, name, 16000)
			rng := rand.New(rand.NewPCG(1, 2))
			lost := 0
			heard := b.run(300, 300, func(i int) bool {
				drop := i > 20 && rng.IntN(10) == 0
				if drop {
					lost++
				}
				return drop
			})
			steady := heard[len(heard)/4:]
			clean := 0.5 * 2 * math.Pi * 300 / 16000
			if step, zeros := worst(steady); step > 5*clean || zeros > 16 {
				t.Errorf("steepest step %.3f (clean %.3f), %d zeros in a row", step, clean, zeros)
			}
			if got := tone(steady, 16000, 300); got < 0.35 {
				t.Errorf("the tone has amplitude %.3f", got)
			}
			s := b.b.Stats()
			if s.Concealed < int64(lost-2) || s.Concealed > int64(lost+4) {
				t.Errorf("made up %d frames for %d lost packets", s.Concealed, lost)
			}
		})
	}
}

// TestSilenceComesSoftly: the far end stops in the middle of a tone, and begins again in the middle of one.
func TestSilenceComesSoftly(t *testing.T) {
	for _, name := range []string{"PCMU", "G722", "opus"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, name, 16000)
			heard := b.run(300, 150, func(i int) bool { return i >= 50 && i < 100 })
			clean := 0.5 * 2 * math.Pi * 300 / 16000
			if step, _ := worst(heard[16000/2:]); step > 5*clean {
				t.Errorf("steepest step %.3f (clean %.3f)", step, clean)
			}
			gone := heard[16000*14/10 : 16000*19/10]
			if got := rms(gone); got > 1e-3 {
				t.Errorf("nothing comes, and level %.4f is heard", got)
			}
			if got := tone(heard[len(heard)-8000:], 16000, 300); got < 0.4 {
				t.Errorf("after the silence the tone has amplitude %.3f", got)
			}
		})
	}
}

// TestStallIsMadeGood: packets come late and at once; the wait they caused is worked off without a click.
func TestStallIsMadeGood(t *testing.T) {
	b := newBench(t, "G722", 16000)
	n := 16000 / framesPerSecond
	sound := sine(16000, 327, 0.5, n*400)
	heard := make([]float32, n*400)
	var held []letter
	for i := range 400 {
		stalled := i >= 100 && i < 105
		if stalled || len(held) > 0 {
			held = b.hold(sound[i*n:(i+1)*n], heard[i*n:(i+1)*n], held, !stalled)
			continue
		}
		b.step(sound[i*n:(i+1)*n], heard[i*n:(i+1)*n], false)
	}
	clean := 0.5 * 2 * math.Pi * 327 / 16000
	if step, _ := worst(heard[8000:]); step > 5*clean {
		t.Errorf("steepest step %.3f (clean %.3f)", step, clean)
	}
	for i := 16000 * 22 / 10; i+160 <= len(heard); i += 160 { // the concealment of the stall is over
		if got := rms(heard[i : i+160]); got < 0.3 || got > 0.4 {
			t.Errorf("at %d ms: level %.3f, want 0.35", i/16, got)
		}
	}
	s := b.b.receiver.Load().buffer.Stats()
	if s.Lost+s.Late > 0 || s.Shrunk == 0 {
		t.Errorf("%+v", s)
	}
}

// hold is a step whose packet is kept back, or brings all that were kept back along.
func (b *bench) hold(sound, heard []float32, held []letter, release bool) []letter {
	before := b.b.inbox.tail.Load()
	b.a.Send(sound)
	wait(b.t, "a packet", func() bool { return b.b.inbox.tail.Load() != before })
	held = append(held, *b.b.inbox.peek())
	b.b.inbox.discard()
	b.now.Add(int64(Frame))
	if release {
		r := b.b.receiver.Load()
		for i := range held {
			r.push(&held[i], b.clock().Sub(b.b.epoch))
		}
		held = nil
	}
	b.b.Receive(heard)
	return held
}
