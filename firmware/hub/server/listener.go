package server

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of connections. Each costs three of the descriptors that the box has, and its recorder needs some too.
const (
	maxConns     = 4096
	maxConnsEach = 256             // from one address but this machine's own: a studio behind one router
	speakLimit   = 5 * time.Second // for the first byte of a connection
)

// connListener remembers its connections: http.Server forgets those that became WebSockets. It closes those that are too
// many, and those that say nothing.
type connListener struct {
	net.Listener
	refusals *refusals

	mu     sync.Mutex
	open   map[net.Conn]netip.Prefix
	each   map[netip.Prefix]int
	closed bool
}

func newConnListener(l net.Listener, refusals *refusals) *connListener {
	return &connListener{Listener: l, refusals: refusals, open: map[net.Conn]netip.Prefix{}, each: map[netip.Prefix]int{}}
}

func (l *connListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := neighbours(c.RemoteAddr())
		err = l.enter(c, from)
		switch {
		case err == nil:
			idle := time.AfterFunc(speakLimit, func() { _ = c.Close() }) // its reader finds out
			return &listedConn{Conn: c, list: l, idle: idle}, nil
		case errors.Is(err, net.ErrClosed):
			return nil, errors.Join(err, c.Close())
		}
		_ = c.Close() // it was never used
		l.refusals.add("connection", err.Error(), "from", from.Addr().String())
	}
}

// enter counts a connection, or tells why it may not stay.
func (l *connListener) enter(c net.Conn, from netip.Prefix) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return net.ErrClosed
	case len(l.open) >= maxConns:
		return errors.New("there are too many connections")
	case l.each[from] >= maxConnsEach && !from.Addr().IsLoopback():
		return errors.New("there are too many connections from this address")
	}
	l.open[c] = from
	l.each[from]++
	return nil
}

func (l *connListener) leave(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, here := l.open[c]
	if !here {
		return
	}
	delete(l.open, c)
	if l.each[from]--; l.each[from] == 0 {
		delete(l.each, from)
	}
}

// neighbours are the addresses that count as one: with IPv6 a single machine has 2^64 of them.
func neighbours(at net.Addr) netip.Prefix {
	parsed, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return netip.Prefix{}
	}
	addr, bits := parsed.Addr().Unmap().WithZone(""), 64
	if addr.Is4() || addr.IsLoopback() {
		bits = addr.BitLen()
	}
	prefix, _ := addr.Prefix(bits) // never too many bits
	return prefix
}

// closeAll closes the listener and every connection that it gave.
func (l *connListener) closeAll() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for c := range l.open {
		_ = c.Close() // whether it was still open is of no matter
	}
	return l.Close()
}

type listedConn struct {
	net.Conn
	list  *connListener
	idle  *time.Timer // until it says something
	heard atomic.Bool
}

func (c *listedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.heard.Swap(true) {
		c.idle.Stop()
	}
	return n, err
}

func (c *listedConn) Close() error {
	c.idle.Stop()
	c.list.leave(c.Conn)
	return c.Conn.Close()
}
