package pcm

import (
	"math"
	"testing"
)

func TestSoftLimitKeepsTheQuietAndBoundsTheLoud(t *testing.T) {
	in := []float32{0, 0.5, -0.75, 0.8, -1, 3, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	got := append([]float32(nil), in...)
	SoftLimit(got)
	for i := range 3 {
		if got[i] != in[i] {
			t.Errorf("%v below the knee became %v", in[i], got[i])
		}
	}
	for i, s := range got {
		if s*in[i] < 0 {
			t.Errorf("%v changed its sign to %v", in[i], s)
		}
		if !(s >= -1 && s <= 1) {
			t.Errorf("%v became %v, outside of full scale", in[i], s)
		}
	}
	if got[8] != 0 {
		t.Errorf("not a number became %v, want silence", got[8])
	}
}

func TestSoftLimitRisesWithoutACorner(t *testing.T) {
	x := make([]float32, 4000)
	for i := range x {
		x[i] = float32(i) / 1000
	}
	SoftLimit(x)
	for i := 2; i < len(x); i++ {
		step, before := x[i]-x[i-1], x[i-1]-x[i-2]
		if step < 0 || before-step > 1e-5 {
			t.Fatalf("at %v the slope falls from %v to %v", float32(i)/1000, before, step)
		}
	}
}

func TestSoftLimitDoesNotAllocate(t *testing.T) {
	mix := make([]float32, 960)
	for i := range mix {
		mix[i] = float32(i)/100 - 4
	}
	if n := testing.AllocsPerRun(100, func() { SoftLimit(mix) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}
