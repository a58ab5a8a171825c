package codec

import "testing"

// A full-scale square wave overshoots in every filter on its way: it must come out on its own side, loud, never wrapped
// to the other.
func TestG722Saturates(t *testing.T) {
	c, _ := Named("G722")
	sound := square(c.SampleRate, c.SampleRate, 50)
	half := c.SampleRate / 100
	got := decodeAll(t, c, encodeAll(t, c, sound))
	const delay, settled = 22, 40 // samples: of the two filters; until the edge's ringing is small
	for i := 4 * half; i < len(got); i++ {
		if (i-delay)%half < settled {
			continue
		}
		if want := sound[i-delay]; want > 0 && got[i] < 16000 || want < 0 && got[i] > -16000 {
			t.Fatalf("sample %d is %d, sent was %d", i, got[i], want)
		}
	}
}
