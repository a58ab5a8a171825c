package rtp

import (
	"errors"
	"net"
	"net/netip"
	"time"

	pionrtp "github.com/pion/rtp"
)

// readPause keeps a socket that only gives errors from taking the whole processor.
const readPause = 20 * time.Millisecond

func (e *Session) readMedia() {
	defer e.wait.Done()
	var packet pionrtp.Packet
	e.read(e.socket.media, func(data []byte, from netip.AddrPort) {
		if isControl(data) { // RTP and RTCP on one port (RFC 5761 s. 4)
			e.receiveControl(data, from, e.cfg.Now())
			return
		}
		e.receive(&packet, data, from, e.cfg.Now())
	})
}

func (e *Session) readControl() {
	defer e.wait.Done()
	e.read(e.socket.control, func(data []byte, from netip.AddrPort) {
		e.receiveControl(data, from, e.cfg.Now())
	})
}

// read hands datagrams on until the session closes. No other error ends it: a refused port, a lost interface and the
// like pass, and the call with them.
func (e *Session) read(conn *net.UDPConn, handle func([]byte, netip.AddrPort)) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			handle(buf[:n], unmapped(from))
		case errors.Is(err, net.ErrClosed):
			return
		default:
			e.failed.Add(1)
			select {
			case <-e.closing:
			case <-time.After(readPause):
			}
		}
	}
}

// isControl tells RTCP from RTP by the byte of the packet type, RFC 5761 s. 4.
func isControl(data []byte) bool { return len(data) > 1 && data[1] >= 192 && data[1] <= 223 }

// receive takes a datagram from the RTP port. It allocates nothing but what a first header with CSRCs or extensions needs.
func (e *Session) receive(packet *pionrtp.Packet, data []byte, from netip.AddrPort, now time.Time) {
	if err := packet.Unmarshal(data); err != nil || packet.Version != 2 {
		e.malformed.Add(1)
		return
	}
	switch e.admit(packet, from, now.Sub(e.start)) {
	case ignored:
		return
	case restarted:
		e.cfg.Log.Debug("rtp stream begins", "from", from, "ssrc", packet.SSRC, "payload_type", packet.PayloadType)
	}
	e.cfg.OnPacket(Packet{
		Sequence:    packet.SequenceNumber,
		Timestamp:   packet.Timestamp,
		SSRC:        packet.SSRC,
		PayloadType: packet.PayloadType,
		Marker:      packet.Marker,
		Arrival:     now,
		Payload:     packet.Payload,
	})
}

// admit tells whether a packet is the far end's, and keeps the book.
func (e *Session) admit(packet *pionrtp.Packet, from netip.AddrPort, now time.Duration) verdict {
	e.mu.Lock()
	defer e.mu.Unlock()
	if from != e.latch.source && !e.wants(packet.PayloadType) || !e.latch.accept(from, packet.SSRC, packet.SequenceNumber, now) {
		e.strangers.Add(1)
		return ignored
	}
	e.aim()
	v := e.source.update(packet.SSRC, packet.SequenceNumber, packet.Timestamp, now)
	if v == ignored {
		e.refused.Add(1)
	}
	return v
}

// drain throws away what waits from before the call: the last packets of the port's call before, or early media that is
// stale by now.
func (s *Socket) drain() {
	buf := make([]byte, maxDatagram)
	for _, conn := range []*net.UDPConn{s.media, s.control} {
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		for range 1000 {
			if _, _, err := conn.ReadFromUDPAddrPort(buf); err != nil {
				break
			}
		}
		_ = conn.SetReadDeadline(time.Time{})
	}
}
