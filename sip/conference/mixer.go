package conference

import (
	"sync/atomic"
	"time"

	"orionbox/sip/media"
)

const (
	// mixRate is the rate of the mix in samples per second: that of the best codec, so no leg loses what it sent.
	mixRate = 48000
	// tickLength is how much sound one tick moves, and how far apart ticks are.
	tickLength = 20 * time.Millisecond
	// tickSamples is the same in mono samples.
	tickSamples = mixRate / 50
)

// voice is what the mixer needs of a leg: 20 ms of mono sound at mixRate each way. Both calls obey the rules of the
// tick: no waiting, no allocation. Send may use the frame only until it returns.
type voice interface {
	Receive(dst []float32)
	Send(frame []float32)
}

// seat is a voice in a room with the place for what it says. Only the room's tick touches said.
type seat struct {
	voice voice
	said  [tickSamples]float32
}

// mix is the state of one room's tick. Seats are replaced as a whole, so that legs come and go without a lock in the
// tick; who left may be ticked once more.
type mix struct {
	seats atomic.Pointer[[]*seat]
	total [tickSamples]float32
	out   [tickSamples]float32
}

// mixOnce moves 20 ms of sound through the room: everybody says it once, the sum is taken once, and each hears the sum
// less what they said themselves ("N-1"), so that the work grows with the number of legs and not with its square. What
// is loud is bent by the limiter of all mixes, pcm.SoftLimit: nothing changes below -2.5 dBFS, nothing wraps above.
//
//	leg 1 -> said 1 -+            +- total - said 1 -> limit -> leg 1
//	leg 2 -> said 2 -+-> total ->-+- total - said 2 -> limit -> leg 2
//	leg 3 -> said 3 -+            +- total - said 3 -> limit -> leg 3
func mixOnce(m *mix) {
	seats := m.seats.Load()
	if seats == nil {
		return
	}
	clear(m.total[:])
	for _, s := range *seats {
		s.voice.Receive(s.said[:])
		for i, v := range s.said {
			m.total[i] += v
		}
	}
	for _, s := range *seats {
		for i, v := range s.said {
			m.out[i] = m.total[i] - v
		}
		media.SoftLimit(m.out[:])
		s.voice.Send(m.out[:])
	}
}
