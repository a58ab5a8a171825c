package media

import (
	"sync/atomic"
	"time"
)

// Stats is how a call's voice fares.
type Stats struct {
	Codec          string  `json:"codec"`
	Sent           int64   `json:"sent"`     // packets
	Received       int64   `json:"received"` // packets
	Lost           int64   `json:"lost"`     // packets of the far end that never came
	LossPercent    float64 `json:"loss_percent"`
	FarLossPercent float64 `json:"far_loss_percent"` // of our packets, as the far end last reported
	JitterMS       float64 `json:"jitter_ms"`
	RoundTripMS    float64 `json:"round_trip_ms"` // 0 = not known yet
	BufferMS       float64 `json:"buffer_ms"`     // how long the jitter buffer means to wait
	Concealed      int64   `json:"concealed"`     // frames of 20 ms made up
	Late           int64   `json:"late"`          // packets that came too late to be heard
	Strangers      int64   `json:"strangers"`     // packets from elsewhere, dropped
	Malformed      int64   `json:"malformed"`
	Dropped        int64   `json:"dropped"` // packets that the tick was too slow to take
}

// gauge carries what the tick knows to whoever asks.
type gauge struct {
	target, concealed, late, broken atomic.Int64
	concealedOf, lateOf             atomic.Int64 // of codecs before the present one
}

func (g *gauge) read(r *receiver) {
	s := r.buffer.Stats()
	g.target.Store(int64(s.Target))
	g.concealed.Store(s.Concealed + s.Stretched)
	g.late.Store(s.Late)
}

// carry begins another codec's count on top of those before.
func (g *gauge) carry() {
	g.concealedOf.Add(g.concealed.Swap(0))
	g.lateOf.Add(g.late.Swap(0))
}

// Stats may be called from any goroutine.
func (l *Leg) Stats() Stats {
	s := l.session.Stats()
	out := Stats{
		Codec: l.sender.Load().codec.Name,
		Sent:  int64(s.Sent), Received: s.Received, Lost: s.Lost,
		FarLossPercent: s.FarLost * 100,
		JitterMS:       milliseconds(s.Jitter), RoundTripMS: milliseconds(s.RoundTrip),
		BufferMS:  milliseconds(time.Duration(l.gauge.target.Load())),
		Concealed: l.gauge.concealed.Load() + l.gauge.concealedOf.Load(),
		Late:      l.gauge.late.Load() + l.gauge.lateOf.Load(),
		Strangers: s.Strangers, Malformed: s.Malformed, Dropped: l.inbox.dropped.Load(),
	}
	if all := s.Received + s.Lost; all > 0 {
		out.LossPercent = 100 * float64(s.Lost) / float64(all)
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
