package engine

import (
	"testing"
	"time"

	"orionbox/audio/pcm"
)

// TestTapHearsTheMicrophoneBeforeTheMute in mono blocks of a period, each with the time of its end.
func TestTapHearsTheMicrophoneBeforeTheMute(t *testing.T) {
	type block struct {
		end   time.Duration
		first float32
		len   int
		muted bool
	}
	var heard []block
	now := time.Second
	in := newInput(Config{Format: pcm.Format{Rate: 48000, Channels: 2}, Period: 10 * time.Millisecond,
		Tap: func(end time.Duration, data []float32, muted bool) {
			heard = append(heard, block{end, data[0], len(data), muted})
		}}, func() time.Duration { return now })
	ticket := in.gate.ticket()
	in.gate.admit(ticket)
	in.muted.Store(true)
	data := make([]float32, 2*1200) // 25 ms, of a card that is slow
	for i := range data {
		data[i] = float32(i/960) / 4
	}
	if !in.deliver(ticket, data, false) {
		t.Fatal("nothing was delivered")
	}
	want := []block{{time.Second - 15*time.Millisecond, 0, 480, true}, {time.Second - 5*time.Millisecond, 0.25, 480, true}, {time.Second, 0.5, 240, true}}
	if len(heard) != len(want) {
		t.Fatalf("heard %v", heard)
	}
	for i, w := range want {
		if heard[i] != w {
			t.Errorf("block %d is %v, want %v", i, heard[i], w)
		}
	}
}
