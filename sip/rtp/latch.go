package rtp

import (
	"net/netip"
	"time"
)

// Symmetric RTP (RFC 4961) with the latching of RFC 7362: a far end behind a NAT names an address in its SDP that leads
// nowhere, and its packets show the one that does. Believing any packet would give the call to whoever sends one, so:
//
//   - what comes from the address of the SDP is believed at once, and outranks any other source;
//   - another source is believed after probation: that many packets in sequence, while nobody believed is alive;
//   - the source that is believed is kept for as long as it is alive;
//   - after a re-INVITE that names another address, the source of before is not believed for a while: its last packets
//     are still on their way.
const (
	probation = 2                       // packets in sequence, RFC 3550 A.1 MIN_SEQUENTIAL
	silence   = 2 * time.Second         // a believed source that has sent nothing for so long may be replaced
	exile     = 1500 * time.Millisecond // how long the source of before a re-INVITE is not believed
)

// latch decides whose packets are the call's. Pure: times are handed in.
type latch struct {
	named    netip.AddrPort // by the SDP
	source   netip.AddrPort // believed; invalid = none yet
	heard    time.Duration
	trial    trial
	banned   netip.AddrPort
	bannedTo time.Duration
}

// trial is a run of packets in sequence by one stranger.
type trial struct {
	source netip.AddrPort
	ssrc   uint32
	next   uint16
	count  int
}

// accept tells whether a well-formed packet is the far end's.
func (l *latch) accept(from netip.AddrPort, ssrc uint32, seq uint16, now time.Duration) bool {
	if from == l.source || from == l.named {
		l.source, l.heard, l.trial = from, now, trial{}
		return true
	}
	if l.source.IsValid() && now-l.heard < silence {
		return false
	}
	if from == l.banned && now < l.bannedTo {
		return false
	}
	if !l.trial.pass(from, ssrc, seq) {
		return false
	}
	l.source, l.heard, l.trial = from, now, trial{}
	return true
}

func (t *trial) pass(from netip.AddrPort, ssrc uint32, seq uint16) bool {
	if from == t.source && ssrc == t.ssrc && seq == t.next {
		t.count++
	} else {
		*t = trial{source: from, ssrc: ssrc, count: 1}
	}
	t.next = seq + 1
	return t.count >= probation
}

// rename takes the address of a new SDP. The same address again changes nothing: a session timer's re-INVITE must not
// disturb a call behind a NAT.
func (l *latch) rename(to netip.AddrPort, now time.Duration) {
	if to == l.named {
		return
	}
	if l.source.IsValid() && l.source != to {
		l.banned, l.bannedTo = l.source, now+exile
		l.source = netip.AddrPort{}
	}
	l.named, l.trial = to, trial{}
}

// target is where to send.
func (l *latch) target() netip.AddrPort {
	if l.source.IsValid() {
		return l.source
	}
	return l.named
}
