package rtp

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

// reportInterval is the minimum interval of RFC 3550 s. 6.2. With two members at the bit rate of voice the 5 % of
// bandwidth never ask for a longer one.
const reportInterval = 5 * time.Second

// interval is the time to the next report (RFC 3550 s. 6.3.1 and A.7): half for the first, spread from 0.5 to 1.5 so
// that reports do not fall into step, compensated for timer reconsideration. chance is uniform in [0, 1).
func interval(first bool, chance float64) time.Duration {
	d := float64(reportInterval)
	if first {
		d /= 2
	}
	const compensation = 2.71828 - 1.5
	return time.Duration(d * (chance + 0.5) / compensation)
}

// senderReport is what must be remembered of the far end's last SR.
type senderReport struct {
	middle uint32 // the middle 32 bits of its NTP time
	at     time.Duration
}

// report sends reports until the session closes, then BYE.
func (e *Session) report() {
	defer e.wait.Done()
	for first := true; ; first = false {
		timer := time.NewTimer(interval(first, rand.Float64()))
		select {
		case <-timer.C:
			e.sendControl(e.compound(e.cfg.Now(), false))
		case <-e.closing:
			timer.Stop()
			e.sendControl(e.compound(e.cfg.Now(), true))
			e.closeErr = e.socket.Close()
			return
		}
	}
}

func (e *Session) sendControl(packets []rtcp.Packet) {
	to := e.controlTarget()
	if !to.IsValid() {
		return
	}
	data, err := rtcp.Marshal(packets)
	if err != nil {
		e.cfg.Log.Warn("marshal rtcp", "error", err)
		return
	}
	_ = e.socket.control.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := e.socket.control.WriteToUDPAddrPort(data, to); err != nil {
		e.failed.Add(1)
	}
}

// controlTarget is where the far end's reports come from, if they come from where its voice does; else the port after
// its RTP.
func (e *Session) controlTarget() netip.AddrPort {
	e.mu.Lock()
	defer e.mu.Unlock()
	target := e.latch.target()
	if e.rtcpFrom.IsValid() && e.rtcpFrom.Addr() == target.Addr() {
		return e.rtcpFrom
	}
	to := e.socket.destination(target)
	if to == nil || target.Port() == 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(target.Addr(), target.Port()+1)
}

// compound is our report: SR if anything was sent since the start, else RR; always the CNAME; BYE at the end.
func (e *Session) compound(now time.Time, bye bool) []rtcp.Packet {
	var packets []rtcp.Packet
	blocks := e.receptionReports(now.Sub(e.start))
	if n := e.sent.packets.Load(); n > 0 {
		packets = append(packets, &rtcp.SenderReport{
			SSRC: e.ssrc, NTPTime: ntp(now), RTPTime: e.timestampAt(now),
			PacketCount: n, OctetCount: e.sent.octets.Load(), Reports: blocks,
		})
	} else {
		packets = append(packets, &rtcp.ReceiverReport{SSRC: e.ssrc, Reports: blocks})
	}
	packets = append(packets, rtcp.NewCNAMESourceDescription(e.ssrc, e.cfg.CNAME))
	if bye {
		packets = append(packets, &rtcp.Goodbye{Sources: []uint32{e.ssrc}})
	}
	return packets
}

func (e *Session) receptionReports(now time.Duration) []rtcp.ReceptionReport {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.source.known {
		return nil
	}
	r := rtcp.ReceptionReport{
		SSRC:               e.source.ssrc,
		FractionLost:       e.source.fraction(),
		TotalLost:          uint32(min(max(e.source.lost(), 0), 1<<23-1)),
		LastSequenceNumber: e.source.highest(),
		Jitter:             uint32(e.source.jitter),
	}
	if e.senderRep.middle != 0 {
		r.LastSenderReport = e.senderRep.middle
		r.Delay = units65536(now - e.senderRep.at)
	}
	return []rtcp.ReceptionReport{r}
}

// timestampAt is the RTP timestamp of a moment of the wall clock.
func (e *Session) timestampAt(now time.Time) uint32 {
	c := e.clock.Load()
	age := now.Sub(e.start).Milliseconds() - int64(uint32(c))
	return uint32(c>>32) + uint32(age*e.clockRate.Load()/1000)
}

// receiveControl takes a datagram from the RTCP port. Reports are believed only from the host of the voice.
func (e *Session) receiveControl(data []byte, from netip.AddrPort, now time.Time) {
	packets, err := rtcp.Unmarshal(data)
	if err != nil {
		e.malformed.Add(1)
		return
	}
	e.mu.Lock()
	if from.Addr() != e.latch.target().Addr() {
		e.mu.Unlock()
		e.strangers.Add(1)
		return
	}
	e.rtcpFrom = from
	var report Report
	var told bool
	for _, p := range packets {
		report, told = e.take(p, now, report, told)
	}
	e.mu.Unlock()
	if told && e.cfg.OnReport != nil {
		e.cfg.OnReport(report)
	}
}

func (e *Session) take(p rtcp.Packet, now time.Time, report Report, told bool) (Report, bool) {
	var blocks []rtcp.ReceptionReport
	switch p := p.(type) {
	case *rtcp.SenderReport:
		if !e.source.known || p.SSRC == e.source.ssrc {
			e.senderRep = senderReport{middle: uint32(p.NTPTime >> 16), at: now.Sub(e.start)}
		}
		blocks = p.Reports
	case *rtcp.ReceiverReport:
		blocks = p.Reports
	}
	for _, b := range blocks {
		if b.SSRC == e.ssrc {
			e.far.Lost = float64(b.FractionLost) / 256
			e.far.Jitter = time.Duration(b.Jitter) * time.Second / time.Duration(e.clockRate.Load())
			if rtt, ok := roundTrip(uint32(ntp(now)>>16), b.LastSenderReport, b.Delay); ok {
				e.far.RoundTrip = rtt
			}
			report, told = e.far, true
		}
	}
	return report, told
}

// roundTrip is A - LSR - DLSR of RFC 3550 s. 6.4.1, each in 1/65536 s. What cannot be is refused: a clock that was set
// between, or a far end that counts wrong.
func roundTrip(now, lastReport, delay uint32) (time.Duration, bool) {
	if lastReport == 0 {
		return 0, false
	}
	d := int32(now - lastReport - delay)
	if d < -66 || d > 60<<16 { // 1 ms of rounding is forgiven
		return 0, false
	}
	return time.Duration(max(d, 0)) * time.Second >> 16, true
}

func units65536(d time.Duration) uint32 { return uint32((int64(d) << 13) / (int64(time.Second) >> 3)) }

// ntp is the 64-bit NTP time: seconds since 1900, and their fraction.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/1e9
}
