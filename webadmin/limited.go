package webadmin

import (
	"net"
	"net/netip"
	"sync"
)

// How many connections there may be at once: a browser opens six for a page.
const (
	mostConns   = 128
	mostConnsOf = 32 // of one address
)

// limited refuses connections beyond a number, so that nobody can take the box's memory or the places of all others.
type limited struct {
	net.Listener
	mu  sync.Mutex
	all int
	of  map[netip.Addr]int
}

func newLimited(l net.Listener) *limited { return &limited{Listener: l, of: map[netip.Addr]int{}} }

// Accept returns the next connection for which there is room; others are closed at once.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := address(conn.RemoteAddr())
		if l.enter(from) {
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		_ = conn.Close() // refused; there is nobody to tell
	}
}

func (l *limited) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= mostConns || l.of[from] >= mostConnsOf {
		return false
	}
	l.all++
	l.of[from]++
	return true
}

func (l *limited) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

// address is that of a peer, without its port; the zero Addr if it has none.
func address(a net.Addr) netip.Addr {
	if ap, err := netip.ParseAddrPort(a.String()); err == nil {
		return person(ap.Addr().Unmap().WithZone(""))
	}
	return netip.Addr{}
}

// counted is a connection that gives its place back.
type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
