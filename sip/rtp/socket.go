// Package rtp owns the voice of a call on the wire: the port pair, RTP (RFC 3550) sent on the voice tick and read on a
// goroutine of its own, RTCP reports both ways, and telephone events (RFC 4733).
//
// The rules of the tick hold for Session.Send: it never waits, not even for a socket whose buffer is full. Everything
// that may wait (reading, reports) is on the session's own goroutines.
//
//	tick ---- Send ----> socket ----> far end
//	far end -> socket -> reader: parse, latch, source (A.1, A.3, A.8) -> Config.OnPacket
//	far end -> socket -> control reader: loss, round trip -> Config.OnReport
//	reporter: SR or RR with CNAME each 2.5 to 7.5 s, BYE at the end
package rtp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Socket is a pair of UDP sockets: RTP on an even port, RTCP on the one after it (RFC 3550 s. 11).
type Socket struct {
	media, control *net.UDPConn
	mediaRaw       syscall.RawConn
	wide           bool // an IPv6 socket: IPv4 addresses are written in their mapped form
}

// Listen binds a pair at ip on ports of the system's choice, marked Expedited Forwarding. The unspecified address of
// either family binds every address of that family; the zero Addr binds every IPv4 address.
func Listen(ip netip.Addr) (*Socket, error) {
	if !ip.IsValid() {
		ip = netip.IPv4Unspecified()
	}
	var last error
	for range tries {
		s, err := listenPair(ip.Unmap())
		if err == nil {
			return s, nil
		}
		last = err
		if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, errOdd) {
			break
		}
	}
	return nil, fmt.Errorf("bind media ports at %s: %w", ip, last)
}

// tries is how often the system is asked for a port: it is even half of the time, and mostly the next is free.
const tries = 128

var errOdd = errors.New("the system chose an odd port")

func listenPair(ip netip.Addr) (*Socket, error) {
	media, err := listenUDP(ip, 0)
	if err != nil {
		return nil, err
	}
	even := media.LocalAddr().(*net.UDPAddr).Port
	if even%2 != 0 {
		return nil, errors.Join(errOdd, media.Close())
	}
	control, err := listenUDP(ip, even+1)
	if err != nil {
		return nil, errors.Join(err, media.Close())
	}
	raw, err := media.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, media.Close(), control.Close())
	}
	return &Socket{media: media, control: control, mediaRaw: raw, wide: ip.Is6()}, nil
}

func listenUDP(ip netip.Addr, port int) (*net.UDPConn, error) {
	network := "udp4"
	if ip.Is6() {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port))))
	if err != nil {
		return nil, err
	}
	expedite(conn, ip.Is6())
	return conn, nil
}

// Port is the RTP port; RTCP is on the next.
func (s *Socket) Port() int { return s.media.LocalAddr().(*net.UDPAddr).Port }

// String names the pair in logs.
func (s *Socket) String() string { return fmt.Sprintf("rtp %s", s.media.LocalAddr()) }

// Close gives both ports back; again is no error.
func (s *Socket) Close() error { return errors.Join(ended(s.media.Close()), ended(s.control.Close())) }

func ended(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
