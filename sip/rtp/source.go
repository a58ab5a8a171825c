package rtp

import "time"

// source keeps the book of what is received from one synchronisation source, as RFC 3550 appendices A.1, A.3 and A.8
// lay it down. Pure: times are handed in.
type source struct {
	ssrc      uint32
	clockRate int
	known     bool

	base, cycles uint32 // first sequence number; wraps so far, times 65536
	max          uint16
	bad          uint32 // the sequence number that would confirm a restart, outside the 16 bits when there is none
	received     uint32

	transit   int64 // of the last packet, in clock units
	timed     bool
	jitter    float64 // in clock units
	reportedE uint32  // expected and received at the last report
	reportedR uint32
	past      totals // of the streams before this one

	rival      uint32 // an SSRC that wants to take over, and how many of its packets came in a row
	rivalCount int
}

type totals struct{ received, lost int64 }

const (
	maxDropout  = 3000
	maxMisorder = 100
	noBad       = 1<<16 + 1
)

// verdict of source.update.
type verdict int

const (
	ignored   verdict = iota // not (yet) of the stream
	continued                // of the stream as known
	restarted                // the first packet of a new stream
)

// update takes a packet: its SSRC, sequence number, RTP timestamp and time of arrival. A new SSRC takes over with its second packet
// in a row: the first alone may be a stray, and two that alternate would tear the stream to pieces.
func (s *source) update(ssrc uint32, seq uint16, stamp uint32, now time.Duration) verdict {
	switch {
	case !s.known:
		s.start(ssrc, seq)
		s.time(stamp, now)
		return restarted
	case ssrc != s.ssrc:
		if s.rival != ssrc || s.rivalCount == 0 {
			s.rival, s.rivalCount = ssrc, 1
			return ignored
		}
		s.start(ssrc, seq)
		s.time(stamp, now)
		return restarted
	}
	s.rivalCount = 0
	v := s.sequence(seq)
	if v != ignored {
		s.time(stamp, now)
	}
	return v
}

func (s *source) start(ssrc uint32, seq uint16) {
	*s = source{
		ssrc: ssrc, clockRate: s.clockRate, known: true, base: uint32(seq), max: seq, bad: noBad, received: 1, past: s.totals(),
	}
}

// sequence is update_seq of RFC 3550 A.1.
func (s *source) sequence(seq uint16) verdict {
	delta := seq - s.max
	switch {
	case delta < maxDropout:
		if seq < s.max {
			s.cycles += 1 << 16
		}
		s.max = seq
	case delta <= 1<<16-1-maxMisorder:
		if uint32(seq) != s.bad {
			s.bad = uint32(seq + 1)
			return ignored
		}
		s.start(s.ssrc, seq)
		return restarted
	}
	s.received++
	return continued
}

// time is the jitter estimate of RFC 3550 A.8.
func (s *source) time(stamp uint32, now time.Duration) {
	arrival := int64(now) / 1000 * int64(s.clockRate) / 1e6
	transit := int64(int32(uint32(arrival) - stamp))
	if s.timed {
		d := float64(int32(transit - s.transit))
		if d < 0 {
			d = -d
		}
		if d < float64(2*s.clockRate) { // a pause of the sender's clock is not the network's doing
			s.jitter += (d - s.jitter) / 16
		}
	}
	s.transit, s.timed = transit, true
}

// retime takes another clock rate: transits of before mean nothing in it, the jitter is carried over.
func (s *source) retime(clockRate int) {
	if clockRate == s.clockRate || clockRate <= 0 {
		return
	}
	s.jitter *= float64(clockRate) / float64(s.clockRate)
	s.clockRate, s.timed = clockRate, false
}

// highest is the extended highest sequence number received.
func (s *source) highest() uint32 { return s.cycles + uint32(s.max) }

func (s *source) expected() uint32 { return s.highest() - s.base + 1 }

// lost is the cumulative number lost; duplicates can make it negative, which is reported as it is but counted as none.
func (s *source) lost() int64 {
	if !s.known {
		return 0
	}
	return int64(int32(s.expected() - s.received))
}

// totals counts all streams so far.
func (s *source) totals() totals {
	return totals{s.past.received + int64(s.received), s.past.lost + max(s.lost(), 0)}
}

// fraction is the loss since the last call in 1/256, as in RFC 3550 A.3.
func (s *source) fraction() uint8 {
	expected := s.expected() - s.reportedE
	received := s.received - s.reportedR
	s.reportedE, s.reportedR = s.expected(), s.received
	lost := int32(expected - received)
	if expected == 0 || lost <= 0 {
		return 0
	}
	return uint8(min(int64(lost)*256/int64(expected), 255))
}
