package measure

import (
	"math/rand/v2"
	"testing"
)

func TestFindsAPieceAmongOtherSound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	long := Sound{Rate: 8000, Samples: make([]float32, 4000)}
	for i := range long.Samples {
		long.Samples[i] = float32(r.NormFloat64())
	}
	piece := Sound{Rate: 8000, Samples: make([]float32, 500)}
	for i := range piece.Samples {
		piece.Samples[i] = 0.1*long.Samples[1234+i] + 0.03*float32(r.NormFloat64())
	}
	index, likeness := long.Find(piece, 1200, 100)
	if index != 1234 || likeness < 0.9 {
		t.Errorf("found at %d, alike %.2f", index, likeness)
	}
	if _, likeness := long.Find(piece, 2000, 100); likeness > 0.3 {
		t.Errorf("found where it is not: alike %.2f", likeness)
	}
}
