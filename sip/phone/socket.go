package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A line has exactly one socket: what is sent leaves from the port that the Contact names, and the server's own requests
// come in there, through whatever NAT lies between. sipgo is handed this socket instead of opening its own, for three
// more reasons: its reading loop ends at the first error, and an ICMP "port unreachable" is one; it does not tell that a
// TCP connection died; and a request sent before it has begun to listen opens a second socket.

// udpSocket is the UDP socket of a line. It passes ICMP errors on and hides them from the reader.
type udpSocket struct {
	*net.UDPConn
	once    sync.Once
	reading chan struct{}                     // closed when the reader has begun
	refused func(netip.AddrPort, error)       // an earlier packet to this address could not be delivered
	closed  func(error)                       // the reader ended
	drain   func(func(netip.AddrPort, error)) // empties the error queue
}

// listenUDP opens the socket, at the wanted port if that is free (0 means any).
func listenUDP(local netip.Addr, port int, refused func(netip.AddrPort, error), closed func(error)) (*udpSocket, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, uint16(port))))
	if err != nil && port != 0 {
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	}
	if err != nil {
		return nil, fmt.Errorf("open udp socket: %w", err)
	}
	s := &udpSocket{UDPConn: conn, reading: make(chan struct{}), refused: refused, closed: closed}
	s.drain = reportErrors(conn, local.Is6())
	return s, nil
}

// ReadFrom returns packets only: an error that tells of an undelivered packet is passed on, and reading goes on.
func (s *udpSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	s.once.Do(func() { close(s.reading) })
	for tries := 0; ; tries++ {
		n, from, err := s.UDPConn.ReadFrom(b)
		if err == nil {
			return n, from, nil
		}
		if errors.Is(err, net.ErrClosed) || tries > 1000 {
			s.closed(err)
			return n, from, err
		}
		s.drain(s.refused)
	}
}

// WriteTo tries once more after an error that belongs to an earlier packet.
func (s *udpSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := s.UDPConn.WriteTo(b, to)
	if err != nil && isRefused(err) {
		s.drain(s.refused)
		n, err = s.UDPConn.WriteTo(b, to)
	}
	return n, err
}

// tcpSocket is the TCP connection of a line, and the listener that hands it to sipgo once.
type tcpSocket struct {
	net.Conn
	once    sync.Once
	reading chan struct{}
	closed  func(error)

	handed bool
	done   chan struct{}
	end    sync.Once
}

// dialTCP connects. The kernel gives a dead peer up after about 30 s.
func dialTCP(ctx context.Context, local netip.Addr, to netip.AddrPort, closed func(error)) (*tcpSocket, error) {
	d := net.Dialer{
		LocalAddr:       &net.TCPAddr{IP: local.AsSlice(), Zone: local.Zone()},
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return &tcpSocket{Conn: conn, reading: make(chan struct{}), closed: closed, done: make(chan struct{})}, nil
}

func (s *tcpSocket) Read(b []byte) (int, error) {
	s.once.Do(func() { close(s.reading) })
	n, err := s.Conn.Read(b)
	if err != nil {
		s.closed(err)
	}
	return n, err
}

// Write bounds how long a peer that takes nothing may hold us up.
func (s *tcpSocket) Write(b []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return 0, err
	}
	return s.Conn.Write(b)
}

func (s *tcpSocket) Close() error {
	s.end.Do(func() { close(s.done) })
	return s.Conn.Close()
}

// onceListener hands the one connection to sipgo, which takes TCP connections from listeners only.
type onceListener struct{ *tcpSocket }

func (l onceListener) Accept() (net.Conn, error) {
	if !l.handed {
		l.handed = true
		return l.tcpSocket, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l onceListener) Addr() net.Addr { return l.LocalAddr() }
func (l onceListener) Close() error   { return l.tcpSocket.Close() }
