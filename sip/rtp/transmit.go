package rtp

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// transmitter sends datagrams without waiting and without allocation. A net.UDPConn would wait for room while the
// interface is stalled; here the datagram is lost and counted, which is what a network would do with it.
type transmitter struct {
	socket *Socket
	write  func(fd uintptr) bool // made once: a closure per packet would be an allocation
	to     *destination
	data   []byte
	err    error
}

type destination struct {
	addr netip.AddrPort
	raw  unix.Sockaddr
}

func newTransmitter(s *Socket) *transmitter {
	t := &transmitter{socket: s}
	t.write = func(fd uintptr) bool {
		t.err = unix.Sendto(int(fd), t.data, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, t.to.raw)
		if t.err == unix.ECONNREFUSED { // the report on an earlier datagram; this one has not been sent yet
			t.err = unix.Sendto(int(fd), t.data, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, t.to.raw)
		}
		return true // never wait until it is writable
	}
	return t
}

func (s *Socket) destination(addr netip.AddrPort) *destination {
	if !addr.IsValid() || addr.Port() == 0 || addr.Addr().IsUnspecified() {
		return nil
	}
	ip := addr.Addr().Unmap()
	if ip.Is6() && !s.wide {
		return nil // unreachable from here
	}
	return &destination{addr: addr, raw: socketAddress(ip.As16(), addr.Port(), s.wide)}
}

func (t *transmitter) send(data []byte, to *destination) error {
	t.data, t.to = data, to
	if err := t.socket.mediaRaw.Write(t.write); err != nil {
		return err
	}
	return t.err
}
