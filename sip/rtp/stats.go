package rtp

import (
	"fmt"
	"time"
)

// Stats is the state of a session's streams.
type Stats struct {
	Sent, SentOctets uint32
	Received, Lost   int64
	Jitter           time.Duration // of what is received (RFC 3550 A.8)
	RoundTrip        time.Duration // 0 = not known
	FarLost          float64       // fraction of what we sent that the far end missed, at its last report
	FarJitter        time.Duration
	Malformed        int64 // datagrams that were no RTP or RTCP
	Strangers        int64 // packets of someone else
	Refused          int64 // packets out of the stream's order
	Errors           int64 // of the sockets
}

// Stats may be called from any goroutine.
func (e *Session) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.source.totals()
	return Stats{
		Sent: e.sent.packets.Load(), SentOctets: e.sent.octets.Load(),
		Received: all.received, Lost: all.lost,
		Jitter:    time.Duration(e.source.jitter * float64(time.Second) / float64(e.clockRate.Load())),
		RoundTrip: e.far.RoundTrip, FarLost: e.far.Lost, FarJitter: e.far.Jitter,
		Malformed: e.malformed.Load(), Strangers: e.strangers.Load(), Refused: e.refused.Load(), Errors: e.failed.Load(),
	}
}

// String is one line for a log.
func (s Stats) String() string {
	return fmt.Sprintf("sent %d, received %d, lost %d, jitter %.1f ms, round trip %.1f ms",
		s.Sent, s.Received, s.Lost, s.Jitter.Seconds()*1000, s.RoundTrip.Seconds()*1000)
}
