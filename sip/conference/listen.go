package conference

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// sockets are UDP and TCP on one address.
type sockets struct {
	udp *net.UDPConn
	tcp net.Listener
}

// listenTries bounds the search for a port that is free for both, when the system chooses.
const listenTries = 20

// listen binds both. With port 0 both get the same port of the system's choice.
func listen(address string, maxConns int) (sockets, error) {
	want, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return sockets{}, fmt.Errorf("listen on %q: %w; give host:port", address, err)
	}
	for try := 1; ; try++ {
		udp, err := net.ListenUDP("udp", want)
		if err != nil {
			return sockets{}, fmt.Errorf("listen on %q: %w", address, err)
		}
		tcp, err := net.Listen("tcp", udp.LocalAddr().String())
		if err == nil {
			return sockets{udp, &gate{Listener: tcp, free: make(chan struct{}, maxConns)}}, nil
		}
		err = errors.Join(err, udp.Close())
		if want.Port != 0 || try == listenTries {
			return sockets{}, fmt.Errorf("listen on %q: %w", address, err)
		}
	}
}

// address is where both listen.
func (s sockets) address() netip.AddrPort {
	a := s.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func (s sockets) close() error { return errors.Join(s.udp.Close(), s.tcp.Close()) }

// gate accepts no more connections than there are places, so that strangers who connect and say nothing cannot use the
// process up.
type gate struct {
	net.Listener
	free chan struct{}
}

// Accept hands out the next connection; those for which there is no place are closed at once.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case g.free <- struct{}{}:
			return &guest{Conn: c, leave: sync.OnceFunc(func() { <-g.free })}, nil
		default:
			c.Close()
		}
	}
}

const (
	// firstWord is how long a connection may stay silent before its first bytes.
	firstWord = 30 * time.Second
	// writeTimeout is how long a far end may refuse to read.
	writeTimeout = 5 * time.Second
)

// guest is a connection with a place. Once it has spoken it may stay: the kernel's keep-alive finds the dead ones.
type guest struct {
	net.Conn
	leave  func()
	spoken bool
}

// Read is called by one goroutine, sipgo's reader.
func (g *guest) Read(b []byte) (int, error) {
	if !g.spoken {
		if err := g.SetReadDeadline(time.Now().Add(firstWord)); err != nil {
			return 0, err
		}
	}
	n, err := g.Conn.Read(b)
	if n > 0 && !g.spoken {
		g.spoken = true
		err = errors.Join(err, g.SetReadDeadline(time.Time{}))
	}
	return n, err
}

func (g *guest) Write(b []byte) (int, error) {
	if err := g.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return g.Conn.Write(b)
}

func (g *guest) Close() error {
	g.leave()
	return g.Conn.Close()
}

// localFor is the address of ours that the far end at remote can reach: the one we listen on, or, if that is every
// address, the one the system would send from.
func localFor(listening netip.AddrPort, remote string) netip.AddrPort {
	if !listening.Addr().IsUnspecified() {
		return listening
	}
	conn, err := net.Dial("udp", remote) // sends nothing
	if err != nil {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), listening.Port())
	}
	defer conn.Close()
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
	return netip.AddrPortFrom(local, listening.Port())
}
